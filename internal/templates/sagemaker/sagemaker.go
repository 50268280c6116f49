// Package sagemaker writes pipelines for Amazon SageMaker Pipelines: a definition and
// what its deployment needs for each pipeline. It knows nothing of what the steps or
// the programs do, and no account. Formats: pipeline definition 2020-12-01, whose
// Processing steps hold requests of CreateProcessingJob; CreateSchedule of EventBridge
// Scheduler (botocore's models as of 2026).
package sagemaker

import (
	"embed"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Orchestrator is the platform's name for SageMaker Pipelines.
const Orchestrator = "sagemaker_pipelines"

//go:embed programs/mlops
var programs embed.FS

//go:embed *.tmpl
var templates embed.FS

var texts = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(templates, "*.tmpl")) })

// Target writes the pipelines that SageMaker runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "sagemaker" }

// Render writes pipelines/<pipeline>/{definition,deployment}.json, the programs that
// deploy and start them, and docs/sagemaker_pipelines.md.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	var names []string
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) != Orchestrator {
			continue
		}
		names = append(names, pl.Name)
		b := newBuilder(p, pl)
		w.Faults = append(w.Faults, b.check()...)
		if w.Faults.Err() == nil {
			w.JSON("pipelines/"+pl.Name+"/definition.json", b.definition())
			w.JSON("pipelines/"+pl.Name+"/deployment.json", b.deployment())
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	w.Programs(programs)
	w.Template("docs/sagemaker_pipelines.md", texts(), "sagemaker.md.tmpl", names)
	return w.Files()
}

// Support says how SageMaker expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, emulated, refused := taskgraph.AsNative, taskgraph.AsEmulated, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         native("AppSpecification.ImageUri; deployment replaces other registries by the account's pull-through cache in ECR"),
		"parameters":                    native("Parameters; a boolean is a String with two values"),
		"steps.*.inputs":                native("ProcessingInputs from the other step's outputs"),
		"steps.*.outputs":               native("ProcessingOutputConfig to the bucket"),
		"steps.*.metrics":               native("an output with one JSON file"),
		"steps.*.needs":                 native("DependsOn"),
		"steps.*.resources.cpu":         native("the smallest instance type that has it"),
		"steps.*.resources.memory":      native("the smallest instance type that has it"),
		"steps.*.resources.accelerator": native("the smallest instance type that has it"),
		"steps.*.pool":                  refused("SageMaker has no pools of nodes"),
		"steps.*.retries":               emulated("RetryPolicies for faults of the service and of capacity; a command that fails is not tried again"),
		"steps.*.timeout":               native("StoppingCondition.MaxRuntimeInSeconds"),
		"steps.*.cache":                 native("CacheConfig"),
		"steps.*.env":                   native("Environment"),
		"steps.*.secret_env":            refused("the Environment of a job is plain text"),
		"trains":                        native("steps that gate and register; a rejected model fails the execution"),
		"identity":                      native("execution role of the jobs"),
		"artifacts":                     native("S3Output"),
		"tracking":                      native("Environment"),
		"triggers.schedule":             native("a schedule of EventBridge Scheduler"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the execution", Elsewhere: true},
		"triggers.data":                 refused("use argo_workflows"),
		"triggers.drift":                refused("use argo_workflows"),
		"triggers.manual":               refused("IAM decides who may start an execution"),
		"concurrency.allow":             native("no limit"),
		"concurrency.forbid":            emulated("the program that starts an execution refuses while one is under way; the schedule does not look"),
		"concurrency.replace":           refused("use argo_workflows"),
		"timeout":                       refused("an execution has no timeout, its steps have"),
	}
}

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }
