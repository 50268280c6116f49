// Package airflow writes pipelines for Airflow: a DAG for each pipeline, the operators
// that their tasks use, the program that starts runs, and the Helm values of the
// official chart. It knows nothing of what the steps or the programs do. API: Airflow
// 3.3 and 2.11 with provider cncf-kubernetes 10.25; chart airflow 1.22.0.
package airflow

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

// Orchestrator is the platform's name for Airflow.
const Orchestrator = "airflow"

//go:embed airflowignore programs/mlops
var programs embed.FS

// Target writes the pipelines that Airflow runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "airflow" }

// Render writes pipelines/<pipeline>/dag.py, .airflowignore, the modules that a DAG
// imports, docs/airflow.md and platform/airflow/values.yaml.
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
	w.faults = append(w.faults, owner(p)...)
	for _, pl := range pipelines {
		w.faults = append(w.faults, faults(pl)...)
		w.template("pipelines/"+pl.Name+"/dag.py", "dag.py.tmpl", w.dag(p, pl))
	}
	w.copy(".airflowignore", "airflowignore")
	for _, module := range []string{"airflow_pods.py", "airflow_tasks.py", "start_airflow.py"} {
		w.copy("mlops/"+module, "programs/mlops/"+module)
	}
	deployed := slices.ContainsFunc(components.Of(p), func(c components.Component) bool { return c.Package == Orchestrator })
	if deployed {
		data, err := encode.YAML(values(p))
		w.add("platform/airflow/values.yaml", data, err)
	}
	w.template("docs/airflow.md", "airflow.md.tmpl", guideOf(p, pipelines, deployed))
	switch {
	case w.faults.Err() != nil:
		return nil, w.faults
	case w.err != nil:
		return nil, w.err
	}
	return w.files, nil
}

// Support says how Airflow expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native := func(how string) taskgraph.Support { return taskgraph.Support{Level: taskgraph.Native, How: how} }
	emulated := func(how string) taskgraph.Support { return taskgraph.Support{Level: taskgraph.Emulated, How: how} }
	refused := func(how string) taskgraph.Support { return taskgraph.Support{Level: taskgraph.Refused, How: how} }
	return map[string]taskgraph.Support{
		"image":                         native("image of the KubernetesPodOperator"),
		"parameters":                    native("typed params of the DAG, checked by their JSON schema"),
		"steps.*.inputs":                native("paths on the bucket's volume"),
		"steps.*.outputs":               native("paths on the bucket's volume"),
		"steps.*.metrics":               native("a path on the bucket's volume"),
		"steps.*.needs":                 native("upstream tasks"),
		"steps.*.resources.cpu":         native("requests of the pod"),
		"steps.*.resources.memory":      native("requests and limits of the pod"),
		"steps.*.resources.accelerator": native("limits, node selector and tolerations of the pod"),
		"steps.*.pool":                  native("node selector and tolerations of the pod"),
		"steps.*.retries":               native("retries of the task, with growing delays"),
		"steps.*.timeout":               native("activeDeadlineSeconds of the pod; execution_timeout of the task ends what outlives it"),
		"steps.*.cache":                 emulated("outputs of an equal step are taken when tasks run locally; in a cluster every step runs"),
		"steps.*.env":                   native("variables of the pod"),
		"steps.*.secret_env":            native("secretKeyRef of the pod"),
		"trains":                        native("tasks that gate and register; a rejected model fails the run"),
		"identity":                      native("service account of the pods"),
		"artifacts":                     native("volume of the pods"),
		"tracking":                      native("variables of the pods"),
		"triggers.schedule":             native("CronTriggerTimetable in the schedule's time zone"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the run", Elsewhere: true},
		"triggers.data":                 refused("an asset of Airflow changes only when a DAG says so; use argo_workflows"),
		"triggers.drift":                refused("use argo_workflows"),
		"triggers.manual":               native("allowed_run_types of a DAG with a schedule (Airflow 3.2 and later)"),
		"concurrency.allow":             native("max_active_runs stays that of Airflow"),
		"concurrency.forbid":            native("max_active_runs 1; Airflow holds a second run back"),
		"concurrency.replace":           refused("Airflow holds the new run back, it does not replace the one before"),
		"timeout":                       native("dagrun_timeout"),
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

func (w *writer) copy(path, from string) {
	data, err := programs.ReadFile(from)
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
