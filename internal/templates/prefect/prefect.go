// Package prefect writes pipelines for Prefect: a flow and its deployment for each
// pipeline, the programs that register and start them, the work pool's job template and
// the Helm values of server and worker. It knows nothing of what the steps or the
// programs do. API: Prefect 3.8 with prefect-kubernetes 0.8; charts prefect-server and
// prefect-worker 2026.8.18172642 (PrefectHQ/prefect-helm).
package prefect

import (
	"embed"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Orchestrator is the platform's name for Prefect.
const Orchestrator = "prefect"

//go:embed programs/mlops
var programs embed.FS

// Target writes the pipelines that Prefect runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "prefect" }

// Render writes prefect.yaml, pipelines/<pipeline>/flow.py, the modules that they need,
// and platform/prefect/values.yaml or, for a Prefect that exists already,
// platform/prefect/base-job-template.json.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	var pipelines []*spec.Pipeline
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) == Orchestrator {
			pipelines = append(pipelines, pl)
		}
	}
	if len(pipelines) == 0 {
		return nil, nil
	}
	w.Faults = append(w.Faults, braces(p)...)
	for _, pl := range pipelines {
		w.Faults = append(w.Faults, faults(pl)...)
		w.Template("pipelines/"+pl.Name+"/flow.py", texts(), "flow.py.tmpl", w.flow(p, pl))
	}
	w.YAML("prefect.yaml", w.deployments(p, pipelines))
	w.Programs(programs)
	existing := !components.Deploys(p, Orchestrator)
	if existing {
		data, err := encode.JSON(jobTemplate())
		w.Add("platform/prefect/base-job-template.json", data, err)
	} else {
		w.YAML("platform/prefect/values.yaml", w.values(p))
	}
	w.Template("docs/prefect.md", texts(), "prefect.md.tmpl", guideOf(p, pipelines, existing))
	return w.Files()
}

// Support says how Prefect expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, emulated, refused := taskgraph.AsNative, taskgraph.AsEmulated, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         emulated("a Prefect task has no image: it starts a pod that has it"),
		"parameters":                    native("typed arguments of the flow, checked by the deployment's schema"),
		"steps.*.inputs":                native("paths on the bucket's volume"),
		"steps.*.outputs":               native("paths on the bucket's volume"),
		"steps.*.metrics":               native("a path on the bucket's volume"),
		"steps.*.needs":                 native("wait_for of the task"),
		"steps.*.resources.cpu":         native("requests of the pod"),
		"steps.*.resources.memory":      native("requests and limits of the pod"),
		"steps.*.resources.accelerator": native("limits, node selector and tolerations of the pod"),
		"steps.*.pool":                  native("node selector and tolerations of the pod"),
		"steps.*.retries":               native("retries of the task, with growing delays"),
		"steps.*.timeout":               native("activeDeadlineSeconds of the pod"),
		"steps.*.cache":                 emulated("outputs of an equal step are taken when tasks run locally; in a cluster every step runs"),
		"steps.*.env":                   native("variables of the pod"),
		"steps.*.secret_env":            native("secretKeyRef of the pod"),
		"trains":                        native("tasks that gate and register; a rejected model fails the run"),
		"identity":                      native("service account of the pods"),
		"artifacts":                     native("volume of the pods"),
		"tracking":                      native("variables of the pods"),
		"triggers.schedule":             native("schedule of the deployment"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the run", Elsewhere: true},
		"triggers.data":                 refused("use argo_workflows"),
		"triggers.drift":                refused("use argo_workflows"),
		"triggers.manual":               refused("Prefect cannot keep a person from starting a deployment"),
		"concurrency.allow":             native("no concurrency_limit"),
		"concurrency.forbid":            native("concurrency_limit 1, collision strategy CANCEL_NEW"),
		"concurrency.replace":           refused("Prefect queues or cancels the new run, it does not replace the one before"),
		"timeout":                       native("timeout_seconds of the flow; what runs then is stopped"),
	}
}

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }
