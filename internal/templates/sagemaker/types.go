package sagemaker

// reference is what the service fills in: one value of its own, or several joined.
type reference struct {
	Get  string  `json:"Get,omitempty"`
	Join *joined `json:"Std:Join,omitempty"`
}

type joined struct {
	On     string `json:"On"`
	Values []any  `json:"Values"`
}

func get(what string) reference { return reference{Get: what} }

func join(on string, values ...any) reference { return reference{Join: &joined{on, values}} }

// The definition, in output order. Fields of a job are those of CreateProcessingJob.
type (
	definition struct {
		Version    string            `json:"Version"`
		Metadata   map[string]string `json:"Metadata"`
		Parameters []parameter       `json:"Parameters"`
		Steps      []step            `json:"Steps"`
	}
	parameter struct {
		Name    string   `json:"Name"`
		Type    string   `json:"Type"`
		Default any      `json:"DefaultValue,omitempty"`
		Enum    []string `json:"EnumValues,omitempty"`
	}
	step struct {
		Name      string       `json:"Name"`
		Type      string       `json:"Type"`
		Arguments job          `json:"Arguments"`
		Depends   []string     `json:"DependsOn,omitempty"`
		Cache     *cacheConfig `json:"CacheConfig,omitempty"`
		Retries   []retry      `json:"RetryPolicies,omitempty"`
	}
	cacheConfig struct {
		Enabled     bool   `json:"Enabled"`
		ExpireAfter string `json:"ExpireAfter"`
	}
	retry struct {
		Exceptions  []string `json:"ExceptionType"`
		BackoffRate int      `json:"BackoffRate"`
		Interval    int      `json:"IntervalSeconds"`
		MaxAttempts int64    `json:"MaxAttempts"`
	}
	job struct {
		Resources    resources      `json:"ProcessingResources"`
		App          app            `json:"AppSpecification"`
		Role         any            `json:"RoleArn"`
		Inputs       []input        `json:"ProcessingInputs,omitempty"`
		Outputs      []output       `json:"-"`
		OutputConfig *outputConfig  `json:"ProcessingOutputConfig,omitempty"`
		Stop         *stop          `json:"StoppingCondition,omitempty"`
		Env          map[string]any `json:"Environment,omitempty"`
		Tags         []tag          `json:"Tags,omitempty"`
	}
	resources struct {
		Cluster cluster `json:"ClusterConfig"`
	}
	cluster struct {
		Count  int    `json:"InstanceCount"`
		Type   string `json:"InstanceType"`
		Volume int    `json:"VolumeSizeInGB"`
	}
	app struct {
		Image      string `json:"ImageUri"`
		Entrypoint []any  `json:"ContainerEntrypoint"`
		Arguments  []any  `json:"ContainerArguments,omitempty"`
	}
	input struct {
		Name string  `json:"InputName"`
		S3   s3Input `json:"S3Input"`
	}
	s3Input struct {
		URI   any    `json:"S3Uri"`
		Local string `json:"LocalPath"`
		Type  string `json:"S3DataType"`
		Mode  string `json:"S3InputMode"`
	}
	outputConfig struct {
		Outputs []output `json:"Outputs"`
	}
	output struct {
		Name    string   `json:"OutputName"`
		Managed bool     `json:"AppManaged"`
		S3      s3Output `json:"S3Output"`
	}
	s3Output struct {
		URI   any    `json:"S3Uri"`
		Local string `json:"LocalPath"`
		Mode  string `json:"S3UploadMode"`
	}
	stop struct {
		Seconds int64 `json:"MaxRuntimeInSeconds"`
	}
	tag struct {
		Key   string `json:"Key"`
		Value string `json:"Value"`
	}
)

// deployment is what the program that deploys a pipeline reads, in output order.
type (
	deployment struct {
		Pipeline string    `json:"pipeline"`
		Bucket   string    `json:"bucket"`
		Code     string    `json:"code"`
		Role     string    `json:"role,omitempty"`
		Region   string    `json:"region"`
		Tags     []tag     `json:"tags"`
		Schedule *schedule `json:"schedule"`
	}
	schedule struct {
		Expression string `json:"ScheduleExpression"`
		Timezone   string `json:"ScheduleExpressionTimezone"`
	}
)
