package prometheus

import (
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
)

// receiversSecret holds what receivers need and no repository may hold. The team
// creates it in the monitoring namespace.
const receiversSecret = "alert-receivers"

// destination is one receiver of an endpoint's alerts.
type destination struct {
	kind, target string
	key          string // in receiversSecret; "" needs none
}

func destinations(e *spec.Endpoint) []destination {
	var out []destination
	for _, text := range e.Alerts.Receivers {
		kind, target, _ := strings.Cut(text, ":")
		d := destination{kind: kind, target: target}
		switch kind {
		case "slack":
			d.key = "slack-url"
		case "pagerduty", "webhook":
			d.key = kind + "-" + spec.K8sName(target)
		}
		out = append(out, d)
	}
	return out
}

// secretComment tells how to create the secret that the object refers to.
func secretComment(p *spec.Project, e *spec.Endpoint) []string {
	command := "kubectl -n " + p.MonitoringNamespace() + " create secret generic " + receiversSecret
	seen := map[string]bool{}
	for _, d := range destinations(e) {
		if d.key != "" && !seen[d.key] {
			seen[d.key] = true
			command += " --from-literal=" + d.key + "=..."
		}
	}
	if len(seen) == 0 {
		return nil
	}
	return []string{"The addresses and keys of the receivers come from a secret that is not in this repository:", command}
}

// alertmanagerConfigOf sends the alerts of an endpoint to its receivers. Without
// the matcher strategy None, which the chart's values set, the operator would add
// a matcher on the namespace of this object and no alert would arrive.
func alertmanagerConfigOf(p *spec.Project, e *spec.Endpoint) alertmanagerConfig {
	r := receiver{Name: e.Name}
	for _, d := range destinations(e) {
		secret := &secretKey{Name: receiversSecret, Key: d.key}
		switch d.kind {
		case "slack":
			r.Slack = append(r.Slack, slackConfig{
				SendResolved: true, APIURL: secret, Channel: literal(d.target),
				Title: `[{{ .Status | toUpper }}] {{ .CommonAnnotations.summary }}`,
				Text:  "{{ range .Alerts }}{{ .Labels.severity }}: {{ .Annotations.description }}\n{{ with .Annotations.runbook_url }}Runbook: {{ . }}\n{{ end }}{{ end }}",
			})
		case "email":
			r.Email = append(r.Email, emailConfig{SendResolved: true, To: literal(d.target)})
		case "pagerduty":
			r.PagerDuty = append(r.PagerDuty, pagerDutyConfig{
				SendResolved: true, RoutingKey: secret, Description: `{{ .CommonAnnotations.summary }}`, Severity: `{{ .CommonLabels.severity }}`, Component: e.Name, Group: literal(d.target),
			})
		case "webhook":
			r.Webhook = append(r.Webhook, webhookConfig{SendResolved: true, URL: secret})
		}
	}
	return alertmanagerConfig{
		APIVersion: "monitoring.coreos.com/v1alpha1", Kind: "AlertmanagerConfig", Metadata: metadataOf(p, e.Name),
		Spec: alertmanagerSpec{
			Route: route{
				Receiver: e.Name, GroupBy: []string{"alertname", "environment"}, GroupWait: "30s", GroupInterval: "5m", Repeat: "12h",
				Matchers: []matcher{{Name: "platform", Type: "=", Value: p.Platform.Name}, {Name: "endpoint", Type: "=", Value: e.Name}},
			},
			Receivers: []receiver{r},
		},
	}
}

// retrainConfigOf sends the drift of an endpoint to the webhook that starts pipelines,
// at most once a day: a run takes its time, and its model waits for approval.
func retrainConfigOf(p *spec.Project, e *spec.Endpoint) alertmanagerConfig {
	name := e.Name + "-retrain"
	return alertmanagerConfig{
		APIVersion: "monitoring.coreos.com/v1alpha1", Kind: "AlertmanagerConfig", Metadata: metadataOf(p, name),
		Spec: alertmanagerSpec{
			Route: route{
				Receiver: name, GroupBy: []string{"endpoint"}, GroupWait: "5m", GroupInterval: "24h", Repeat: "24h",
				Matchers: []matcher{
					{Name: "platform", Type: "=", Value: p.Platform.Name}, {Name: "endpoint", Type: "=", Value: e.Name},
					{Name: "alertname", Type: "=~", Value: strings.Join(argoevents.DriftAlerts, "|")},
				},
			},
			Receivers: []receiver{{Name: name, Webhook: []webhookConfig{{Plain: argoevents.DriftURL(p, e.Name)}}}},
		},
	}
}

// refuseReceivers reports receivers that Alertmanager could not serve.
func refuseReceivers(p *spec.Project, e *spec.Endpoint) spec.Faults {
	if e.Alerts == nil {
		return nil
	}
	var faults spec.Faults
	at := func(i int) spec.Path { return spec.At("alerts", "receivers").Index(i) }
	pkg := p.Platform.Packages["prometheus"]
	first := map[string]string{}
	for i, d := range destinations(e) {
		// A receiver without a server would make Alertmanager refuse its whole configuration.
		if d.kind == "email" && !pkg.Existing && !strings.Contains(pkg.Values, "smtp_smarthost") {
			faults = append(faults, spec.Refuse(e, at(i), "Alertmanager sends mail through an SMTP server, and none is set: set alertmanager.config.global.smtp_smarthost and smtp_from in packages.prometheus.values of the platform"))
		}
		if other, taken := first[d.key]; taken && d.kind != "slack" && d.key != "" && other != d.target {
			faults = append(faults, spec.Refuse(e, at(i), "%s and %s would both read the key %s of secret %s: rename one", strconv.Quote(other), strconv.Quote(d.target), d.key, receiversSecret))
		}
		first[d.key] = d.target
	}
	return faults
}

// The part of monitoring.coreos.com/v1alpha1 this package writes, in output order.
type (
	alertmanagerConfig struct {
		APIVersion string           `yaml:"apiVersion"`
		Kind       string           `yaml:"kind"`
		Metadata   metadata         `yaml:"metadata"`
		Spec       alertmanagerSpec `yaml:"spec"`
	}
	alertmanagerSpec struct {
		Route     route      `yaml:"route"`
		Receivers []receiver `yaml:"receivers"`
	}
	route struct {
		Receiver      string    `yaml:"receiver"`
		GroupBy       []string  `yaml:"groupBy"`
		GroupWait     string    `yaml:"groupWait"`
		GroupInterval string    `yaml:"groupInterval"`
		Repeat        string    `yaml:"repeatInterval"`
		Matchers      []matcher `yaml:"matchers"`
	}
	matcher struct {
		Name  string `yaml:"name"`
		Type  string `yaml:"matchType"`
		Value string `yaml:"value"`
	}
	receiver struct {
		Name      string            `yaml:"name"`
		Slack     []slackConfig     `yaml:"slackConfigs,omitempty"`
		Email     []emailConfig     `yaml:"emailConfigs,omitempty"`
		PagerDuty []pagerDutyConfig `yaml:"pagerdutyConfigs,omitempty"`
		Webhook   []webhookConfig   `yaml:"webhookConfigs,omitempty"`
	}
	slackConfig struct {
		SendResolved bool       `yaml:"sendResolved"`
		APIURL       *secretKey `yaml:"apiURL"`
		Channel      string     `yaml:"channel"`
		Title        string     `yaml:"title"`
		Text         string     `yaml:"text"`
	}
	emailConfig struct {
		SendResolved bool   `yaml:"sendResolved"`
		To           string `yaml:"to"`
	}
	pagerDutyConfig struct {
		SendResolved bool       `yaml:"sendResolved"`
		RoutingKey   *secretKey `yaml:"routingKey"`
		Description  string     `yaml:"description"`
		Severity     string     `yaml:"severity"`
		Component    string     `yaml:"component"`
		Group        string     `yaml:"group"`
	}
	webhookConfig struct {
		SendResolved bool       `yaml:"sendResolved"`
		URL          *secretKey `yaml:"urlSecret,omitempty"`
		Plain        string     `yaml:"url,omitempty"`
	}
	secretKey struct {
		Name string `yaml:"name"`
		Key  string `yaml:"key"`
	}
)
