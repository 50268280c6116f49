package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// NewPipelineResource declares a graph of steps.
func NewPipelineResource() resource.Resource {
	return &logicalResource{kind: spec.KindPipeline, schema: schemaOf("A graph of steps that may train a model. Paths and parameters reach a step through tokens in `command`, `args` and `env`: "+
		"`$(params.NAME)`, `$(inputs.NAME)`, `$(outputs.NAME)`, `$(metrics)`; `$$(` is a literal `$(`."+logicalNote,
		attributes{
			"name":  requiredText("Lower-case letters, digits and dashes, at most 52 characters."),
			"image": text("Image of steps that name none. Pin a digest: a tag alone is a warning, `:latest` an error."),
			"parameters": nestedMap("Inputs of a whole run, by name.", attributes{
				"type":    choice("Type.", "parameter", ""),
				"default": text("Value when a run names none, written as its own type. A string for Terraform, read by `type`."),
			}),
			"steps": nestedMap("Steps by name.", stepAttributes()),
			"trains": nested("The model that the pipeline trains. Adds the gate, registration and promotion.", attributes{
				"model":    text("Name of an `mlops_registered_model`."),
				"artifact": text("The output that is the model: `STEP.OUTPUT`."),
				"metrics":  text("The step that writes `$(metrics)`; required when the model has gates."),
			}),
			"identity":  text("Name of an `mlops_identity`."),
			"artifacts": text("Name of the `mlops_bucket` that holds what steps hand to each other."),
			"tracking":  text("Name of the `mlops_model_registry` that steps report to; default the model's."),
			"triggers": nested("When the pipeline runs.", attributes{
				"schedule": nested("On a schedule.", attributes{"cron": text("Five-field cron."), "timezone": text("IANA time zone; default UTC.")}),
				"push":     nested("When a branch moves.", attributes{"branches": texts("Branch names or patterns."), "paths": texts("Paths or patterns; all when left out.")}),
				"data":     nested("When somebody says that a dataset has changed; orchestrator `argo_workflows` only.", attributes{"dataset": text("Name of an `mlops_dataset`.")}),
				"drift":    nested("When an endpoint's drift monitor fires; orchestrator `argo_workflows` only.", attributes{"endpoint": text("Name of an `mlops_endpoint`.")}),
				"manual":   flag("By hand; default `true`."),
			}),
			"concurrency":  choice("What happens when a run is due while another is under way.", "concurrency", "forbid"),
			"timeout":      text("Longest duration of a whole run, such as `\"6h\"`."),
			"orchestrator": choice("Overrides the platform's for this pipeline.", "orchestrator", ""),
		})}
}

func stepAttributes() attributes {
	return attributes{
		"image":     text("Image of this step."),
		"command":   texts("The program and its first arguments."),
		"args":      texts("Further arguments."),
		"inputs":    textMap("Input → `STEP.OUTPUT` or `dataset.NAME`. The step waits for the other one."),
		"outputs":   texts("Names of the outputs; each is a path that the step writes."),
		"resources": resourcesAttribute("What the step asks for."),
		"pool":      text("Name of an `mlops_gpu_pool`."),
		"retries":   integer("How often a failed step is tried again, 0 to 10; default 0."),
		"timeout":   text("Longest duration, such as `\"2h\"`."),
		"cache":     flag("Use an earlier result for equal inputs; default `true`."),
		"env":       textMap("Environment variables. Never a secret: they reach state, plan and Git."),
		"secret_env": nestedMap("Environment variables from secrets, by reference.", attributes{
			"secret": text("Name of an `mlops_secret`."), "key": text("Key in it."),
		}),
		"needs": texts("Steps that must have ended, besides those of the inputs."),
	}
}
