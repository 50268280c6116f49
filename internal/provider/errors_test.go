package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// all matches texts in any order and across Terraform's line breaks.
func all(texts ...string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)")
	for _, text := range texts {
		words := strings.Fields(text)
		for i := range words {
			words[i] = regexp.QuoteMeta(words[i])
		}
		b.WriteString(".*" + strings.Join(words, `[\s│]+`))
	}
	return regexp.MustCompile(b.String())
}

// each makes one expression for every text, so that order does not matter.
func each(t *testing.T, config string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: factories(),
			Steps:                    []resource.TestStep{{Config: config, PlanOnly: true, ExpectError: all(text)}},
		})
	}
}

// TestErrors_oneResource: mistakes inside one resource, several in one
// configuration, each on its attribute.
func TestErrors_oneResource(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config string
		want   []string
	}{
		"platform": {`
resource "mlops_platform" "p" {
  name         = "Fraud_Platform"
  owner        = "x"
  orchestrator = "vertex_pipelines"
  mesh         = "istio"
  environments = { staging = { promote_from = "production" }, production = { promote_from = "staging" }, training = {} }
}`, []string{`"Fraud_Platform" must be lower-case`, `"vertex_pipelines" is a service of cloud "google", and the platform's cloud is "local"`, `"istio" is not supported by this version of the provider yet; supported: none`, `the name "training" is used by the emitted repository itself`}},
		"platform circle": {`
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  environments = { staging = { promote_from = "production" }, production = { promote_from = "staging" }, qa = { promote_from = "nowhere" } }
}`, []string{`promotion goes in a circle from "staging"`, `there is no environment "nowhere"`}},
		"pipeline": {`
resource "mlops_pipeline" "t" {
  name  = "train"
  image = "ghcr.io/acme/fraud:latest"
  steps = {
    a = { command = ["x", "$(nope)", "$(params.lr)"], inputs = { in = "b.out" }, env = { DB_PASSWORD = "hunter2" } }
    b = { command = ["x", "--url", "https://user:secret@example.com"], inputs = { in = "a.out" }, outputs = ["out"], needs = ["z"] }
  }
  trains   = { model = "m", artifact = "b.model", metrics = "a" }
  triggers = { schedule = { cron = "61 3 * * *", timezone = "Europe/Nowhere" } }
}`, []string{`floats: pin a digest`, `plain-text secret: the value is named like a secret`, `must not carry user:password@`, `not a cron: minute "61"`, `"Europe/Nowhere" is not an IANA time zone`}},
		"pipeline graph": {`
resource "mlops_pipeline" "t" {
  name  = "train"
  image = "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  steps = {
    a   = { command = ["x", "$(nope)", "$(params.lr)"], inputs = { in = "b.out" }, outputs = ["out"] }
    b   = { command = ["x"], inputs = { in = "a.out" }, outputs = ["out"], needs = ["z"] }
    c_d = { command = ["x"] }
    c-d = { command = ["x"] }
  }
  trains = { model = "m", artifact = "b.model", metrics = "a" }
}`, []string{`unknown token "$(nope)"`, `there is no parameter "lr"`, `the step waits for itself`, `there is no step "z"`, `step "b" has no output "model"`, `step "a" writes no metrics`, `both become "c-d"`}},
		"endpoint": {`
resource "mlops_endpoint" "e" {
  name     = "e"
  model    = "m"
  replicas = { min = 5, max = 2 }
  rollout  = { strategy = "canary", steps = [{ weight = 50 }, { weight = 10 }] }
  fallback = { model = "x" }
  resources = { accelerator = { type = "nvidia-z9", count = 1 } }
}`, []string{`2 is below min 5`, `"canary" is not supported`, `10 must be above the step before it (50)`, `a fallback needs a mesh`, `"nvidia-z9" is not an accelerator`}},
		"dataset and registry": {`
resource "mlops_dataset" "d" {
  name  = "d"
  dvc   = { bucket = "b", path = "p", revision = "v1" }
  local = { path = "../../etc/passwd" }
}
resource "mlops_model_registry" "r" {
  name    = "r"
  type    = "neptune"
  mlflow  = { managed = true }
}`, []string{`exactly one of dvc, lakefs, bucket, local; 2 are set`, `"../../etc/passwd" must be a plain relative path`, `settings of mlflow, but type is "neptune"`}},
		"settings of a system not chosen": {`
resource "mlops_model_registry" "r" {
  name    = "r"
  type    = "mlflow"
  clearml = { api_host = "https://clearml.example.com" }
}`, []string{`settings of clearml, but type is "mlflow"`}},
		"model": {`
resource "mlops_registered_model" "m" {
  name     = "m"
  registry = "main"
}`, []string{`a model without a gate would be promoted unseen`, `Must be the spec of a mlops_model_registry`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, c.config, c.want...)
		})
	}
}

// TestErrors_betweenResources: mistakes that only the repository can see, all at
// once, each on the element of contains.
func TestErrors_betweenResources(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := fmt.Sprintf(`
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  environments = { staging = { quota = { cpu = "2" } } }
  security     = { allowed_registries = ["ghcr.io/acme"] }
}
resource "mlops_gitops_repository" "this" {
  url = %q
  contains = [
    mlops_platform.p.spec,
    provider::mlops::pipeline({ name = "train", image = "docker.io/other/x@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", steps = {
      a = { command = ["x"], inputs = { in = "dataset.nothing" }, resources = { cpu = "4" }, pool = "none" }
    }, trains = { model = "absent", artifact = "a.x" }, artifacts = "nowhere" }),
    provider::mlops::registered_model({ name = "m", registry = "gone", gates = [], promotion = { to = ["moon"] } }),
    provider::mlops::endpoint({ name = "e", model = "m2" }),
    provider::mlops::endpoint({ name = "e", model = "m2" }),
  ]
}`, r.url())
	config = strings.Replace(config, `trains = { model = "absent", artifact = "a.x" }, `, "", 1)
	each(t, config,
		`pipeline "train": steps["a"].inputs["in"]: there is no dataset "nothing"`,
		`pipeline "train": artifacts: there is no bucket "nowhere"`,
		`pipeline "train": steps["a"].pool: there is no gpu_pool "none"`,
		`asks for 4 cpu, but the quota of environment "staging" is 2`,
		`is from none of the registries that the platform allows`,
		`registered_model "m": registry: there is no model_registry "gone"`,
		`platform "p" has no environment "moon"`,
		`endpoint "e": name: is contained twice`,
		`endpoint "e": model: there is no registered_model "m2"`,
	)
	each(t, fmt.Sprintf(`
resource "mlops_gitops_repository" "this" {
  url      = "https://user:secret@example.com/x.git"
  contains = ["not a spec"]
  delivery = { mode = "pull_request", forge = "gitea" }
  on_drift = "panic"
}
resource "mlops_gitops_repository" "other" {
  url      = %q
  contains = ["not a spec"]
}`, r.url()), `must not carry user:password@`, `"pull_request" is not supported`, `on_drift`)
	each(t, fmt.Sprintf("resource \"mlops_gitops_repository\" \"this\" {\n url = %q\n contains = [\"not a spec\"]\n}", r.url()), `Element 0 of contains is not a spec`)
}
