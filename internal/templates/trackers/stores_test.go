package trackers_test

import (
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
)

// The client of a store is locked where a pipeline reads data from it, and only there.
func TestLocks_stores(t *testing.T) {
	for existing, want := range map[string][]string{
		"":                                       nil,
		"s3://acme":                              {"s3"},
		"gs://acme":                              {"gs"},
		"abfss://acme@acme.dfs.core.windows.net": {"azureblob"},
	} {
		c := templatestest.Quickstart(t)
		delete(c.Object(t, spec.KindEndpoint, "fraud-score"), "monitors")
		d := c.Object(t, spec.KindDataset, "transactions")
		delete(d, "local")
		d["bucket"] = map[string]any{"name": "fraud-artifacts", "prefix": "t/"}
		p, faults := c.Link()
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		p.Platform.Cloud = "aws"
		if existing == "" {
			p.Platform.Cloud = "local"
		}
		p.Buckets[0].Existing = existing
		if got := trackers.Locks(p); !slices.Equal(got, want) {
			t.Errorf("%q: locks are %v, want %v", existing, got, want)
		}
	}
}
