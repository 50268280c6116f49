package provider_test

import (
	"fmt"
	"testing"
)

// TestClouds_importedGoes: what was imported and never applied can be destroyed: nothing
// but its cloud and its id are known of it.
func TestClouds_importedGoes(t *testing.T) {
	t.Parallel()
	for cloud := range sites {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := sites[cloud](t), newFolder(t)
			kinds := []string{"mlops_bucket", "mlops_gpu_pool", "mlops_identity"}
			text := s.platform(0) + story{kind: "mlops_bucket"}.resource("x", `name = "acme-artifacts"`) +
				story{kind: "mlops_gpu_pool"}.resource("x", pooled+"  capacity = [\"spot\", \"on_demand\"]") + story{kind: "mlops_identity"}.resource("x", trainer)
			f.write(text)
			f.apply()
			for _, kind := range kinds {
				id := fmt.Sprint(f.attribute(kind, "id"))
				f.exits(0, nil, "state", "rm", kind+".x")
				f.exits(0, nil, "import", kind+".x", cloud+":"+id)
			}
			if cloud != "azure" { // pods are bound to a role, and bindings are on buckets
				f.exits(1, []string{"only its configuration says who takes it"}, "destroy", "-auto-approve", "-target=mlops_identity.x")
				f.apply()
			}
			f.exits(0, nil, "destroy", "-auto-approve")
			if n := s.count(); n != 0 {
				t.Errorf("%d objects are left", n)
			}
		})
	}
}

// TestSecret_imported: a secret that is not there cannot be imported, and one that was
// imported and never applied can be destroyed.
func TestSecret_imported(t *testing.T) {
	t.Parallel()
	k, f := onSecretManager(t), newFolder(t)
	config := fmt.Sprintf(`provider "mlops" {
  %s
}
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  cloud        = "google"
  region       = "europe-west1"
  environments = { staging = {} }
  %s
}
resource "mlops_secret" "s" {
  platform         = mlops_platform.p.spec
  name             = "tracker"
  value_wo         = { a = "b" }
  value_wo_version = 1
}
`, k.section, k.store.platform)
	f.write(config)
	const id = "google_secret_manager:projects/acme-ml/secrets/p-tracker"
	f.exits(1, []string{"Unable to Import Secret", "not found"}, "import", "mlops_secret.s", id)
	f.apply()
	f.exits(0, nil, "state", "rm", "mlops_secret.s")
	f.exits(0, nil, "import", "mlops_secret.s", id)
	f.exits(0, nil, "destroy", "-auto-approve")
	if n := k.count(); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}
