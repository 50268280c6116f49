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

const bucketConfig = `
provider "mlops" {
  local = { root = %q }
}
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  environments = { staging = {} }
}
resource "mlops_bucket" "b" {
  platform = mlops_platform.p.spec
  name     = "artifacts"
  %s
}
`

// TestBucket_life: create, update in place, drift, replace, import, refusal to
// destroy what holds files, destroy.
func TestBucket_life(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	folder := filepath.Join(root, "buckets", "p", "artifacts")
	config := func(extra string) string { return fmt.Sprintf(bucketConfig, root, extra) }
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{
				Config: config(`lifecycle = [{ prefix = "tmp/", expire_after_days = 30 }]`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue("mlops_bucket.b", tfjsonpath.New("uri"), knownvalue.StringExact("file://"+folder)),
				}},
				Check: func(*terraform.State) error {
					info, err := os.Stat(folder)
					if err == nil && info.Mode().Perm() != 0o700 {
						err = fmt.Errorf("mode %v", info.Mode())
					}
					return err
				},
			},
			{
				Config: config(""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_bucket.b", plancheck.ResourceActionUpdate),
				}},
			},
			{
				PreConfig: func() {
					if err := os.Remove(folder); err != nil {
						t.Fatal(err)
					}
				},
				Config: config(""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_bucket.b", plancheck.ResourceActionCreate),
				}},
			},
			{
				PreConfig:   func() { write(t, filepath.Join(folder, "model.bin"), "x") },
				Config:      config(""),
				Destroy:     true,
				ExpectError: regexp.MustCompile(`(?s)not\s+empty.*force_destroy`),
			},
			{Config: config("force_destroy = true")},
			{
				ResourceName: "mlops_bucket.b", ImportState: true, ImportStateId: "p/artifacts", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"force_destroy", "platform", "spec", "uri"},
			},
			{
				Config: "removed {\n  from = mlops_bucket.b\n  lifecycle {\n    destroy = false\n  }\n}\n",
			},
			{
				Config: config("force_destroy = true") + "\nimport {\n  to = mlops_bucket.b\n  id = \"p/artifacts\"\n}\n",
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_bucket.b", plancheck.ResourceActionUpdate),
				}},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			if _, err := os.Stat(folder); !os.IsNotExist(err) {
				return fmt.Errorf("the folder is still there: %w", err)
			}
			return nil
		},
	})
}

// TestBucket_existing: what existed before is used, and never deleted.
func TestBucket_existing(t *testing.T) {
	t.Parallel()
	root, own := t.TempDir(), t.TempDir()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps:                    []resource.TestStep{{Config: fmt.Sprintf(bucketConfig, root, fmt.Sprintf("existing = %q", own))}},
		CheckDestroy: func(*terraform.State) error {
			_, err := os.Stat(own)
			return err
		},
	})
}
