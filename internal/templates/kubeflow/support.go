package kubeflow

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"

// Support says how Kubeflow Pipelines expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, refused := taskgraph.AsNative, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         native("image of the executor"),
		"parameters":                    native("typed parameters of the root component; numbers are 64-bit floats"),
		"steps.*.inputs":                native("input artifacts"),
		"steps.*.outputs":               native("output artifacts in the installation's object store"),
		"steps.*.metrics":               native("an artifact of type system.Metrics"),
		"steps.*.needs":                 native("dependentTasks"),
		"steps.*.resources.cpu":         native("a request for cores"),
		"steps.*.resources.memory":      native("a request and a limit of memory"),
		"steps.*.resources.accelerator": native("accelerator, node selector and tolerations"),
		"steps.*.pool":                  native("node selector and tolerations"),
		"steps.*.retries":               native("retryPolicy"),
		"steps.*.timeout":               native("activeDeadlineSeconds of the pod"),
		"steps.*.cache":                 native("cachingOptions; steps behind a dataset run each time, because its copy is a new artifact in every run"),
		"steps.*.env":                   native("env of the container; texts with a parameter or a path are set by env(1)"),
		"steps.*.secret_env":            native("secretAsEnv"),
		"trains":                        native("tasks that gate and register; a rejected model fails the run"),
		"identity":                      native("service_account of the run"),
		"artifacts":                     native("pvcMount of the tasks that read datasets and register the model"),
		"tracking":                      native("variables of the containers"),
		"triggers.schedule":             native("a recurring run, created by mlops.deploy_kubeflow_pipelines; one time zone for all"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the run", Elsewhere: true},
		"triggers.data":                 refused("use argo_workflows"),
		"triggers.drift":                refused("use argo_workflows"),
		"triggers.manual":               refused("Kubeflow Pipelines cannot keep a person from starting a run"),
		"concurrency.allow":             {Level: taskgraph.Native, How: "max_concurrency 10, the API's most", Elsewhere: true},
		"concurrency.forbid":            {Level: taskgraph.Emulated, How: "max_concurrency 1 of the recurring run; the start program looks for a run under way"},
		"concurrency.replace":           refused("use argo_workflows"),
		"timeout":                       refused("there is no limit for a whole run; steps have timeouts"),
	}
}
