package kfpir

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"

// The part of ml_pipelines.PipelineSpec (pipeline_spec.proto of kfp-pipeline-spec
// 2.17) that is written, in output order, by its names in JSON.
type (
	// PipelineSpec is a whole pipeline.
	PipelineSpec struct {
		PipelineInfo   PipelineInfo         `json:"pipelineInfo"   yaml:"pipelineInfo"`
		SchemaVersion  string               `json:"schemaVersion"  yaml:"schemaVersion"`
		SDKVersion     string               `json:"sdkVersion"     yaml:"sdkVersion"`
		Root           Component            `json:"root"           yaml:"root"`
		Components     map[string]Component `json:"components"     yaml:"components"`
		DeploymentSpec Deployment           `json:"deploymentSpec" yaml:"deploymentSpec"`
	}
	// PipelineInfo names the pipeline.
	PipelineInfo struct {
		Name string `json:"name" yaml:"name"`
	}
	// Component is what a task runs: a graph, or an executor.
	Component struct {
		Inputs        *Inputs  `json:"inputDefinitions,omitempty"  yaml:"inputDefinitions,omitempty"`
		Outputs       *Outputs `json:"outputDefinitions,omitempty" yaml:"outputDefinitions,omitempty"`
		ExecutorLabel string   `json:"executorLabel,omitempty"     yaml:"executorLabel,omitempty"`
		DAG           *DAG     `json:"dag,omitempty"               yaml:"dag,omitempty"`
	}
	// Inputs are what a component takes.
	Inputs struct {
		Parameters map[string]Parameter `json:"parameters,omitempty" yaml:"parameters,omitempty"`
		Artifacts  map[string]Artifact  `json:"artifacts,omitempty"  yaml:"artifacts,omitempty"`
	}
	// Outputs are what a component makes.
	Outputs struct {
		Artifacts map[string]Artifact `json:"artifacts" yaml:"artifacts"`
	}
	// Parameter is a typed value. Default is nil when it must be given.
	Parameter struct {
		Type        string `json:"parameterType"          yaml:"parameterType"`
		Default     any    `json:"defaultValue,omitempty" yaml:"defaultValue,omitempty"`
		Description string `json:"description,omitempty"  yaml:"description,omitempty"`
	}
	// Artifact is a typed path.
	Artifact struct {
		Type ArtifactType `json:"artifactType" yaml:"artifactType"`
	}
	// ArtifactType is a schema such as system.Model.
	ArtifactType struct {
		Title   string `json:"schemaTitle"   yaml:"schemaTitle"`
		Version string `json:"schemaVersion" yaml:"schemaVersion"`
	}
	// DAG is a graph of tasks.
	DAG struct {
		Tasks map[string]Task `json:"tasks" yaml:"tasks"`
	}
	// Task is one component in a graph.
	Task struct {
		Info      Named       `json:"taskInfo"                 yaml:"taskInfo"`
		Component Named       `json:"componentRef"             yaml:"componentRef"`
		Needs     []string    `json:"dependentTasks,omitempty" yaml:"dependentTasks,omitempty"`
		Inputs    *TaskInputs `json:"inputs,omitempty"         yaml:"inputs,omitempty"`
		Caching   Caching     `json:"cachingOptions"           yaml:"cachingOptions"`
		Retry     *Retry      `json:"retryPolicy,omitempty"    yaml:"retryPolicy,omitempty"`
	}
	// Named refers by name.
	Named struct {
		Name string `json:"name" yaml:"name"`
	}
	// TaskInputs say where a task's inputs come from.
	TaskInputs struct {
		Parameters map[string]TaskParameter `json:"parameters,omitempty" yaml:"parameters,omitempty"`
		Artifacts  map[string]TaskArtifact  `json:"artifacts,omitempty"  yaml:"artifacts,omitempty"`
	}
	// TaskParameter is a parameter of the graph, or a constant.
	TaskParameter struct {
		FromGraph string        `json:"componentInputParameter,omitempty" yaml:"componentInputParameter,omitempty"`
		Runtime   *RuntimeValue `json:"runtimeValue,omitempty"            yaml:"runtimeValue,omitempty"`
	}
	// RuntimeValue is a constant; some placeholders in it are read when the run starts.
	RuntimeValue struct {
		Constant string `json:"constant" yaml:"constant"`
	}
	// TaskArtifact is an output of another task.
	TaskArtifact struct {
		From TaskOutput `json:"taskOutputArtifact" yaml:"taskOutputArtifact"`
	}
	// TaskOutput names an output of a task.
	TaskOutput struct {
		Task string `json:"producerTask"      yaml:"producerTask"`
		Key  string `json:"outputArtifactKey" yaml:"outputArtifactKey"`
	}
	// Caching is off when it is empty.
	Caching struct {
		Enable bool `json:"enableCache,omitempty" yaml:"enableCache,omitempty"`
	}
	// Retry says how often a task is tried again. Durations end in "s".
	Retry struct {
		Max      int64          `json:"maxRetryCount"      yaml:"maxRetryCount"`
		Duration string         `json:"backoffDuration"    yaml:"backoffDuration"`
		Factor   encode.Decimal `json:"backoffFactor"      yaml:"backoffFactor"`
		Cap      string         `json:"backoffMaxDuration" yaml:"backoffMaxDuration"`
	}
	// Deployment has the executors (PipelineDeploymentConfig).
	Deployment struct {
		Executors map[string]Executor `json:"executors" yaml:"executors"`
	}
	// Executor is a container.
	Executor struct {
		Container Container `json:"container" yaml:"container"`
	}
	// Container is a command line in an image.
	Container struct {
		Image     string     `json:"image"               yaml:"image"`
		Command   []string   `json:"command"             yaml:"command"`
		Env       []Variable `json:"env,omitempty"       yaml:"env,omitempty"`
		Resources *Resources `json:"resources,omitempty" yaml:"resources,omitempty"`
	}
	// Variable is a variable of a container. No placeholder is read in its value.
	Variable struct {
		Name  string `json:"name"  yaml:"name"`
		Value string `json:"value" yaml:"value"`
	}
	// Resources are what a container asks for: numbers for backends up to 2.9, which read
	// no others, and texts for those that came later. Memory as a number is in GB.
	Resources struct {
		CPULimit       encode.Decimal `json:"cpuLimit,omitempty"              yaml:"cpuLimit,omitempty"`
		MemoryLimit    encode.Decimal `json:"memoryLimit,omitempty"           yaml:"memoryLimit,omitempty"`
		CPURequest     encode.Decimal `json:"cpuRequest,omitempty"            yaml:"cpuRequest,omitempty"`
		MemoryRequest  encode.Decimal `json:"memoryRequest,omitempty"         yaml:"memoryRequest,omitempty"`
		CPULimitQ      string         `json:"resourceCpuLimit,omitempty"      yaml:"resourceCpuLimit,omitempty"`
		MemoryLimitQ   string         `json:"resourceMemoryLimit,omitempty"   yaml:"resourceMemoryLimit,omitempty"`
		CPURequestQ    string         `json:"resourceCpuRequest,omitempty"    yaml:"resourceCpuRequest,omitempty"`
		MemoryRequestQ string         `json:"resourceMemoryRequest,omitempty" yaml:"resourceMemoryRequest,omitempty"`
		Accelerator    *Accelerator   `json:"accelerator,omitempty"           yaml:"accelerator,omitempty"`
	}
	// Accelerator is a type and how many; the number is a text, as int64 is in JSON.
	Accelerator struct {
		Type          string `json:"type"                    yaml:"type"`
		Count         string `json:"count"                   yaml:"count"`
		ResourceType  string `json:"resourceType,omitempty"  yaml:"resourceType,omitempty"`
		ResourceCount string `json:"resourceCount,omitempty" yaml:"resourceCount,omitempty"`
	}
)
