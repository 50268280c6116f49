package azureml

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"

// The part of the CLI's YAML this package writes, in output order.
type (
	pipeline struct {
		Schema      string            `yaml:"$schema"`
		Type        string            `yaml:"type"`
		DisplayName string            `yaml:"display_name"`
		Experiment  string            `yaml:"experiment_name"`
		Tags        map[string]string `yaml:"tags"`
		Settings    settings          `yaml:"settings"`
		Identity    *identity         `yaml:"identity,omitempty"`
		Inputs      encode.Map        `yaml:"inputs,omitempty"`
		Jobs        encode.Map        `yaml:"jobs"`
	}
	settings struct {
		Compute   string `yaml:"default_compute"`
		Datastore string `yaml:"default_datastore"`
		Continue  bool   `yaml:"continue_on_step_failure"`
	}
	identity struct {
		Type string `yaml:"type"`
	}
	data struct {
		Type string `yaml:"type"`
		Path string `yaml:"path"`
		Mode string `yaml:"mode"`
	}
	node struct {
		Type      string     `yaml:"type"`
		Component string     `yaml:"component"`
		Inputs    encode.Map `yaml:"inputs,omitempty"`
		Resources resources  `yaml:"resources"`
		Limits    *limits    `yaml:"limits,omitempty"`
		Env       encode.Map `yaml:"environment_variables,omitempty"`
	}
	resources struct {
		InstanceType string `yaml:"instance_type"`
		Count        int    `yaml:"instance_count"`
	}
	limits struct {
		Timeout int64 `yaml:"timeout"`
	}
	component struct {
		Schema        string      `yaml:"$schema"`
		Type          string      `yaml:"type"`
		Name          string      `yaml:"name"`
		DisplayName   string      `yaml:"display_name"`
		Deterministic bool        `yaml:"is_deterministic"`
		Inputs        encode.Map  `yaml:"inputs,omitempty"`
		Outputs       encode.Map  `yaml:"outputs,omitempty"`
		Code          string      `yaml:"code,omitempty"`
		Environment   environment `yaml:"environment"`
		Command       string      `yaml:"command"`
	}
	declared struct {
		Type string `yaml:"type"`
	}
	environment struct {
		Image string `yaml:"image"`
	}
	schedule struct {
		Schema      string `yaml:"$schema"`
		Name        string `yaml:"name"`
		DisplayName string `yaml:"display_name"`
		Trigger     any    `yaml:"trigger"`
		CreateJob   string `yaml:"create_job"`
	}
	cronTrigger struct {
		Type       string `yaml:"type"`
		Expression string `yaml:"expression"`
		TimeZone   string `yaml:"time_zone"`
	}
	recurrenceTrigger struct {
		Type      string  `yaml:"type"`
		Frequency string  `yaml:"frequency"`
		Interval  int     `yaml:"interval"`
		Pattern   pattern `yaml:"schedule"`
		TimeZone  string  `yaml:"time_zone"`
	}
	pattern struct {
		Hours     []int `yaml:"hours"`
		Minutes   []int `yaml:"minutes"`
		MonthDays []int `yaml:"month_days"`
	}
)
