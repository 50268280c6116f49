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
