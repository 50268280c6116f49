package kubeflow

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// TestSupport: every setting is declared; what is refused gives a fault, and what is not
// changes what is written.
func TestSupport(t *testing.T) {
	support := Target{}.Support()
	declared, want := slices.Sorted(maps.Keys(support)), slices.Sorted(slices.Values(taskgraph.Settings))
	if !slices.Equal(declared, want) {
		t.Fatalf("declared are %v, want %v", declared, want)
	}
	step := func(pl object) object { return pl["steps"].(object)["train"].(object) }
	resources := func(key string, value any) func(pl object) {
		return func(pl object) { step(pl)["resources"] = object{key: value} }
	}
	set := func(key string, value any) func(pl object) { return func(pl object) { pl[key] = value } }
	inStep := func(key string, value any) func(pl object) { return func(pl object) { step(pl)[key] = value } }
	before := render(t, project(t, nil))
	for setting, change := range map[string]func(pl object){
		"image": set("image", "a/b:2"), "parameters": func(pl object) { pl["parameters"].(object)["x"] = object{"type": "string", "default": "y"} },
		"steps.*.inputs": func(pl object) { step(pl)["inputs"].(object)["more"] = "dataset.transactions" }, "steps.*.outputs": inStep("outputs", []any{"model", "other"}),
		"steps.*.metrics": func(pl object) {
			pl["trains"] = nil
			step(pl)["args"] = []any{"$(inputs.features)", "$(outputs.model)"}
		},
		"steps.*.needs": func(pl object) {
			pl["steps"].(object)["last"] = object{"command": []any{"true"}, "needs": []any{"train"}}
		},
		"steps.*.resources.cpu": resources("cpu", "2"), "steps.*.resources.memory": resources("memory", "2Gi"),
		"steps.*.resources.accelerator": resources("accelerator", object{"type": "nvidia-l4", "count": json.Number("1")}),
		"steps.*.pool":                  inStep("pool", "train-l4"), "steps.*.retries": inStep("retries", json.Number("2")), "steps.*.timeout": inStep("timeout", "1h"), "steps.*.cache": inStep("cache", false),
		"steps.*.env": inStep("env", object{"A": "b"}), "steps.*.secret_env": inStep("secret_env", object{"KEY": object{"secret": "tracker", "key": "k"}}),
		"trains": set("trains", nil), "identity": set("identity", "trainer"), "tracking": func(pl object) { pl["trains"] = nil; pl["tracking"] = "main" },
		"triggers.schedule": set("triggers", object{"schedule": object{"cron": "0 4 * * *", "timezone": "UTC"}}), "triggers.manual": set("triggers", object{"manual": false}),
		"concurrency.allow": set("concurrency", "allow"), "concurrency.replace": set("concurrency", "replace"), "timeout": set("timeout", "6h"),
	} {
		files, err := Target{}.Render(project(t, change))
		if (err != nil) != (support[setting].Level == taskgraph.Refused) {
			t.Errorf("%s is declared %s, and the error is %v", setting, support[setting].Level, err)
			continue
		}
		changed := err != nil
		for _, f := range files {
			changed = changed || before[f.Path] != string(f.Data)
		}
		if !changed {
			t.Errorf("%s changes nothing", setting)
		}
	}
}
