// Package prefect writes pipelines for Prefect: a flow and its deployment for each
// pipeline, the programs that register and start them, the work pool's job template and
// the Helm values of server and worker. It knows nothing of what the steps or the
// programs do. API: Prefect 3.8 with prefect-kubernetes 0.8; charts prefect-server and
// prefect-worker 2026.8.18172642 (PrefectHQ/prefect-helm).
package prefect

import (
	"embed"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
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
	w.faults = append(w.faults, braces(p)...)
	for _, pl := range pipelines {
		w.faults = append(w.faults, faults(pl)...)
		w.template("pipelines/"+pl.Name+"/flow.py", "flow.py.tmpl", w.flow(p, pl))
	}
	w.yaml("prefect.yaml", w.deployments(p, pipelines))
	for _, module := range []string{"deploy_prefect.py", "prefect_tasks.py", "start_prefect.py"} {
		data, err := programs.ReadFile("programs/mlops/" + module)
		w.add("mlops/"+module, data, err)
	}
	deployed := func(c components.Component) bool { return c.Package == Orchestrator }
	existing := !slices.ContainsFunc(components.Of(p), deployed)
	if existing {
		data, err := encode.JSON(jobTemplate())
		w.add("platform/prefect/base-job-template.json", data, err)
	} else {
		w.yaml("platform/prefect/values.yaml", w.values(p))
	}
	w.template("docs/prefect.md", "prefect.md.tmpl", guideOf(p, pipelines, existing))
	switch {
	case w.faults.Err() != nil:
		return nil, w.faults
	case w.err != nil:
		return nil, w.err
	}
	return w.files, nil
}

// Support says how Prefect expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native := func(how string) taskgraph.Support { return taskgraph.Support{Level: taskgraph.Native, How: how} }
	emulated := func(how string) taskgraph.Support { return taskgraph.Support{Level: taskgraph.Emulated, How: how} }
	refused := func(how string) taskgraph.Support { return taskgraph.Support{Level: taskgraph.Refused, How: how} }
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

// writer gathers files and everything that is wrong.
type writer struct {
	files  []tree.File
	faults spec.Faults
	err    error
}

func (w *writer) fail(err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) add(path string, data []byte, err error) {
	w.fail(err)
	w.files = append(w.files, tree.File{Path: path, Data: data})
}

func (w *writer) yaml(path string, v any) {
	data, err := encode.YAML(v)
	w.add(path, data, err)
}

func (w *writer) template(path, name string, v any) {
	var b strings.Builder
	err := texts.ExecuteTemplate(&b, name, v)
	w.add(path, []byte(b.String()), err)
}

func (w *writer) python(v any) string {
	text, err := encode.Python(v)
	w.fail(err)
	return text
}
