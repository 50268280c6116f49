package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

const lateConfig = `
resource "terraform_data" "region" {
  input = %[1]q
}
resource "terraform_data" "prefix" {
  input = %[2]q
}
resource "terraform_data" "most" {
  input = %[3]d
}
resource "mlops_bucket" "b" {
  platform = mlops_platform.p.spec
  name     = "acme-artifacts"
}
resource "mlops_gpu_pool" "g" {
  platform    = mlops_platform.p.spec
  name        = "train"
  accelerator = { type = "nvidia-t4" }
  nodes       = { max = terraform_data.most.output }
}
resource "mlops_identity" "i" {
  platform = mlops_platform.p.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants   = [{ access = "write", bucket = mlops_bucket.b.spec, prefix = terraform_data.prefix.output }]
}
`

// TestClouds_lateValues: a platform, grants and nodes that are known only after apply are
// planned as such, made, and changed in place; the next plan is empty each time.
func TestClouds_lateValues(t *testing.T) {
	t.Parallel()
	for cloud, open := range sites {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := open(t), newFolder(t)
			config := func(prefix string, most int) string {
				platform := strings.Replace(s.platform(0), fmt.Sprintf("%q", s.regions[0])+"\n  cluster", "terraform_data.region.output\n  cluster", 1)
				return platform + fmt.Sprintf(lateConfig, s.regions[0], prefix, most)
			}
			f.write(config("runs/", 2))
			f.exits(0, nil, "plan", "-out=next.tfplan")
			for _, c := range f.all() {
				if strings.HasPrefix(c.Address, "mlops_") && (c.action() != "create" || c.ChangeOf.Unknown["spec"] != true) {
					t.Errorf("the plan is to %s %s: %v", c.action(), c.Address, c.ChangeOf.After["spec"])
				}
			}
			f.applied()
			full := s.count()

			f.write(config("other/", 4))
			f.exits(0, nil, "plan", "-out=next.tfplan")
			for _, c := range f.all() {
				want := map[string]string{"mlops_gpu_pool.g": "update", "mlops_identity.i": "update", "mlops_bucket.b": "no-op"}[c.Address]
				if want != "" && c.action() != want {
					t.Errorf("the plan is to %s %s, want %s", c.action(), c.Address, want)
				}
			}
			f.applied()
			if got := s.count(); got != full {
				t.Errorf("%d objects after an update of %d", got, full)
			}
			f.exits(0, nil, "destroy", "-auto-approve")
			if s.count() != 0 {
				t.Errorf("%d objects are left", s.count())
			}
		})
	}
}

// TestClouds_lateRegion: when what is known only after apply asks for another object, the
// one that is there stays as it is, and the next plan replaces it.
func TestClouds_lateRegion(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	config := func(region int) string {
		return strings.Replace(s.platform(0), fmt.Sprintf("%q", s.regions[0])+"\n  cluster", "terraform_data.region.output\n  cluster", 1) +
			fmt.Sprintf("resource \"terraform_data\" \"region\" {\n  input = %q\n}\nresource \"mlops_bucket\" \"b\" {\n  platform = mlops_platform.p.spec\n  name = \"acme-artifacts\"\n}\n", s.regions[region])
	}
	f.write(config(0))
	f.apply()
	full := s.count()
	f.write(config(1))
	f.refused("inconsistent final plan")
	if got := s.count(); got != full {
		t.Errorf("%d objects, want the %d there were", got, full)
	}
	if c := f.planned("mlops_bucket.b"); c.action() != "delete then create" || fmt.Sprint(c.ChangeOf.Replaced) != "[[settings region]]" {
		t.Errorf("the next plan is to %s for %v", c.action(), c.ChangeOf.Replaced)
	}
	f.applied()
}
