package argoworkflows

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// object is what users write, as a case holds it.
type object = map[string]any

// changed is the full case with its pipeline and the other specs changed.
func changed(t *testing.T, change func(pipeline object, c *templatestest.Case)) (*tree.Tree, error) {
	t.Helper()
	c := templatestest.Full(t)
	for _, s := range c.Specs {
		if s["kind"] == "pipeline" {
			change(s, c)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatalf("the case is not valid: %v", err)
	}
	return templates.Render([]templates.Target{Target{}}, p)
}

func at(o object, keys ...string) object {
	for _, key := range keys {
		o = o[key].(object)
	}
	return o
}

func TestTarget_refusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(pipeline object, c *templatestest.Case)
		want   []string
	}{
		"manual": {
			func(pl object, _ *templatestest.Case) { at(pl, "triggers")["manual"] = false },
			[]string{"triggers.manual: Argo Workflows cannot keep a person from starting"},
		},
		"replace without a schedule": {
			func(pl object, _ *templatestest.Case) {
				pl["concurrency"] = "replace"
				delete(at(pl, "triggers"), "schedule")
			},
			[]string{"concurrency: Argo Workflows replaces only runs of a schedule"},
		},
		"a schedule and a parameter without default": {
			func(pl object, _ *templatestest.Case) { delete(at(pl, "parameters", "tag"), "default") },
			[]string{`parameters["tag"].default: must be set: the schedule starts runs`},
		},
		"an event and a parameter without default": {
			func(pl object, c *templatestest.Case) {
				listening(pl, c)
				delete(at(pl, "triggers"), "schedule")
				delete(at(pl, "parameters", "tag"), "default")
			},
			[]string{`parameters["tag"].default: must be set: events start runs`},
		},
		"drift without Prometheus": {
			func(pl object, c *templatestest.Case) {
				listening(pl, c)
				at(c.Specs[0], "observability")["metrics"] = []any{}
			},
			[]string{"triggers.drift: Argo Events hears of drift from Alertmanager"},
		},
		"a template in a default": {
			func(pl object, _ *templatestest.Case) { at(pl, "parameters", "tag")["default"] = "{{workflow.name}}" },
			[]string{`parameters["tag"].default: Argo Workflows would read {{`},
		},
		"a template in a tag": {
			func(_ object, c *templatestest.Case) { c.Tags["cost_center"] = "{{pod.name}}" },
			[]string{`platform "fraud": tags["cost_center"]: Argo Workflows would read {{`},
		},
		"a name of ours": {
			func(pl object, _ *templatestest.Case) {
				at(pl, "steps")["mlops_workspace"] = object{"command": []any{"true"}}
			},
			[]string{`steps["mlops_workspace"]: the step would be called "mlops-workspace"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := changed(t, test.change)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error is %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestTarget_settings(t *testing.T) {
	const template, cron = "pipelines/train/workflowtemplate.yaml", "pipelines/train/cronworkflow.yaml"
	for name, test := range map[string]struct {
		change  func(pipeline object, c *templatestest.Case)
		file    string
		want    string
		without string
	}{
		"allow": {
			change: func(pl object, _ *templatestest.Case) { pl["concurrency"] = "allow" },
			file:   template, without: "mutexes:",
		},
		"allow, scheduled": {
			change: func(pl object, _ *templatestest.Case) { pl["concurrency"] = "allow" },
			file:   cron, want: "concurrencyPolicy: Allow",
		},
		"replace": {
			change: func(pl object, _ *templatestest.Case) { pl["concurrency"] = "replace" },
			file:   cron, want: "concurrencyPolicy: Replace",
		},
		"a required parameter": {
			change: func(pl object, _ *templatestest.Case) {
				delete(at(pl, "triggers"), "schedule")
				delete(at(pl, "parameters", "learning_rate"), "default")
			},
			file: template, want: "      - name: learning_rate\n        description: number\n      - name",
		},
		"an empty default": {
			change: func(pl object, _ *templatestest.Case) { at(pl, "parameters", "tag")["default"] = "" },
			file:   template, want: "      - name: tag\n        description: string\n        value: \"\"\n",
		},
		"a lifecycle rule shortens the cache": {
			change: func(_ object, c *templatestest.Case) {
				for _, s := range c.Specs {
					if s["kind"] == "bucket" {
						s["lifecycle"] = []any{object{"prefix": "ru", "expire_after_days": json.Number("3")}, object{"prefix": "tmp/", "expire_after_days": json.Number("1")}}
					}
				}
			},
			file: template, want: "maxAge: 36h", without: "720h",
		},
		"a variable of ours that a step sets itself": {
			change: func(pl object, _ *templatestest.Case) { at(pl, "steps", "train", "env")["HOME"] = "/home/team" },
			file:   template, want: "          - name: HOME\n            value: /home/team\n          - name: MLFLOW_EXPERIMENT_NAME",
		},
		"an uppercase name": {
			change: func(pl object, _ *templatestest.Case) { at(pl, "steps")["Big_Step"] = object{"command": []any{"true"}} },
			file:   template, want: "/{{workflow.name}}/Big_Step\n", without: "name: Big",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := changed(t, test.change)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range files.Files() {
				if f.Path == test.file {
					got = string(f.Data)
				}
			}
			if got == "" || !strings.Contains(got, test.want) {
				t.Errorf("lacks %q:\n%s", test.want, got)
			}
			if test.without != "" && strings.Contains(got, test.without) {
				t.Errorf("has %q:\n%s", test.without, got)
			}
		})
	}
}

func TestTarget_other(t *testing.T) {
	t.Run("existing", func(t *testing.T) {
		files, err := changed(t, func(_ object, c *templatestest.Case) {
			at(c.Specs[0], "packages")["argo_workflows"] = object{"existing": true}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files.Files() {
			if strings.HasPrefix(f.Path, "platform/") {
				t.Errorf("%s is written for a component that exists", f.Path)
			}
		}
	})
	t.Run("no bucket", func(t *testing.T) {
		p, _ := spec.Link(spec.Repository{}, nil, []spec.Spec{
			decode(t, spec.KindPlatform, object{"name": "x", "owner": "o", "environments": object{"staging": object{}}}),
			decode(t, spec.KindPipeline, object{"name": "p", "image": "a/b:1", "steps": object{"s": object{"command": []any{"true"}}}}),
		})
		files, err := templates.Render([]templates.Target{Target{}}, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files.Files() {
			if strings.Contains(string(f.Data), "volumes:") || strings.Contains(string(f.Data), workspace) {
				t.Errorf("%s has a volume or a workspace without a bucket:\n%s", f.Path, f.Data)
			}
		}
	})
}

func decode(t *testing.T, kind spec.Kind, attrs object) spec.Spec {
	t.Helper()
	d := spec.Decode(kind, attrs)
	if err := d.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	return d.Spec
}
