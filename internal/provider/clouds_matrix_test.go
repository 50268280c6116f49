package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
)

// platformFraud is everything that a platform declares, pool and secret included. %s are the
// provider's configuration, the lines of the platform, its store, and the repository.
const platformFraud = `
provider "mlops" {
  %s
}
variable "value" {
  type      = string
  ephemeral = true
  sensitive = true
}
resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "risk"
  cluster      = { name = "ml" }
  environments = { staging = {}, production = { promote_from = "staging" } }
  %s
  %s
}
resource "mlops_bucket" "artifacts" {
  platform  = mlops_platform.fraud.spec
  name      = "fraud-artifacts"
  lifecycle = [{ prefix = "tmp/", expire_after_days = 30 }]
}
resource "mlops_gpu_pool" "train" {
  platform         = mlops_platform.fraud.spec
  name             = "train"
  accelerator      = { type = "nvidia-t4", count = 1 }
  nodes            = { min = 0, max = 4 }
  capacity         = ["spot", "on_demand"]
  max_hourly_price = 2.5
}
resource "mlops_secret" "tracker" {
  platform         = mlops_platform.fraud.spec
  name             = "tracker"
  path             = "p/tracker"
  value_wo         = { api_key = var.value }
  value_wo_version = 1
  sync             = { namespaces = ["fraud-training"] }
}
resource "mlops_identity" "trainer" {
  platform = mlops_platform.fraud.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants = [
    { access = "write", bucket = mlops_bucket.artifacts.spec },
    { access = "read", secret = mlops_secret.tracker.spec },
  ]
}
resource "mlops_dataset" "transactions" {
  name  = "transactions"
  local = { path = "data/transactions.csv" }
}
resource "mlops_model_registry" "main" {
  name   = "main"
  type   = "mlflow"
  mlflow = { managed = true }
}
resource "mlops_registered_model" "detector" {
  name     = "fraud-detector"
  registry = mlops_model_registry.main.spec
  gates    = [{ metric = "auc_roc", op = ">=", threshold = 0.92 }]
}
resource "mlops_pipeline" "train" {
  name  = "train"
  image = "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  steps = {
    train = {
      command    = ["python", "-m", "fraud.train"]
      args       = ["--data", "$(inputs.transactions)", "--model", "$(outputs.model)", "--metrics", "$(metrics)"]
      inputs     = { transactions = "dataset.transactions" }
      outputs    = ["model"]
      resources  = { cpu = "4", memory = "8Gi", accelerator = { type = "nvidia-t4", count = 1 } }
      pool       = mlops_gpu_pool.train.name
      secret_env = { API_KEY = { secret = mlops_secret.tracker.name, key = "api_key" } }
    }
  }
  trains    = { model = mlops_registered_model.detector.name, artifact = "train.model", metrics = "train" }
  identity  = mlops_identity.trainer.name
  artifacts = mlops_bucket.artifacts.name
}
resource "mlops_gitops_repository" "this" {
  url    = %q
  branch = "main"
  contains = [
    mlops_platform.fraud.spec, mlops_bucket.artifacts.spec, mlops_gpu_pool.train.spec, mlops_secret.tracker.spec, mlops_identity.trainer.spec,
    mlops_dataset.transactions.spec, mlops_model_registry.main.spec, mlops_registered_model.detector.spec, mlops_pipeline.train.spec,
  ]
}
output "files" { value = length(mlops_gitops_repository.this.files) }
`

// TestClouds_everyStore: the whole platform on every cloud with every secret store is
// applied, planned again without a change, and destroyed without a trace; the secret is in
// no file of it.
func TestClouds_everyStore(t *testing.T) {
	t.Parallel()
	clouds := map[string]func(t *testing.T) *site{
		"local": func(t *testing.T) *site {
			t.Helper()
			return &site{cloud: "local", section: fmt.Sprintf("local = { root = %q }", t.TempDir())}
		},
		"kubernetes": func(*testing.T) *site { return &site{cloud: "kubernetes"} },
		"aws":        onAmazon, "google": onGoogle, "azure": onAzure,
	}
	stores := map[string]func(t *testing.T) keeper{
		"vault":                 func(t *testing.T) keeper { t.Helper(); return keeper{store: withPods(t, onVault(t))} },
		"aws_secrets_manager":   func(t *testing.T) keeper { t.Helper(); return keeper{store: onAWS(t)} },
		"google_secret_manager": onSecretManager, "azure_key_vault": onKeyVault,
	}
	for cloud, there := range clouds {
		for name, open := range stores {
			t.Run(cloud+" with "+name, func(t *testing.T) {
				t.Parallel()
				everyStore(t, there(t), open(t), name)
			})
		}
	}
}

func everyStore(t *testing.T, s *site, k keeper, store string) {
	t.Helper()
	remote, value := newRemote(t), canary()
	f := newFolder(t, append(k.env, "TF_VAR_value="+value)...)
	region, before := "", 0
	if s.count != nil {
		before = s.count()
	}
	if s.regions[0] != "" {
		region = fmt.Sprintf("region = %q", s.regions[0])
	}
	f.write(fmt.Sprintf(platformFraud, joined(t, s, k), fmt.Sprintf("cloud = %q\n  %s", s.cloud, region), k.store.platform, remote.url()))
	f.exits(2, nil, "plan", "-detailed-exitcode", "-out=one.tfplan")
	f.exits(0, nil, "apply", "one.tfplan")
	f.unchanged()
	if got := k.values(t); got["api_key"] != value {
		t.Errorf("%s does not hold the value", store)
	}
	for _, dir := range []string{f.dir, strings.TrimPrefix(remote.url(), "file://")} {
		if found := leaks(t, dir, value); len(found) > 0 {
			t.Errorf("the value is in %v", found)
		}
	}
	f.exits(0, nil, "destroy", "-auto-approve")
	if s.count != nil {
		if n := s.count(); n != before {
			t.Errorf("%d objects are left in the cloud", n-before)
		}
	}
	if k.values(t) != nil {
		t.Errorf("the secret is left in %s", store)
	}
}

// joined is the configuration of a cloud and of a store: one section where they are of one
// provider, whose endpoints are those of both.
func joined(t *testing.T, s *site, k keeper) string {
	t.Helper()
	head, section, _ := strings.Cut(k.section, " = ")
	if head == "" || !strings.HasPrefix(s.section, head+" = ") {
		return s.section + "\n  " + k.section
	}
	if head == "azure" {
		return strings.Replace(s.section, "azure = {", "azure = {\n    "+strings.Trim(section, "{} "), 1)
	}
	address := regexp.MustCompile(`secretmanager = "([^"]+)/"`)
	ours, theirs := address.FindStringSubmatch(s.section)[1], address.FindStringSubmatch(section)[1]
	both := listens(t, "both", tripper(func(r *http.Request) (*http.Response, error) {
		to := theirs // who may read is asked of the project, what is kept of the store
		path, made := strings.TrimPrefix(r.URL.Path, "/v1/"), r.URL.Query().Get("secretId")
		switch {
		case strings.HasSuffix(path, "IamPolicy"), r.Method == http.MethodGet && strings.HasSuffix(path, "/secrets"):
			to = ours
		case r.Method == http.MethodPost && made != "":
			s.google.Lock()
			s.google.Secrets[path+"/"+made] = &googlefake.Secret{Labels: map[string]string{"managed-by": "terraform-provider-mlops"}}
			s.google.Unlock()
		case r.Method == http.MethodDelete:
			s.google.Lock()
			delete(s.google.Secrets, path)
			s.google.Unlock()
		}
		again, err := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.RequestURI(), r.Body)
		if err != nil {
			return nil, err
		}
		again.Header = r.Header
		return http.DefaultTransport.RoundTrip(again)
	}))
	return address.ReplaceAllString(s.section, `secretmanager = "`+both+`/"`)
}

// withPods lets pods sign in to a Vault.
func withPods(t *testing.T, s store) store {
	t.Helper()
	address, token := strings.TrimPrefix(s.env[0], "VAULT_ADDR="), strings.TrimPrefix(s.env[1], "VAULT_TOKEN=")
	if _, status := sent(t, http.MethodPost, address+"/v1/sys/auth/kubernetes", map[string]string{"X-Vault-Token": token}, map[string]any{"type": "kubernetes"}); status != http.StatusNoContent {
		t.Fatalf("the login of pods cannot be enabled: %d", status)
	}
	return s
}
