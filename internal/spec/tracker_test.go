package spec_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestTracker_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindRegistry
	wandb := func(with string) string {
		return `{"type": "weights_and_biases", "weights_and_biases": {"entity": "acme", "project": "fraud"` + with + `}}`
	}
	neptune := func(with string) string { return `{"type": "neptune", "neptune": {` + with + `}}` }
	try(t, map[string]rule{
		"wandb":                   {kind, wandb(`, "base_url": "https://wandb.example.com"`), nil},
		"wandb without settings":  {kind, `{"type": "weights_and_biases"}`, []fault{{"weights_and_biases.entity", "must be set"}, {"weights_and_biases.project", "must be set"}}},
		"wandb names":             {kind, `{"type": "weights_and_biases", "weights_and_biases": {"entity": "a/b", "project": "c:d"}}`, []fault{{"weights_and_biases.entity", "acme"}, {"weights_and_biases.project", "fraud"}}},
		"wandb address":           {kind, wandb(`, "base_url": "wandb.example.com"`), one("weights_and_biases.base_url", "http://")},
		"wandb query":             {kind, wandb(`, "base_url": "https://wandb.example.com?a=b"`), one("weights_and_biases.base_url", "without query")},
		"neptune":                 {kind, neptune(`"project": "acme/fraud"`), nil},
		"neptune, own server":     {kind, neptune(`"project": "acme/fraud", "base_url": "https://neptune.example.com"`), nil},
		"neptune without project": {kind, `{"type": "neptune"}`, one("neptune.project", "must be set")},
		"neptune workspace":       {kind, neptune(`"project": "fraud"`), one("neptune.project", "workspace/project")},
		"neptune, hosted":         {kind, neptune(`"project": "acme/fraud", "base_url": "https://app.neptune.ai"`), one("neptune.base_url", "shut down on 2026-03-05")},
		"clearml":                 {kind, `{"type": "clearml", "clearml": {"api_host": "https://api.example.com"}}`, nil},
		"clearml without address": {kind, `{"type": "clearml"}`, one("clearml.api_host", "must be set")},
		"clearml in clear text":   {kind, `{"type": "clearml", "clearml": {"api_host": "http://a", "web_host": "http://b", "files_host": "c"}}`, []fault{{"clearml.api_host", "https://"}, {"clearml.web_host", "https://"}, {"clearml.files_host", "https://"}}},
		"sagemaker":               {kind, `{"type": "sagemaker"}`, nil},
		"sagemaker settings":      {kind, `{"type": "sagemaker", "sagemaker": {"region": "Europe", "model_package_group_prefix": "a_b-and-far-too-long"}}`, []fault{{"sagemaker.region", "eu-west-1"}, {"sagemaker.model_package_group_prefix", "fraud-"}, {"sagemaker.model_package_group_prefix", "at most 12"}}},
		"azureml":                 {kind, `{"type": "azureml", "azureml": {}}`, []fault{{"azureml.workspace", "must be set"}, {"azureml.resource_group", "must be set"}, {"azureml.subscription_id", "must be set"}}},
		"azureml forms":           {kind, `{"type": "azureml", "azureml": {"workspace": "a b", "resource_group": "/", "subscription_id": "1"}}`, []fault{{"azureml.workspace", "fraud-ml"}, {"azureml.resource_group", "fraud-rg"}, {"azureml.subscription_id", "00000000-"}}},
		"vertex":                  {kind, `{"type": "vertex", "vertex": {}}`, []fault{{"vertex.project", "must be set"}, {"vertex.location", "must be set"}}},
		"vertex forms":            {kind, `{"type": "vertex", "vertex": {"project": "A", "location": "Europe"}}`, []fault{{"vertex.project", "acme-fraud"}, {"vertex.location", "europe-west1"}}},
	})
}

func TestTracker_warnings(t *testing.T) {
	t.Parallel()
	const clearml = `{"type": "clearml", "clearml": {"api_host": "https://api.example.com"}`
	for name, tt := range map[string]struct{ patch, want, not string }{
		"neptune names the day": {`{"type": "neptune", "neptune": {"project": "a/b"}, "credentials": {"secret": "s", "keys": {"API_KEY": "k"}}}`, "type: neptune: the hosted service was shut down on 2026-03-05", "NEPTUNE_API_TOKEN"},
		"neptune signs in":      {`{"type": "neptune", "neptune": {"project": "a/b"}}`, "credentials: neptune: its client reads NEPTUNE_API_TOKEN", ""},
		"wandb signs in":        {`{"type": "weights_and_biases", "weights_and_biases": {"entity": "a", "project": "b"}}`, "WANDB_API_KEY", ""},
		"wandb short":           {`{"type": "weights_and_biases", "weights_and_biases": {"entity": "a", "project": "b"}, "credentials": {"secret": "s", "keys": {"API_KEY": "k"}}}`, "", "WANDB"},
		"clearml needs two":     {clearml + `, "credentials": {"secret": "s", "keys": {"API_KEY": "k"}}}`, "CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY", ""},
		"clearml needs one":     {clearml + `, "credentials": {"secret": "s", "keys": {"CLEARML_API_ACCESS_KEY": "k"}}}`, "reads CLEARML_API_SECRET_KEY", "ACCESS"},
		"mlflow":                {`{}`, "", "credentials"},
	} {
		d := decode(t, spec.KindRegistry, tt.patch)
		if err := d.Faults.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := d.Faults.Error(); !strings.Contains(got, tt.want) || (tt.not != "" && strings.Contains(got, tt.not)) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestRegistry_variables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		system string
		keys   map[string]string
		want   map[string]string
	}{
		{"weights_and_biases", map[string]string{"API_KEY": "k"}, map[string]string{"API_KEY": "k", "WANDB_API_KEY": "k"}},
		{"neptune", map[string]string{"API_KEY": "k"}, map[string]string{"API_KEY": "k", "NEPTUNE_API_TOKEN": "k"}},
		{"weights_and_biases", map[string]string{"API_KEY": "k", "WANDB_API_KEY": "own"}, map[string]string{"API_KEY": "k", "WANDB_API_KEY": "own"}},
		{"clearml", map[string]string{"API_KEY": "k"}, map[string]string{"API_KEY": "k"}},
		{"mlflow", map[string]string{"MLFLOW_TRACKING_TOKEN": "k"}, map[string]string{"MLFLOW_TRACKING_TOKEN": "k"}},
	} {
		r := &spec.Registry{Type: tt.system, Credentials: &spec.Credentials{Secret: "s", Keys: tt.keys}}
		if got := r.Variables(); !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.system, got, tt.want)
		}
	}
}

func TestTracker_clouds(t *testing.T) {
	t.Parallel()
	for system, settings := range map[string]string{
		"sagemaker": `{"region": "eu-west-1"}`, "azureml": `{"workspace": "w", "resource_group": "g", "subscription_id": "00000000-0000-0000-0000-000000000000"}`, "vertex": `{"project": "acme-fraud", "location": "europe-west1"}`,
	} {
		platform := decode(t, spec.KindPlatform, `{}`).Spec
		link := func(patch string) spec.Faults {
			d := decode(t, spec.KindRegistry, patch)
			if err := d.Faults.Err(); err != nil {
				t.Fatal(err)
			}
			_, faults := spec.Link(spec.Repository{URL: "file:///tmp/r"}, nil, []spec.Spec{platform, d.Spec})
			return slices.DeleteFunc(faults, func(f spec.Fault) bool { return f.Kind != spec.KindRegistry })
		}
		faults := link(`{"type": "` + system + `"}`)
		if len(faults) != 1 || faults[0].Path.String() != "type" || !strings.Contains(faults[0].Message, system+` is the registry of cloud "`+spec.CloudOf(system)+`"`) {
			t.Errorf("%s elsewhere: %v", system, faults)
		}
		if faults := link(`{"type": "` + system + `", "` + system + `": ` + settings + `}`); len(faults) > 0 {
			t.Errorf("%s with settings: %v", system, faults)
		}
		own := decode(t, spec.KindPlatform, `{}`).Spec.(*spec.Platform)
		own.Cloud, platform = spec.CloudOf(system), own
		if faults := link(`{"type": "` + system + `"}`); len(faults) > 0 {
			t.Errorf("%s at home: %v", system, faults)
		}
	}
}
