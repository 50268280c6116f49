package vertex

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestTarget_refusals(t *testing.T) {
	step := func(pl object) object { return pl["steps"].(object)["train"].(object) }
	for want, change := range map[string]func(pl object){
		`triggers.manual: Vertex AI Pipelines cannot keep`:                     func(pl object) { pl["triggers"] = object{"manual": false} },
		`concurrency: Vertex AI Pipelines starts a run`:                        func(pl object) { pl["concurrency"] = "replace" },
		`timeout: Vertex AI Pipelines has no limit`:                            func(pl object) { pl["timeout"] = "6h" },
		`steps["train"].timeout: Vertex AI Pipelines has`:                      func(pl object) { step(pl)["timeout"] = "1h" },
		`steps["train"].pool: Vertex AI Pipelines runs on machines of its own`: func(pl object) { step(pl)["pool"] = "train-l4" },
		`steps["train"].secret_env["KEY"]: Vertex AI Pipelines has no reference`: func(pl object) {
			step(pl)["secret_env"] = object{"KEY": object{"secret": "tracker", "key": "k"}}
		},
		`steps["train"].resources.accelerator.type: Vertex AI Pipelines has no nvidia-l40s`: func(pl object) {
			step(pl)["resources"] = object{"accelerator": object{"type": "nvidia-l40s", "count": json.Number("1")}}
		},
		`parameters["mlops_files"]: "mlops_files" is a parameter of the emitted`: func(pl object) {
			pl["parameters"].(object)["mlops_files"] = object{"type": "string", "default": ""}
		},
		`steps["train"]: Vertex AI Pipelines would read {{$ in word`: func(pl object) { step(pl)["args"] = []any{"$(outputs.model)", "$(metrics)", "{{$.pipeline_root}}"} },
	} {
		_, err := Target{}.Render(project(t, change))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// TestTarget_credentials: a registry's credentials cannot be handed over, and a pipeline
// without a bucket has no place.
func TestTarget_credentials(t *testing.T) {
	p := project(t, nil)
	p.Registries[0].Credentials = &spec.Credentials{Secret: "tracker", Keys: map[string]string{"MLFLOW_TRACKING_TOKEN": "t"}}
	p.Buckets, p.Pipelines[0].Artifacts = nil, ""
	_, err := Target{}.Render(p)
	for _, want := range []string{`tracking: Vertex AI Pipelines has no reference to a secret, and registry "main"`, `artifacts: Vertex AI Pipelines keeps programs`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// TestLabels: what Google Cloud does not allow in a label is written otherwise.
func TestLabels(t *testing.T) {
	p := project(t, nil)
	p.Tags, p.Platform.Owner = map[string]string{"Cost.Center": strings.Repeat("É1", 40)}, "Fraud ML"
	got := labels(p, p.Pipelines[0])
	if got["owner"] != "fraud_ml" || got["tag-cost_center"] != strings.Repeat("_1", 31)+"_" {
		t.Errorf("labels are %v", got)
	}
}
