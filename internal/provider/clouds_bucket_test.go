package provider_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
)

// buckets are the lives of a bucket.
var buckets = map[string]story{
	"aws": {
		known: map[string]any{"uri": "s3://acme-artifacts"},
		set:   map[string]string{"versioning": "Enabled", "region": "eu-west-1"},
		byHand: func(s *site, id string) {
			s.aws.EditBucket(id, func(b *awsfake.Bucket) { delete(b.Configs, "versioning") })
		},
		updates: "lifecycle", hand: "versioning", fixed: "region",
	},
	"google": {
		known: map[string]any{"uri": "gs://acme-artifacts"},
		set:   map[string]string{"versioning": "enabled", "location": "EUROPE-WEST1"},
		byHand: func(s *site, id string) {
			s.google.Lock()
			defer s.google.Unlock()
			s.google.Buckets[id].Meta["versioning"] = map[string]any{"enabled": false}
		},
		updates: "lifecycle", hand: "versioning", fixed: "location",
	},
	"azure": {
		known: map[string]any{"uri": "abfss://acme-artifacts@fraud.dfs.core.windows.net"},
		set:   map[string]string{"isVersioningEnabled": "true", "location": "westeurope"},
		byHand: func(s *site, _ string) {
			s.azure.Do(func() { s.azure.Accounts["fraud"].Service.IsVersioningEnabled = to.Ptr(false) })
		},
		updates: "managementPolicy", hand: "isVersioningEnabled", fixed: "location",
	},
}

// TestBucket_onClouds: the life of a bucket on every cloud with an API.
func TestBucket_onClouds(t *testing.T) {
	t.Parallel()
	for cloud, y := range buckets {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			y.kind, y.updated = "mlops_bucket", "lifecycle"
			y.first = `name = "acme-artifacts"`
			y.second = y.first + "\n  lifecycle = [{ prefix = \"tmp/\", expire_after_days = 30 }]"
			y.lives(t, sites[cloud](t))
		})
	}
}
