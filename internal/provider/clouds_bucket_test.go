package provider_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
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

// TestBucket_notEmpty: what holds objects is not destroyed unless force_destroy says so,
// and the error says how.
func TestBucket_notEmpty(t *testing.T) {
	t.Parallel()
	for cloud, fill := range map[string]func(s *site){
		"aws": func(s *site) {
			s.aws.EditBucket("acme-artifacts", func(b *awsfake.Bucket) {
				b.Versions = []awsfake.Version{{Key: "m", ID: "1"}, {Key: "m", ID: "2", Marker: true}}
			})
		},
		"google": func(s *site) {
			s.google.Lock()
			defer s.google.Unlock()
			s.google.Buckets["acme-artifacts"].Objects = []googlefake.Object{{Name: "m", Generation: "1"}}
		},
		"azure": func(s *site) {
			s.azure.Do(func() { s.azure.Accounts["fraud"].Containers["acme-artifacts"].Blobs = []string{"m"} })
		},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := sites[cloud](t), newFolder(t)
			bucket := story{kind: "mlops_bucket"}
			f.write(s.platform(0) + bucket.resource("b", `name = "acme-artifacts"`))
			f.apply()
			fill(s)
			f.exits(1, []string{"Unable to Delete Bucket", "not empty", "force_destroy"}, "destroy", "-auto-approve")
			if !f.has("mlops_bucket.b") {
				t.Error("the bucket is not in the state")
			}
			f.write(s.platform(0) + bucket.resource("b", "name = \"acme-artifacts\"\n  force_destroy = true"))
			f.apply()
			f.exits(0, nil, "destroy", "-auto-approve")
			if s.count() != 0 {
				t.Errorf("%d objects are left", s.count())
			}
		})
	}
}
