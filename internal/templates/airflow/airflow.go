// Package airflow writes pipelines for Airflow: a DAG for each pipeline, the operators
// that their tasks use, the program that starts runs, and the Helm values of the
// official chart. It knows nothing of what the steps or the programs do. API: Airflow
// 3.3 and 2.11 with provider cncf-kubernetes 10.25; chart airflow 1.22.0.
package airflow

import (
	"embed"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
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
	w.Faults = append(w.Faults, owner(p)...)
	for _, pl := range pipelines {
		w.Faults = append(w.Faults, faults(pl)...)
		w.Template("pipelines/"+pl.Name+"/dag.py", texts(), "dag.py.tmpl", w.dag(p, pl))
	}
	ignored, err := programs.ReadFile("airflowignore")
	w.Add(".airflowignore", ignored, err)
	w.Programs(programs)
	deployed := components.Deploys(p, Orchestrator)
	if deployed {
		data, err := encode.YAML(values(p))
		w.Add("platform/airflow/values.yaml", data, err)
	}
	w.Template("docs/airflow.md", texts(), "airflow.md.tmpl", guideOf(p, pipelines, deployed))
	return w.Files()
}

// Support says how Airflow expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, emulated, refused := taskgraph.AsNative, taskgraph.AsEmulated, taskgraph.AsRefused
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

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }
