// Package dagster writes pipelines for Dagster: a job of ops and its schedule for each
// pipeline, one code location for the repository, the instance's settings and the Helm
// values of the chart. It knows nothing of what the steps or the programs do. API:
// Dagster 1.13; chart dagster of the same version (dagster-io/dagster).
package dagster

import (
	"embed"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Orchestrator is the platform's name for Dagster.
const Orchestrator = "dagster"

//go:embed programs/mlops
var programs embed.FS

// Target writes the pipelines that Dagster runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "dagster" }

// Render writes definitions.py, workspace.yaml, dagster.yaml, pipelines/<pipeline>/job.py,
// the modules that they import, and platform/dagster/values.yaml.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	var names []string
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) != Orchestrator {
			continue
		}
		names = append(names, pl.Name)
		w.Faults = append(w.Faults, faults(pl)...)
		w.Template("pipelines/"+pl.Name+"/job.py", texts(), "job.py.tmpl", w.job(p, pl))
	}
	if len(names) == 0 {
		return nil, nil
	}
	w.Template("definitions.py", texts(), "definitions.py.tmpl", definitions{encode.Header, w.Python(names)})
	w.YAML("workspace.yaml", workspace{[]location{{pythonFile{File: "definitions.py", Location: "definitions.py"}}}})
	w.YAML("dagster.yaml", instance())
	w.Programs(programs)
	w.Template("docs/dagster.md", texts(), "dagster.md.tmpl", guideOf(p, names))
	if components.Deploys(p, Orchestrator) {
		w.YAML("platform/dagster/values.yaml", values(p))
	}
	return w.Files()
}

// Support says how Dagster expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, emulated, refused := taskgraph.AsNative, taskgraph.AsEmulated, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         native("image of the pod that the op starts"),
		"parameters":                    native("typed configuration of the run"),
		"steps.*.inputs":                native("paths on the bucket's volume"),
		"steps.*.outputs":               native("paths on the bucket's volume"),
		"steps.*.metrics":               native("a path on the bucket's volume"),
		"steps.*.needs":                 native("dependencies of type Nothing"),
		"steps.*.resources.cpu":         native("requests of the pod"),
		"steps.*.resources.memory":      native("requests and limits of the pod"),
		"steps.*.resources.accelerator": native("limits, node selector and tolerations of the pod"),
		"steps.*.pool":                  native("node selector and tolerations of the pod"),
		"steps.*.retries":               native("RetryPolicy of the op"),
		"steps.*.timeout":               native("activeDeadlineSeconds of the pod"),
		"steps.*.cache":                 emulated("outputs of an equal step are taken when tasks run locally; in a cluster every step runs"),
		"steps.*.env":                   native("variables of the pod"),
		"steps.*.secret_env":            native("secretKeyRef of the pod"),
		"trains":                        native("ops that gate and register; a rejected model fails the run"),
		"identity":                      native("service account of the pods"),
		"artifacts":                     native("volume of the pods"),
		"tracking":                      native("variables of the pods"),
		"triggers.schedule":             native("a schedule, running from the start"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the run", Elsewhere: true},
		"triggers.data":                 refused("use argo_workflows"),
		"triggers.drift":                refused("use argo_workflows"),
		"triggers.manual":               refused("Dagster cannot keep a person from launching a job"),
		"concurrency.allow":             native("no limit"),
		"concurrency.forbid":            native("tag_concurrency_limits; a schedule skips while a run is under way"),
		"concurrency.replace":           refused("Dagster queues or skips, it does not replace"),
		"timeout":                       native("dagster/max_runtime of the run"),
	}
}

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }
