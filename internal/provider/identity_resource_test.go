package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const identityConfig = `
resource "mlops_identity" "i" {
  platform = mlops_platform.p.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "p-training", service_account = "trainer" } }
  grants   = [{ access = "write", bucket = mlops_bucket.b.spec, prefix = %q }]
  %s
}
`

const policyText = `{
  "version": "1",
  "principal": "system:serviceaccount:p-training:trainer",
  "allow": [
    {
      "actions": [
        "list",
        "read",
        "write"
      ],
      "bucket": "artifacts",
      "prefix": "runs/"
    }
  ]
}
`

// TestIdentity_life: create with the policy in the plan, drift, repair, update, import, destroy.
func TestIdentity_life(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	file := filepath.Join(root, "identities", "p", "trainer.json")
	config := func(prefix, extra string) string {
		return fmt.Sprintf(bucketConfig, root, "") + fmt.Sprintf(identityConfig, prefix, extra)
	}
	holds := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			got, err := os.ReadFile(file)
			if err == nil && string(got) != want {
				err = fmt.Errorf("the policy is %s", got)
			}
			return err
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: config("*", ""), ExpectError: regexp.MustCompile(`a\s+wildcard\s+would\s+grant\s+more`)},
			{
				Config: config("runs/", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue("mlops_identity.i", tfjsonpath.New("policy"), knownvalue.StringExact(policyText)),
					plancheck.ExpectKnownValue("mlops_identity.i", tfjsonpath.New("principal"), knownvalue.StringExact("system:serviceaccount:p-training:trainer")),
				}},
				Check: holds(policyText),
			},
			{
				PreConfig: func() { write(t, file, "{}") },
				Config:    config("runs/", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_identity.i", plancheck.ResourceActionUpdate),
				}},
				Check: holds(policyText),
			},
			{
				Config: config("other/", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_identity.i", plancheck.ResourceActionUpdate),
				}},
			},
			{
				ResourceName: "mlops_identity.i", ImportState: true, ImportStateId: "p/trainer", ImportStateVerify: true,
				ImportStateVerifyIgnore: []string{"policy", "platform", "spec", "subject", "grants", "annotations", "principal"},
			},
			{
				PreConfig: func() {
					if err := os.Remove(file); err != nil {
						t.Fatal(err)
					}
				},
				Config: config("other/", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_identity.i", plancheck.ResourceActionCreate),
				}},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			if _, err := os.Stat(file); !os.IsNotExist(err) {
				return fmt.Errorf("the policy is still there: %w", err)
			}
			return nil
		},
	})
}

// TestAccess_onLocal: a pool is a declaration with its costs, and a secret a reference.
func TestAccess_onLocal(t *testing.T) {
	t.Parallel()
	config := fmt.Sprintf(bucketConfig, t.TempDir(), "") + `
resource "mlops_gpu_pool" "g" {
  platform    = mlops_platform.p.spec
  name        = "train-l4"
  accelerator = { type = "nvidia-l4" }
  nodes       = { max = 4 }
}
resource "mlops_secret" "s" {
  platform = mlops_platform.p.spec
  name     = "tracker"
  %s
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: fmt.Sprintf(config, `value_wo = { api_key = "x" }
  existing = "tracker-credentials"`), ExpectError: regexp.MustCompile(`its\s+values\s+are\s+never\s+written`)},
			{Config: fmt.Sprintf(config, `value_wo = { api_key = "x" }`), ExpectError: regexp.MustCompile(`has\s+no\s+secret_store\s+to\s+write\s+to`)},
			{
				Config: fmt.Sprintf(config, `existing = "tracker-credentials"`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue("mlops_gpu_pool.g", tfjsonpath.New("resource_name"), knownvalue.StringExact("nvidia.com/gpu")),
					plancheck.ExpectKnownValue("mlops_gpu_pool.g", tfjsonpath.New("node_selector").AtMapKey("mlops.dev/pool"), knownvalue.StringExact("train-l4")),
					plancheck.ExpectKnownValue("mlops_gpu_pool.g", tfjsonpath.New("hourly_cost").AtMapKey("spot"), knownvalue.Int64Exact(0)),
					plancheck.ExpectKnownValue("mlops_gpu_pool.g", tfjsonpath.New("instance_type"), knownvalue.StringExact("local")),
					plancheck.ExpectKnownValue("mlops_gpu_pool.g", tfjsonpath.New("tolerations").AtSliceIndex(0).AtMapKey("key"), knownvalue.StringExact("nvidia.com/gpu")),
				}},
			},
		},
	})
}

// TestAccess_onOtherClouds: what exists there can be used without an account.
func TestAccess_onOtherClouds(t *testing.T) {
	t.Parallel()
	on := func(cloud, region, more string) string {
		return fmt.Sprintf(`
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  cloud        = %q
  region       = %s
  environments = { staging = {} }
}
%s`, cloud, region, more)
	}
	const trainer = `
resource "mlops_identity" "i" {
  platform = mlops_platform.p.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "p-training", service_account = "trainer" } }
  %s
}`
	for name, tt := range map[string]struct{ config, want string }{
		"region": {on("azure", `"West Europe"`, ""), `"West Europe" is not the name of a region of cloud "azure", as of November 2026; the nearest names are: westeurope`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, tt.config, tt.want)
		})
	}
	for cloud, tt := range map[string]struct{ region, uri, annotation, id string }{
		"aws":        {`"eu-west-1"`, "s3://theirs", "eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/trainer"},
		"google":     {`"europe-west1"`, "gs://theirs", "iam.gke.io/gcp-service-account", "trainer@acme-ml.iam.gserviceaccount.com"},
		"azure":      {`"westeurope"`, "abfss://theirs@p148de9c5.dfs.core.windows.net", "azure.workload.identity/client-id", "11111111-2222-3333-4444-555555555555"},
		"kubernetes": {"null", "pvc://theirs", "mlops.dev/identity", "theirs"},
	} {
		t.Run("existing on "+cloud, func(t *testing.T) {
			t.Parallel()
			id := tt.id
			config := on(cloud, tt.region, `
resource "mlops_bucket" "b" {
  platform = mlops_platform.p.spec
  name     = "artifacts"
  existing = "theirs"
}
resource "mlops_secret" "s" {
  platform = mlops_platform.p.spec
  name     = "tracker"
  existing = "tracker-credentials"
}`+fmt.Sprintf(trainer, fmt.Sprintf("existing = %q", id)))
			if cloud == "kubernetes" {
				id = "trainer" // nothing in the cluster finds an identity of a cloud
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(),
				Steps: []resource.TestStep{
					{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectKnownValue("mlops_bucket.b", tfjsonpath.New("uri"), knownvalue.StringExact(tt.uri)),
						plancheck.ExpectKnownValue("mlops_identity.i", tfjsonpath.New("annotations").AtMapKey(tt.annotation), knownvalue.StringExact(id)),
					}}},
					{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
				},
			})
		})
	}
}
