package prometheus_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/prometheus"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]string{}
	for target, settings := range map[string][]string{
		"kserve":              {"endpoint.pool", "endpoint.model", "endpoint.custom", "endpoint.resources", "endpoint.autoscaling", "endpoint.rollout", "endpoint.replicas", "endpoint.environments"},
		"spec refuses it":     {"endpoint.fallback", "endpoint.shadow", "endpoint.access", "platform.region", "platform.secret_store", "platform.cluster"},
		"components, argocd":  {"platform.packages", "platform.cloud", "platform.gitops", "platform.mesh", "platform.serving", "platform.autoscaling", "platform.queueing", "platform.observability"},
		"kubernetes, CI, ...": {"platform.ci", "platform.orchestrator", "platform.security", "platform.environments.*.quota", "platform.environments.*.approvals", "platform.environments.*.approvers", "platform.environments.*.freeze", "platform.environments.*.promote_from"},
	} {
		for _, setting := range settings {
			elsewhere[setting] = target
		}
	}
	templatestest.Run(t, prometheus.Target{}, templatestest.Options{Expresses: []spec.Kind{spec.KindEndpoint, spec.KindPlatform}, Elsewhere: elsewhere})
}

// edited is the quickstart with settings of its endpoint and its platform replaced.
func edited(t *testing.T, endpoint, platform map[string]any) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	for _, s := range c.Specs {
		for key, value := range map[any]map[string]any{"endpoint": endpoint, "platform": platform}[s["kind"]] {
			s[key] = numbered(t, value)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// numbered turns Go's numbers into those of a decoded configuration.
func numbered(t *testing.T, value any) any {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func rendered(t *testing.T, p *spec.Project) *tree.Tree {
	t.Helper()
	files, err := templates.Render([]templates.Target{prometheus.Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func text(t *testing.T, files *tree.Tree, path string) string {
	t.Helper()
	f, there := files.Get(path)
	if !there {
		t.Fatalf("%s is not written", path)
	}
	return string(f.Data)
}

type object = map[string]any

func TestTarget_refusesByName(t *testing.T) {
	t.Parallel()
	blind := object{"observability": object{"metrics": []any{}, "dashboards": []any{}, "cost": []any{}}}
	budget := object{"staging": object{"budget": object{"monthly": 10}}}
	for name, c := range map[string]struct {
		endpoint, platform object
		want               string
	}{
		"no failures are counted":   {object{"runtime": "sklearn", "slo": object{"availability": 99}}, nil, `slo.availability: the server of runtime "sklearn" does not count failed requests, so Prometheus cannot know its availability: use mlserver, triton or vllm, or leave it out`},
		"no histogram":              {object{"runtime": "triton", "slo": object{"latency_p95_ms": 5}}, nil, `slo.latency_p95_ms: the server of runtime "triton" exports sums of durations and no histogram`},
		"a schedule that never is":  {object{"monitors": object{"drift": object{"dataset": "transactions", "schedule": "0 0 31 2 *"}}}, nil, `monitors.drift.schedule: "0 0 31 2 *" never comes round`},
		"mail without a server":     {object{"alerts": object{"receivers": []any{"email:a@example.com"}}}, nil, `alerts.receivers[0]: Alertmanager sends mail through an SMTP server, and none is set`},
		"one key for two":           {object{"alerts": object{"receivers": []any{"webhook:A", "webhook:a"}}}, nil, `alerts.receivers[1]: "A" and "a" would both read the key webhook-a of secret alert-receivers`},
		"nothing watches":           {nil, blind, `slo: nothing would watch it: add "prometheus" to the platform's observability.metrics`},
		"nothing watches the money": {object{"slo": nil, "monitors": nil}, object{"observability": blind["observability"], "environments": budget}, `environments["staging"].budget: nothing would watch it`},
		"nobody knows prices":       {nil, object{"observability": object{"cost": []any{}}, "environments": object{"staging": budget["staging"]}}, `environments["staging"].budget: Prometheus knows no prices: add "opencost"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prometheus.Target{}.Render(edited(t, c.endpoint, c.platform))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestTarget_withoutPrometheusWritesNothing(t *testing.T) {
	t.Parallel()
	p := edited(t, object{"slo": nil, "monitors": nil}, object{"observability": object{"metrics": []any{}, "dashboards": []any{}}})
	if files := rendered(t, p); files.Len() != 0 {
		t.Errorf("got %d files", files.Len())
	}
}

func TestTarget_burnRatesFollowTheWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slo  object
		want []string
		not  string
	}{
		"30 days":                    {object{"availability": 99.9, "window": "30d"}, []string{"rate1h{", "rate5m{", "rate3d{", "> 0.0144 and", "> 0.001 and"}, ""},
		"a week":                     {object{"availability": 99.9, "window": "7d"}, []string{"rate14m{", "rate5m{", "rate84m{", "rate1008m{"}, "rate1h{"},
		"a target that rows exclude": {object{"availability": 90, "window": "30d"}, []string{"> 0.6 and", "> 0.3 and", "> 0.1 and"}, `burn: "14.4"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := text(t, rendered(t, edited(t, object{"slo": c.slo}, nil)), "monitoring/fraud-score/rules.yaml")
			for _, want := range c.want {
				if !strings.Contains(rules, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if c.not != "" && strings.Contains(rules, c.not) {
				t.Errorf("%q is there", c.not)
			}
		})
	}
}

func TestTarget_receivers(t *testing.T) {
	t.Parallel()
	p := edited(t,
		object{"alerts": object{"receivers": []any{"slack:#a", "slack:{{ x }}", "email:a@example.com", "pagerduty:ML Ops", "webhook:bot"}}},
		object{"packages": object{"prometheus": object{"values": "alertmanager: {config: {global: {smtp_smarthost: 'mail:25', smtp_from: a@example.com}}}\n"}}})
	got := text(t, rendered(t, p), "monitoring/fraud-score/alertmanagerconfig.yaml")
	for _, want := range []string{
		"create secret generic alert-receivers --from-literal=slack-url=... --from-literal=pagerduty-ml-ops=... --from-literal=webhook-bot=...\n",
		"channel: \"#a\"", "channel: \"{{`{{`}} x }}\"", "to: a@example.com", "key: pagerduty-ml-ops", "key: webhook-bot",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// TestTarget_retrain: drift that starts a pipeline goes to Argo Events' webhook too, with
// or without receivers, and only the drift of that endpoint.
func TestTarget_retrain(t *testing.T) {
	t.Parallel()
	c := templatestest.Full(t)
	c.Object(t, spec.KindEndpoint, "fraud-score")["alerts"] = nil
	c.Object(t, spec.KindPipeline, "train")["triggers"] = object{"drift": object{"endpoint": "fraud-score"}}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files := rendered(t, p)
	got := text(t, files, "monitoring/fraud-score/retrain.yaml")
	for _, want := range []string{
		"url: http://mlops-eventsource-svc.fraud-training.svc:12000/endpoints/fraud-score/drift", "sendResolved: false", "repeatInterval: 24h", "groupInterval: 24h",
		"name: endpoint\n        matchType: \"=\"\n        value: fraud-score", "value: EndpointColumnDrift|EndpointDataDrift",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	rules := text(t, files, "monitoring/fraud-score/rules.yaml")
	for _, name := range argoevents.DriftAlerts {
		if !strings.Contains(rules, "alert: "+name+"\n") {
			t.Errorf("there is no alert %s", name)
		}
	}
	if list := text(t, files, "monitoring/fraud-score/kustomization.yaml"); !strings.Contains(list, "- retrain.yaml\n") {
		t.Errorf("the folder's list lacks it:\n%s", list)
	}
	path := filepath.Join(realtools.WriteFiles(t, map[string]string{"retrain.yaml": got}), "retrain.yaml")
	realtools.KubeValidate(t, path).Accept(t, "retrain.yaml")
}

// Prometheus reads labels and annotations as templates: the user's braces must come
// out as they went in.
func TestTarget_userTextIsNoTemplate(t *testing.T) {
	t.Parallel()
	p := edited(t, object{"alerts": object{"runbook": "https://example.com/{{ $labels.x }}"}}, nil)
	if rules := text(t, rendered(t, p), "monitoring/fraud-score/rules.yaml"); !strings.Contains(rules, "https://example.com/{{`{{`}} $labels.x }}") {
		t.Errorf("the runbook is not quoted:\n%s", rules)
	}
}

// Every alert is tested in both directions, and the object that a cluster reads
// holds the rules that are tested.
func TestTarget_everyAlertIsTested(t *testing.T) {
	t.Parallel()
	p, _ := templatestest.Full(t).Link()
	files := rendered(t, p)
	seen := 0
	for _, folder := range []string{"_platform", "fraud-score", "fraud-custom"} {
		var rules struct {
			Groups []struct {
				Rules []struct{ Alert string }
			}
		}
		var tests struct {
			Tests []struct {
				Alerts []struct {
					Name     string `yaml:"alertname"`
					Expected []any  `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		var inCluster struct{ Spec any }
		var plain any
		for name, v := range map[string][]any{"rules.yaml": {&rules, &plain}, "rules_test.yaml": {&tests}, "prometheusrule.yaml": {&inCluster}} {
			for _, into := range v {
				if err := yaml.Unmarshal([]byte(text(t, files, "monitoring/"+folder+"/"+name)), into); err != nil {
					t.Fatal(err)
				}
			}
		}
		fires, silent := map[string]bool{}, map[string]bool{}
		for _, test := range tests.Tests {
			for _, a := range test.Alerts {
				fires[a.Name] = fires[a.Name] || len(a.Expected) > 0
				silent[a.Name] = silent[a.Name] || len(a.Expected) == 0
			}
		}
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if r.Alert != "" && (!fires[r.Alert] || !silent[r.Alert]) {
					t.Errorf("%s: %s: fires %v, silent %v", folder, r.Alert, fires[r.Alert], silent[r.Alert])
				}
				seen++
			}
		}
		one, _ := yaml.Marshal(plain)
		two, _ := yaml.Marshal(inCluster.Spec)
		if !slices.Equal(one, two) {
			t.Errorf("%s: the object and the tested file differ", folder)
		}
	}
	if seen < 40 {
		t.Errorf("only %d rules were looked at", seen)
	}
}
