package all_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// declarer is a target that says how it expresses the settings of pipelines.
type declarer interface {
	templates.Target
	Support() map[string]taskgraph.Support
}

// orchestrators maps the names of the language to their targets.
func orchestrators(t *testing.T) map[string]declarer {
	t.Helper()
	folders := map[string]string{
		"argo_workflows": "argoworkflows", "kubeflow_pipelines": "kubeflow", "airflow": "airflow", "prefect": "prefect", "dagster": "dagster",
		"sagemaker_pipelines": "sagemaker", "azureml_pipelines": "azureml", "vertex_pipelines": "vertex",
	}
	out := map[string]declarer{}
	for _, name := range spec.Supported("orchestrator") {
		for _, target := range all.Targets() {
			if d, declares := target.(declarer); declares && target.Name() == folders[name] {
				out[name] = d
			}
		}
		if out[name] == nil {
			t.Errorf("orchestrator %s has no target that declares what it supports", name)
		}
	}
	return out
}

type pipelineObject = map[string]any

// settings change one setting of the case's pipeline each; the first entry of a pair is
// what it is changed from.
var settings = map[string][2]func(pl pipelineObject){
	"image": {nil, func(pl pipelineObject) {
		pl["image"] = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/other@sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
	}},
	"parameters":                    {nil, func(pl pipelineObject) { in(pl, "parameters", "rounds")["default"] = "201" }},
	"steps.*.inputs":                {nil, func(pl pipelineObject) { in(pl, "steps", "train", "inputs")["features"] = "prepare.other" }},
	"steps.*.outputs":               {nil, func(pl pipelineObject) { in(pl, "steps", "prepare")["outputs"] = []any{"features", "more", "other"} }},
	"steps.*.metrics":               {nil, func(pl pipelineObject) { in(pl, "steps", "prepare")["args"] = []any{"$(metrics)"} }},
	"steps.*.needs":                 {nil, func(pl pipelineObject) { in(pl, "steps", "last")["needs"] = []any{"prepare"} }},
	"steps.*.resources.cpu":         {resources("cpu", "1"), resources("cpu", "4")},
	"steps.*.resources.memory":      {resources("memory", "4Gi"), resources("memory", "30Gi")},
	"steps.*.resources.accelerator": {nil, resources("accelerator", map[string]any{"type": "nvidia-t4", "count": "1"})},
	"steps.*.pool":                  {resources("accelerator", map[string]any{"type": "nvidia-t4", "count": "1"}), step("pool", "t4")},
	"steps.*.retries":               {nil, step("retries", "2")},
	"steps.*.timeout":               {nil, step("timeout", "2h")},
	"steps.*.cache":                 {nil, step("cache", false)},
	"steps.*.env":                   {nil, step("env", map[string]any{"A": "b"})},
	"steps.*.secret_env":            {nil, step("secret_env", map[string]any{"API_KEY": map[string]any{"secret": "tracker", "key": "api_key"}})},
	"trains":                        {nil, func(pl pipelineObject) { pl["trains"] = nil }},
	"identity":                      {nil, func(pl pipelineObject) { pl["identity"] = "trainer" }},
	"artifacts":                     {nil, func(pl pipelineObject) { pl["artifacts"] = "second" }},
	"tracking":                      {nil, func(pl pipelineObject) { pl["tracking"] = "other" }},
	"triggers.schedule":             {nil, func(pl pipelineObject) { in(pl, "triggers")["schedule"] = map[string]any{"cron": "0 4 * * *"} }},
	"triggers.push":                 {nil, func(pl pipelineObject) { in(pl, "triggers")["push"] = map[string]any{"branches": []any{"next"}} }},
	"triggers.data":                 {nil, func(pl pipelineObject) { in(pl, "triggers")["data"] = map[string]any{"dataset": "transactions"} }},
	"triggers.drift":                {nil, func(pl pipelineObject) { in(pl, "triggers")["drift"] = map[string]any{"endpoint": "fraud-score"} }},
	"triggers.manual":               {func(pl pipelineObject) { in(pl, "triggers")["schedule"] = map[string]any{"cron": "0 4 * * *"} }, func(pl pipelineObject) { in(pl, "triggers")["manual"] = false }},
	"concurrency.allow":             {concurrency("forbid"), concurrency("allow")},
	"concurrency.forbid":            {concurrency("allow"), concurrency("forbid")},
	"concurrency.replace": {func(pl pipelineObject) {
		concurrency("allow")(pl)
		in(pl, "triggers")["schedule"] = map[string]any{"cron": "0 4 * * *"}
	}, concurrency("replace")},
	"timeout": {nil, func(pl pipelineObject) { pl["timeout"] = "6h" }},
}

func in(v map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		if v[key] == nil {
			v[key] = map[string]any{}
		}
		v = v[key].(map[string]any)
	}
	return v
}

func step(key string, value any) func(pipelineObject) {
	return func(pl pipelineObject) { in(pl, "steps", "train")[key] = value }
}

func resources(key string, value any) func(pipelineObject) {
	return func(pl pipelineObject) { in(pl, "steps", "train", "resources")[key] = value }
}

func concurrency(value string) func(pipelineObject) {
	return func(pl pipelineObject) { pl["concurrency"] = value }
}

// home is the cloud of an orchestrator that is one's own service.
var home = map[string]string{"sagemaker_pipelines": "aws", "azureml_pipelines": "azure", "vertex_pipelines": "google"}

// supportCase is a small platform on an orchestrator.
func supportCase(t *testing.T, orchestrator string, changes ...func(pipelineObject)) (*spec.Project, spec.Faults) {
	t.Helper()
	c := templatestest.Quickstart(t)
	platform := c.Specs[0]
	platform["orchestrator"] = orchestrator
	if cloud := home[orchestrator]; cloud != "" {
		platform["cloud"], platform["region"] = cloud, map[string]string{"aws": "eu-west-1", "azure": "westeurope", "google": "europe-west1"}[cloud]
		c.Specs = slices.DeleteFunc(c.Specs, func(s map[string]any) bool { return s["kind"] == "endpoint" })
	}
	c.Specs = append(c.Specs,
		map[string]any{"kind": "bucket", "platform": "fraud", "name": "second"},
		map[string]any{"kind": "model_registry", "name": "other", "mlflow": map[string]any{"tracking_uri": "https://mlflow.example.com"}},
		map[string]any{"kind": "gpu_pool", "platform": "fraud", "name": "t4", "accelerator": map[string]any{"type": "nvidia-t4"}, "nodes": map[string]any{"max": "2"}},
		map[string]any{"kind": "secret", "platform": "fraud", "name": "tracker", "existing": "tracker"},
		map[string]any{"kind": "identity", "platform": "fraud", "name": "trainer", "subject": map[string]any{"kubernetes": map[string]any{"namespace": "fraud-training", "service_account": "trainer"}}},
	)
	for _, s := range c.Specs {
		if s["kind"] != "pipeline" {
			continue
		}
		s["triggers"] = map[string]any{}
		in(s, "parameters")["rounds"] = map[string]any{"type": "integer", "default": "200"}
		in(s, "steps", "prepare")["outputs"] = []any{"features", "other"}
		in(s, "steps")["last"] = map[string]any{"command": []any{"python", "-m", "fraud.report"}}
		for _, change := range changes {
			if change != nil {
				change(s)
			}
		}
	}
	return c.Link()
}

// outcome is what targets write, or what they refuse.
func outcome(t *testing.T, targets []templates.Target, orchestrator string, changes ...func(pipelineObject)) (string, spec.Faults) {
	t.Helper()
	p, faults := supportCase(t, orchestrator, changes...)
	if faults.Err() != nil {
		return "", faults
	}
	files, err := templates.Render(targets, p)
	var refused spec.Faults
	if errors.As(err, &refused) {
		return "", refused
	}
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files.Files() {
		b.WriteString(f.Path + " " + f.Sum() + "\n")
	}
	return b.String(), nil
}

// TestSupport holds every declaration against what the target does: a setting that is
// refused gives a fault that names it, every other one changes what is written.
func TestSupport(t *testing.T) {
	t.Parallel()
	if got, want := slices.Sorted(maps.Keys(settings)), slices.Sorted(slices.Values(taskgraph.Settings)); !slices.Equal(got, want) {
		t.Fatalf("settings are %v, want %v", got, want)
	}
	for orchestrator, target := range orchestrators(t) {
		declared := target.Support()
		for _, setting := range taskgraph.Settings {
			said, there := declared[setting]
			if !there || said.How == "" {
				t.Errorf("%s says nothing of %s", orchestrator, setting)
				continue
			}
			targets := []templates.Target{target}
			if said.Elsewhere || said.Level == taskgraph.Emulated {
				targets = all.Targets()
			}
			before, faults := outcome(t, targets, orchestrator, settings[setting][0])
			if faults.Err() != nil {
				t.Errorf("%s: the case without %s is refused: %v", orchestrator, setting, faults)
				continue
			}
			after, faults := outcome(t, targets, orchestrator, settings[setting][0], settings[setting][1])
			switch refused := faults.Err() != nil; {
			case refused != (said.Level == taskgraph.Refused):
				t.Errorf("%s declares %s %s, but the outcome is %v", orchestrator, setting, said.Level, faults)
			case !refused && before == after:
				t.Errorf("%s declares %s %s, but it changes nothing", orchestrator, setting, said.Level)
			}
		}
		if extra := len(declared) - len(taskgraph.Settings); extra > 0 {
			t.Errorf("%s declares %d settings that nobody knows", orchestrator, extra)
		}
	}
}

var update = flag.Lookup("update") // of templatestest

// TestSupportTable compares docs/support.md with the declarations; -update writes it.
func TestSupportTable(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/support.md"
	text := supportTable(t)
	if update.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("docs/support.md is not what the targets declare: go test ./internal/templates/all -run TestSupportTable -update (%v)", err)
	}
}

func supportTable(t *testing.T) string {
	t.Helper()
	targets := orchestrators(t)
	names := spec.Supported("orchestrator")
	var b strings.Builder
	b.WriteString("# What each orchestrator expresses\n\nGenerated from the targets' own declarations, which a test holds against what they write. **native**: the system does it. **emulated**: what is emitted does it. **refused**: a plan ends with an error that names the setting.\n\n")
	b.WriteString("| setting of `mlops_pipeline` | " + strings.Join(names, " | ") + " |\n|" + strings.Repeat(" --- |", len(names)+1) + "\n")
	for _, setting := range taskgraph.Settings {
		row := []string{"`" + setting + "`"}
		for _, name := range names {
			row = append(row, string(targets[name].Support()[setting].Level))
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	for _, name := range names {
		fmt.Fprintf(&b, "\n## %s\n\n", name)
		for _, setting := range taskgraph.Settings {
			s := targets[name].Support()[setting]
			fmt.Fprintf(&b, "- `%s`: %s: %s\n", setting, s.Level, s.How)
		}
	}
	return b.String()
}
