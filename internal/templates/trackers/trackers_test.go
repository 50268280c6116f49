package trackers_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
)

type strings = map[string]string

// systems are every type of registry with all that it can be told, and what becomes
// of it. The model is the quickstart's, fraud-detector.
var systems = []struct {
	system   string
	settings map[string]any
	keys     strings // of secret "tracker"
	plain    strings
	secrets  strings // variable to key
	told     strings // what the Python module reads
	client   string  // "" for MLflow, whose client is in requirements.txt
}{
	{
		system:   "mlflow",
		settings: map[string]any{"tracking_uri": "https://mlflow.example.com", "managed": false},
		keys:     strings{"MLFLOW_TRACKING_TOKEN": "token"},
		plain:    strings{"MLFLOW_TRACKING_URI": "https://mlflow.example.com", "MLFLOW_EXPERIMENT_NAME": "fraud-detector"},
		secrets:  strings{"MLFLOW_TRACKING_TOKEN": "token"},
	},
	{
		system:   "weights_and_biases",
		settings: map[string]any{"entity": "acme", "project": "fraud", "base_url": "https://wandb.example.com"},
		keys:     strings{"API_KEY": "key"},
		plain: strings{
			"WANDB_ENTITY": "acme", "WANDB_PROJECT": "fraud", "WANDB_BASE_URL": "https://wandb.example.com",
			"WANDB_RUN_GROUP": "fraud-detector",
		},
		secrets: strings{"API_KEY": "key", "WANDB_API_KEY": "key"},
		told:    strings{"entity": "acme", "project": "fraud", "base_url": "https://wandb.example.com"},
		client:  "wandb",
	},
	{
		system:   "neptune",
		settings: map[string]any{"project": "acme/fraud", "base_url": "https://neptune.example.com"},
		keys:     strings{"API_KEY": "short", "NEPTUNE_API_TOKEN": "long"},
		plain:    strings{"NEPTUNE_PROJECT": "acme/fraud"},
		secrets:  strings{"API_KEY": "short", "NEPTUNE_API_TOKEN": "long"},
		told:     strings{"project": "acme/fraud", "base_url": "https://neptune.example.com"},
		client:   "neptune",
	},
	{
		system: "clearml",
		settings: map[string]any{
			"api_host": "https://api.example.com", "web_host": "https://app.example.com", "files_host": "https://files.example.com",
		},
		keys: clearmlKeys,
		plain: strings{
			"CLEARML_API_HOST": "https://api.example.com", "CLEARML_WEB_HOST": "https://app.example.com",
			"CLEARML_FILES_HOST": "https://files.example.com", "CLEARML_PROJECT": "fraud-detector",
		},
		secrets: clearmlKeys,
		told: strings{
			"api_host": "https://api.example.com", "web_host": "https://app.example.com", "files_host": "https://files.example.com",
		},
		client: "clearml",
	},
	{
		system:   "sagemaker",
		settings: map[string]any{"region": "eu-west-1", "model_package_group_prefix": "fraud-"},
		keys:     strings{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"},
		plain:    strings{"AWS_DEFAULT_REGION": "eu-west-1"},
		secrets:  strings{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"},
		told:     strings{"region": "eu-west-1", "model_package_group_prefix": "fraud-"},
		client:   "sagemaker",
	},
	{
		system: "azureml",
		settings: map[string]any{
			"workspace": "ml", "resource_group": "rg", "subscription_id": "00000000-0000-0000-0000-000000000001",
		},
		plain: strings{
			"AZUREML_ARM_SUBSCRIPTION": "00000000-0000-0000-0000-000000000001", "AZUREML_ARM_RESOURCEGROUP": "rg",
			"AZUREML_ARM_WORKSPACE_NAME": "ml",
		},
		told:   strings{"workspace": "ml", "resource_group": "rg", "subscription_id": "00000000-0000-0000-0000-000000000001"},
		client: "azureml",
	},
	{
		system:   "vertex",
		settings: map[string]any{"project": "acme-fraud", "location": "europe-west1"},
		plain:    strings{"GOOGLE_CLOUD_PROJECT": "acme-fraud", "GOOGLE_CLOUD_LOCATION": "europe-west1"},
		told:     strings{"project": "acme-fraud", "location": "europe-west1"},
		client:   "vertex",
	},
}

var clearmlKeys = strings{"CLEARML_API_ACCESS_KEY": "access", "CLEARML_API_SECRET_KEY": "secret"}

func TestEverySystem(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range systems {
		seen[s.system] = true
		t.Run(s.system, func(t *testing.T) {
			p, r := linked(t, s.system, s.settings, s.keys)
			pl := p.Pipelines[0]
			plain, secrets := trackers.Environment(p, pl)
			same(t, "Environment, plain", plain, s.plain)
			same(t, "Environment, secrets", keysOf(t, secrets), s.secrets)
			same(t, "Plain", trackers.Plain(p, r, "fraud-detector"), s.plain)
			same(t, "Secrets", keysOf(t, trackers.Secrets(r)), s.secrets)
			same(t, "Settings", trackers.Settings(p, r), s.told)
			var clients []string
			if s.client != "" {
				clients = []string{s.client}
				if got := trackers.Module(s.system); got != s.client {
					t.Errorf("Module(%s) = %s", s.system, got)
				}
			}
			if got := trackers.Clients(p); !slices.Equal(got, clients) {
				t.Errorf("Clients = %v, want %v", got, clients)
			}
			if got := trackers.Locks(p); !slices.Equal(got, clients) {
				t.Errorf("Locks = %v, want %v", got, clients)
			}
		})
	}
	for _, name := range spec.Values("registry") {
		if !seen[name] {
			t.Errorf("registry %s is not in the table", name)
		}
	}
}

// linked is the quickstart with another registry.
func linked(t *testing.T, system string, settings map[string]any, keys strings) (*spec.Project, *spec.Registry) {
	t.Helper()
	c := templatestest.Quickstart(t)
	registry := c.Object(t, spec.KindRegistry, "main")
	delete(registry, "mlflow")
	registry["type"], registry[system] = system, settings
	if keys != nil {
		c.Specs = append(c.Specs, map[string]any{"kind": "secret", "platform": "fraud", "name": "tracker", "existing": "tracker-credentials"})
		registry["credentials"] = map[string]any{"secret": "tracker", "keys": anyOf(keys)}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p, p.Registries[0]
}

func anyOf(texts strings) map[string]any {
	out := map[string]any{}
	for key, text := range texts {
		out[key] = text
	}
	return out
}

// TestSubject is what runs are about: a project that is given, the model, or the pipeline.
func TestSubject(t *testing.T) {
	p, r := linked(t, "clearml", map[string]any{"api_host": "https://api.example.com", "project": "risk"}, clearmlKeys)
	if got := trackers.Plain(p, r, "fraud-detector")["CLEARML_PROJECT"]; got != "risk" {
		t.Errorf("the project that is given must win: %q", got)
	}
	own := *p.Pipelines[0]
	own.Name, own.Trains, own.Tracking = "score", nil, "main"
	r.ClearML.Project = ""
	if plain, _ := trackers.Environment(p, &own); plain["CLEARML_PROJECT"] != "score" {
		t.Errorf("a pipeline without a model reports under its own name: %v", plain)
	}
	untracked := own
	untracked.Tracking = ""
	plain, secrets := trackers.Environment(p, &untracked)
	if plain == nil || secrets == nil || len(plain) > 0 || len(secrets) > 0 {
		t.Errorf("a pipeline without a tracker has %v and %v, not two empty maps", plain, secrets)
	}
}

// TestRegion is the platform's where a registry of SageMaker names none.
func TestRegion(t *testing.T) {
	r := &spec.Registry{Type: "sagemaker"}
	p := &spec.Project{Platform: &spec.Platform{Cloud: "aws", Region: "eu-central-1"}}
	if got := trackers.Region(p, r); got != "eu-central-1" {
		t.Errorf("Region = %q", got)
	}
	r.SageMaker = &spec.SageMaker{Region: "eu-west-1"}
	if got := trackers.Region(p, r); got != "eu-west-1" {
		t.Errorf("Region = %q", got)
	}
	p.Platform.Cloud, r.SageMaker = "google", nil
	if got := trackers.Region(p, r); got != "" {
		t.Errorf("Region = %q", got)
	}
}

// TestLocks adds the clients of the clouds that run pipelines.
func TestLocks(t *testing.T) {
	for _, c := range []struct{ orchestrator, client string }{
		{"sagemaker_pipelines", "sagemaker"}, {"azureml_pipelines", "azureml"}, {"vertex_pipelines", "vertex"}, {"argo_workflows", ""},
	} {
		p := &spec.Project{
			Platform:   &spec.Platform{},
			Registries: []*spec.Registry{{Name: "main", Type: "weights_and_biases"}, {Name: "other", Type: "mlflow"}},
			Pipelines:  []*spec.Pipeline{{Name: "train", Orchestrator: c.orchestrator}, {Name: "again", Orchestrator: c.orchestrator}},
		}
		want := []string{"wandb"}
		if c.client != "" {
			want = []string{c.client, "wandb"}
			slices.Sort(want)
		}
		if got := trackers.Locks(p); !slices.Equal(got, want) {
			t.Errorf("%s: Locks = %v, want %v", c.orchestrator, got, want)
		}
	}
}

func keysOf(t *testing.T, secrets map[string]spec.SecretKey) strings {
	t.Helper()
	out := strings{}
	for variable, ref := range secrets {
		if ref.Secret != "tracker" {
			t.Errorf("%s is of secret %q", variable, ref.Secret)
		}
		out[variable] = ref.Key
	}
	return out
}

func same(t *testing.T, what string, got, want strings) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}
