// Package azureml writes pipelines for Azure Machine Learning: a pipeline job, a component
// for each task and a schedule. It knows nothing of what the steps or the programs do,
// and no workspace. Formats: job, component and schedule YAML of the CLI v2, as
// azure-ai-ml 1.35 reads them.
package azureml

import (
	"embed"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Orchestrator is the platform's name for Azure ML.
const Orchestrator = "azureml_pipelines"

//go:embed programs/mlops
var programs embed.FS

//go:embed *.tmpl
var templates embed.FS

var texts = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(templates, "*.tmpl")) })

// Target writes the pipelines that Azure ML runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "azureml" }

// ignore keeps what the programs do not need out of the code that a job takes along.
const ignore = encode.Header + `
/*
!/data/
!/mlops/
!/pipelines/
/data/*
!/data/*.pin.json
/mlops/__pycache__/
/pipelines/*/*
!/pipelines/*/pipeline.json
`

// Render writes pipelines/<pipeline>/azureml/, the program that starts jobs,
// .amlignore and docs/azureml_pipelines.md.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	var names []string
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) != Orchestrator {
			continue
		}
		names = append(names, pl.Name)
		b := builder{p: p, pl: pl, graph: taskgraph.Of(p, pl)}
		w.Faults = append(w.Faults, b.check()...)
		if w.Faults.Err() == nil {
			w.pipeline(b)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	w.Programs(programs)
	w.Add(".amlignore", []byte(ignore), nil)
	w.Template("docs/azureml_pipelines.md", texts(), "azureml.md.tmpl", names)
	return w.Files()
}

// Support says how Azure ML expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, emulated, refused := taskgraph.AsNative, taskgraph.AsEmulated, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         native("environment.image of the component"),
		"parameters":                    native("inputs of the job; a boolean is a string"),
		"steps.*.inputs":                native("inputs bound to outputs of other jobs"),
		"steps.*.outputs":               native("outputs of type uri_folder"),
		"steps.*.metrics":               native("an output with one JSON file"),
		"steps.*.needs":                 emulated("an empty output of the one step is an input of the other"),
		"steps.*.resources.cpu":         native("the smallest instance type that has it, serverless"),
		"steps.*.resources.memory":      native("the smallest instance type that has it, serverless"),
		"steps.*.resources.accelerator": native("the smallest instance type that has it, serverless"),
		"steps.*.pool":                  refused("serverless compute has no pools of nodes"),
		"steps.*.retries":               emulated("a loop in the command line"),
		"steps.*.timeout":               native("limits.timeout"),
		"steps.*.cache":                 native("is_deterministic of the component"),
		"steps.*.env":                   native("environment_variables"),
		"steps.*.secret_env":            refused("the environment of a job is plain text"),
		"trains":                        native("jobs that gate and register; a rejected model fails the job"),
		"identity":                      native("identity of the job"),
		"artifacts":                     native("settings.default_datastore"),
		"tracking":                      native("environment_variables"),
		"triggers.schedule":             native("a schedule with a Windows time zone; months cannot be chosen"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the job", Elsewhere: true},
		"triggers.data":                 refused("use argo_workflows"),
		"triggers.drift":                refused("use argo_workflows"),
		"triggers.manual":               refused("the workspace's roles decide who may start a job"),
		"concurrency.allow":             {Level: taskgraph.Native, How: "no limit", Elsewhere: true},
		"concurrency.forbid":            emulated("the program that starts a job refuses while one is under way; the schedule does not look"),
		"concurrency.replace":           refused("use argo_workflows"),
		"timeout":                       refused("a pipeline job has no timeout, its steps have"),
	}
}

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }

func (w *writer) pipeline(b builder) {
	dir := "pipelines/" + b.pl.Name + "/azureml/"
	w.YAML(dir+"pipeline.yml", b.pipeline())
	for _, t := range b.graph.Tasks {
		w.YAML(dir+"components/"+ident(t.Name)+".yml", b.component(t))
	}
	if b.pl.Triggers.Schedule != nil {
		trigger, _ := triggerOf(b.pl.Triggers.Schedule)
		w.YAML(dir+"schedule.yml", schedule{
			Schema: schemas + "schedule.schema.json", Name: b.p.Platform.Name + "-" + b.pl.Name, DisplayName: b.pl.Name, Trigger: trigger,
			CreateJob: "./pipeline.yml",
		})
	}
}
