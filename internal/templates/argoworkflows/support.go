package argoworkflows

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"

// Support says how Argo Workflows expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, refused := taskgraph.AsNative, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         native("image of the container"),
		"parameters":                    native("arguments of the workflow, as text"),
		"steps.*.inputs":                native("paths on the bucket's volume"),
		"steps.*.outputs":               native("paths on the bucket's volume"),
		"steps.*.metrics":               native("a path on the bucket's volume"),
		"steps.*.needs":                 native("depends of the DAG's task"),
		"steps.*.resources.cpu":         native("requests of the container"),
		"steps.*.resources.memory":      native("requests and limits of the container"),
		"steps.*.resources.accelerator": native("limits of the container, nodeSelector and tolerations of the template"),
		"steps.*.pool":                  native("nodeSelector and tolerations of the template"),
		"steps.*.retries":               native("retryStrategy"),
		"steps.*.timeout":               native("activeDeadlineSeconds of the template"),
		"steps.*.cache":                 native("memoize, by command, image, parameters, inputs and versions of data"),
		"steps.*.env":                   native("variables of the container"),
		"steps.*.secret_env":            native("secretKeyRef of the container"),
		"trains":                        native("templates that gate and register; a rejected model fails the run"),
		"identity":                      native("serviceAccountName"),
		"artifacts":                     native("volume of the pods"),
		"tracking":                      native("variables of the containers"),
		"triggers.schedule":             native("CronWorkflow, in its own time zone"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the run", Elsewhere: true},
		"triggers.data":                 native("webhook and Sensor of Argo Events; whoever changes the data calls it"),
		"triggers.drift":                native("Alertmanager's webhook and a Sensor of Argo Events, at most once a day"),
		"triggers.manual":               refused("Argo Workflows cannot keep a person from starting a WorkflowTemplate"),
		"concurrency.allow":             native("no mutex; concurrencyPolicy Allow"),
		"concurrency.forbid":            native("a mutex: a second run waits; the schedule skips (concurrencyPolicy Forbid)"),
		"concurrency.replace":           native("concurrencyPolicy Replace of the schedule; refused without one"),
		"timeout":                       native("activeDeadlineSeconds of the workflow"),
	}
}
