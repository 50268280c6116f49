package provider_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// portable is a platform that says nothing of a cloud but its name and region.
const portable = `
provider "mlops" {
  aws    = { account_id = "123456789012" }
  google = { project = "acme-ml", project_number = "415104041262" }
  azure  = { subscription_id = "00000000-0000-0000-0000-000000000000", resource_group = "ml" }
}
resource "mlops_platform" "p" {
  name         = "fraud"
  owner        = "risk"
  cloud        = %q
  region       = %s
  cluster      = { name = "ml" }
  orchestrator = "argo_workflows"
  environments = { staging = {}, production = { promote_from = "staging" } }
}
resource "mlops_bucket" "b" {
  platform = mlops_platform.p.spec
  name     = "acme-artifacts"
}
resource "mlops_gpu_pool" "g" {
  platform    = mlops_platform.p.spec
  name        = "train"
  accelerator = { type = "nvidia-t4" }
  nodes       = { max = 2 }
}
resource "mlops_identity" "i" {
  platform = mlops_platform.p.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants   = [{ access = "write", bucket = mlops_bucket.b.spec }]
}
resource "mlops_dataset" "d" {
  name  = "transactions"
  local = { path = "data/transactions.csv" }
}
resource "mlops_model_registry" "r" {
  name   = "main"
  type   = "mlflow"
  mlflow = { managed = true }
}
resource "mlops_registered_model" "m" {
  name     = "fraud-detector"
  registry = mlops_model_registry.r.spec
  gates    = [{ metric = "auc_roc", op = ">=", threshold = 0.92 }]
}
resource "mlops_pipeline" "t" {
  name         = "train"
  orchestrator = "argo_workflows"
  image        = "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  artifacts    = mlops_bucket.b.name
  steps = {
    train = {
      command   = ["python", "-m", "fraud.train", "--data", "$(inputs.transactions)", "--model", "$(outputs.model)", "--metrics", "$(metrics)"]
      inputs    = { transactions = "dataset.transactions" }
      outputs   = ["model"]
      resources = { accelerator = { type = "nvidia-t4" } }
    }
  }
  trains = { model = mlops_registered_model.m.name, artifact = "train.model", metrics = "train" }
}
resource "mlops_gitops_repository" "this" {
  url      = %q
  contains = [mlops_platform.p.spec, mlops_bucket.b.spec, mlops_gpu_pool.g.spec, mlops_identity.i.spec, mlops_dataset.d.spec, mlops_model_registry.r.spec, mlops_registered_model.m.spec, mlops_pipeline.t.spec]
}
`

// TestPortability: one configuration on every cloud emits the same files, but for those
// that the golden names: "+" is there only on that cloud, "-" only on local, "~" differs.
func TestPortability(t *testing.T) {
	t.Parallel()
	regions := map[string]string{"local": "null", "kubernetes": "null", "aws": `"eu-west-1"`, "google": `"europe-west1"`, "azure": `"westeurope"`}
	emitted := map[string]map[string]any{}
	url := newRemote(t).url()
	for cloud, region := range regions {
		f := newFolder(t)
		f.write(fmt.Sprintf(portable, cloud, region, url))
		c := f.planned("mlops_gitops_repository.this")
		files, _ := c.ChangeOf.After["files"].(map[string]any)
		late, _ := c.ChangeOf.Unknown["files"].(map[string]any)
		all := maps.Clone(files)
		for path := range late {
			all[path] = "known after apply"
		}
		if len(all) < 20 {
			t.Fatalf("only %d files on %s", len(all), cloud)
		}
		emitted[cloud] = all
	}
	got := fmt.Sprintf("%d files on local\n", len(emitted["local"]))
	for _, cloud := range []string{"kubernetes", "aws", "google", "azure"} {
		got += "\n" + cloud + "\n"
		both := maps.Clone(emitted["local"])
		maps.Copy(both, emitted[cloud])
		for _, path := range slices.Sorted(maps.Keys(both)) {
			there, here := emitted["local"][path], emitted[cloud][path]
			switch {
			case there == here:
			case there == nil:
				got += "+ " + path + "\n"
			case here == nil:
				got += "- " + path + "\n"
			default:
				got += "~ " + path + "\n"
			}
		}
	}
	const golden = "testdata/portability.txt"
	if *update {
		write(t, golden, got)
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != got {
		t.Errorf("what differs between clouds is not what %s says (accept with -update): %v\n%s", golden, err, unlike(string(want), got))
	}
}

// unlike are the lines that one of two texts has.
func unlike(want, got string) (out string) {
	one, other := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range one {
		if !slices.Contains(other, line) {
			out += "no longer: " + line + "\n"
		}
	}
	for _, line := range other {
		if !slices.Contains(one, line) {
			out += "new: " + line + "\n"
		}
	}
	return out
}
