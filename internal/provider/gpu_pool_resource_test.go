package provider_test

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// onCloud is a platform on a cloud with one pool; a plan of it needs no account.
func onCloud(cloud, region, prices, pool string) string {
	return fmt.Sprintf(`
provider "mlops" {
  %s
  google = { project = "acme" }
  azure  = { subscription_id = "00000000-0000-0000-0000-000000000000", resource_group = "ml" }
}
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  cloud        = %q
  region       = %q
  cluster      = { name = "ml" }
  environments = { staging = {} }
}
resource "mlops_gpu_pool" "g" {
  platform = mlops_platform.p.spec
  name     = "train"
  nodes    = { min = 1, max = 4 }
  capacity = ["spot", "on_demand"]
  %s
}
output "month" { value = provider::mlops::monthly_cost(mlops_gpu_pool.g.spec) }
`, prices, cloud, region, pool)
}

// TestGPUPool_choice: the plan knows the machine, why it was taken, and what it costs.
func TestGPUPool_choice(t *testing.T) {
	t.Parallel()
	at := func(name string, more ...string) tfjsonpath.Path {
		out := tfjsonpath.New(name)
		for _, key := range more {
			out = out.AtMapKey(key)
		}
		return out
	}
	own := filepath.Join(t.TempDir(), "prices.csv")
	if err := os.WriteFile(own, []byte("cloud,instance_type,on_demand\naws,g6.2xlarge,0.10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l4 := `accelerator = { type = "nvidia-l4", count = 1 }`
	for name, tt := range map[string]struct {
		config string
		checks map[string]knownvalue.Check
		min    string
	}{
		"aws": {onCloud("aws", "eu-west-1", "", l4), map[string]knownvalue.Check{
			"instance_type": knownvalue.StringExact("g6.xlarge"), "choice": knownvalue.StringRegexp(regexp.MustCompile("cheapest")), "price_as_of": knownvalue.StringExact("2026-07-20"),
			"hourly_cost": knownvalue.ObjectPartial(map[string]knownvalue.Check{"on_demand": knownvalue.Float64Exact(0.8048), "spot": knownvalue.Float64Exact(0.48288)}),
		}, "352.5024"},
		"own prices": {onCloud("aws", "eu-west-1", fmt.Sprintf("prices = %q", own), l4), map[string]knownvalue.Check{"instance_type": knownvalue.StringExact("g6.2xlarge")}, "73"},
		"pinned":     {onCloud("aws", "eu-west-1", "", l4+"\n  instance_type = \"g6.4xlarge\""), map[string]knownvalue.Check{"instance_type": knownvalue.StringExact("g6.4xlarge")}, ""},
		"machine": {onCloud("aws", "eu-west-1", "", "instance_type = \"g6.12xlarge\""), map[string]knownvalue.Check{
			"instance_type": knownvalue.StringExact("g6.12xlarge"), "resource_name": knownvalue.StringExact("nvidia.com/gpu"),
			"node_selector": knownvalue.MapPartial(map[string]knownvalue.Check{"mlops.dev/accelerator": knownvalue.StringExact("nvidia-l4")}),
		}, ""},
		"google": {onCloud("google", "europe-west1", "", l4), map[string]knownvalue.Check{"instance_type": knownvalue.StringExact("g2-standard-4")}, ""},
		"substitute": {onCloud("azure", "westeurope", "", l4), map[string]knownvalue.Check{
			"instance_type": knownvalue.StringExact("Standard_NC4as_T4_v3"), "node_selector": knownvalue.MapPartial(map[string]knownvalue.Check{"mlops.dev/accelerator": knownvalue.StringExact("nvidia-t4")}),
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var checks []plancheck.PlanCheck
			for attribute, check := range tt.checks {
				checks = append(checks, plancheck.ExpectKnownValue("mlops_gpu_pool.g", at(attribute), check))
			}
			if tt.min != "" {
				checks = append(checks, plancheck.ExpectKnownOutputValueAtPath("month", tfjsonpath.New("min"), knownvalue.NumberExact(number(t, tt.min))))
			}
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{
				{Config: tt.config, PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: checks}},
			}})
		})
	}
}

// TestGPUPool_refused: what no machine is and what costs too much is refused at plan.
func TestGPUPool_refused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ config, want string }{
		"not sold":          {onCloud("aws", "eu-west-1", "", `accelerator = { type = "amd-mi300x", count = 8 }`), `cloud "aws" has no amd-mi300x`},
		"too dear":          {onCloud("aws", "eu-west-1", "", `accelerator = { type = "nvidia-l4" }`+"\n  max_hourly_price = 0.5"), `g6.xlarge costs 0.8048 USD an hour, which is above 0.5`},
		"another's machine": {onCloud("aws", "eu-west-1", "", `accelerator = { type = "nvidia-l4" }`+"\n  instance_type = \"g5.xlarge\""), `g5.xlarge`},
		"another's words":   {onCloud("aws", "eu-west-1", "", `accelerator = { type = "nvidia-l4" }`+"\n  google = {}"), `is for cloud "google", and the platform's cloud is "aws"`},
		"unknown machine":   {onCloud("aws", "eu-west-1", "", `instance_type = "g99.xlarge"`), `the list of prices has no "g99.xlarge" of aws: set accelerator`},
		"unknown price":     {onCloud("aws", "eu-west-1", "", `accelerator = { type = "nvidia-h200", count = 8 }`+"\n  instance_type = \"p5e.48xlarge\"\n  max_hourly_price = 1"), `the list price of p5e.48xlarge is not known, so it cannot be held to 1`},
		"no price list":     {onCloud("aws", "eu-west-1", `prices = "absent.csv"`, `accelerator = { type = "nvidia-l4" }`), `prices of the provider: open absent.csv`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, tt.config, tt.want)
		})
	}
}

// TestGPUPool_doubts: a price older than 180 days and an accelerator that the cloud does
// not sell are said aloud.
func TestGPUPool_doubts(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(onCloud("azure", "westeurope", "", `accelerator = { type = "nvidia-l4" }`))
	f.exits(2, []string{"The cloud has no nvidia-l4: nodes of pool \"train\" have nvidia-t4 instead", "more than 180 days ago"}, "plan", "-detailed-exitcode")
	f.write(onCloud("google", "europe-west1", "", `accelerator = { type = "nvidia-l4", count = 3 }`))
	f.exits(2, []string{"A node of pool \"train\" has 4 nvidia-l4, 3 were asked for"}, "plan", "-detailed-exitcode")
	unpriced := onCloud("aws", "eu-west-1", "", "accelerator = { type = \"nvidia-h200\", count = 8 }\n  instance_type = \"p5e.48xlarge\"")
	f.write(regexp.MustCompile(`(?m)^output .*$`).ReplaceAllString(unpriced, "")) // the function has no answer
	f.exits(2, []string{"The list price of p5e.48xlarge is not known, so the costs of pool \"train\" are left out everywhere"}, "plan", "-detailed-exitcode")
}

// TestDataSources_ofTheCatalog: machines are listed and pools are added up without an account.
func TestDataSources_ofTheCatalog(t *testing.T) {
	t.Parallel()
	config := onCloud("local", "", "", `accelerator = provider::mlops::accelerator("nvidia-l4:2")`) + `
data "mlops_accelerators" "l4" {
  cloud = "aws"
  type  = "nvidia-l4"
}
data "mlops_cost_estimate" "all" {
  contains = [mlops_platform.p.spec]
}
`
	config = regexp.MustCompile(`(?m)^output .*$|^  region .*$`).ReplaceAllString(config, "")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{{
		Config: config,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.mlops_accelerators.l4", tfjsonpath.New("machines").AtSliceIndex(0).AtMapKey("instance_type"), knownvalue.StringExact("g6.xlarge")),
			statecheck.ExpectKnownValue("data.mlops_cost_estimate.all", tfjsonpath.New("hourly"), knownvalue.Int64Exact(0)),
			statecheck.ExpectKnownValue("mlops_gpu_pool.g", tfjsonpath.New("accelerator").AtMapKey("count"), knownvalue.Int64Exact(2)),
		},
	}}})
}

func number(t *testing.T, text string) *big.Float {
	t.Helper()
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
