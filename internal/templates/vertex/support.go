package vertex

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"

// Support says how Vertex AI Pipelines expresses a pipeline's settings.
func (Target) Support() map[string]taskgraph.Support {
	native, refused := taskgraph.AsNative, taskgraph.AsRefused
	return map[string]taskgraph.Support{
		"image":                         native("image of the executor"),
		"parameters":                    native("typed parameters of the root component; numbers are 64-bit floats"),
		"steps.*.inputs":                native("input artifacts"),
		"steps.*.outputs":               native("output artifacts in the bucket"),
		"steps.*.metrics":               native("an artifact of type system.Metrics"),
		"steps.*.needs":                 native("dependentTasks"),
		"steps.*.resources.cpu":         native("cpuLimit, by which the machine is chosen"),
		"steps.*.resources.memory":      native("memoryLimit, by which the machine is chosen"),
		"steps.*.resources.accelerator": native("accelerator by the name of AcceleratorType"),
		"steps.*.pool":                  refused("the service has machines of its own"),
		"steps.*.retries":               native("retryPolicy"),
		"steps.*.timeout":               refused("there is no limit for a step"),
		"steps.*.cache":                 native("cachingOptions; steps behind a dataset run each time, because its copy is a new artifact in every run"),
		"steps.*.env":                   native("env of the container; texts with a parameter or a path are set by env(1)"),
		"steps.*.secret_env":            refused("read it from Secret Manager with the service account"),
		"trains":                        native("tasks that gate and register; a rejected model fails the run"),
		"identity":                      native("serviceAccount of the run"),
		"artifacts":                     native("gcsOutputDirectory and the folders below /gcs"),
		"tracking":                      native("variables of the containers; registries that need credentials are refused"),
		"triggers.schedule":             native("a schedule with its time zone, created by mlops.deploy_vertex_pipelines"),
		"triggers.push":                 {Level: taskgraph.Emulated, How: "CI starts the run", Elsewhere: true},
		"triggers.data":                 refused("let a Cloud Function start the run"),
		"triggers.drift":                refused("start a run from the alert's receiver"),
		"triggers.manual":               refused("Vertex AI Pipelines cannot keep a person from starting a run"),
		"concurrency.allow":             {Level: taskgraph.Native, How: "maxConcurrentRunCount 10", Elsewhere: true},
		"concurrency.forbid":            {Level: taskgraph.Emulated, How: "maxConcurrentRunCount 1 of the schedule; the start program looks for a run under way"},
		"concurrency.replace":           refused("runs are skipped, none is replaced"),
		"timeout":                       refused("there is no limit for a whole run"),
	}
}
