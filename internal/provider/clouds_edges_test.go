package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
)

// TestGPUPool_broken: nodes that come up broken are named with the cloud's own words, and
// made anew by the next apply.
func TestGPUPool_broken(t *testing.T) {
	t.Parallel()
	for cloud, tt := range map[string]struct {
		ruin, mend func(s *site)
		says       []string
	}{
		"aws": {
			ruin: func(s *site) {
				s.eks.Play(awsfake.Script{CreateFails: []awsfake.Issue{{Code: "AsgInstanceLaunchFailures", Message: "We currently do not have sufficient g4dn.xlarge capacity"}}})
			},
			mend: func(s *site) { s.eks.Play(awsfake.Script{}) },
			says: []string{"CREATE_FAILED", "AsgInstanceLaunchFailures", "We currently do not have sufficient g4dn.xlarge capacity"},
		},
		"google": {
			ruin: func(s *site) {
				s.google.Lock()
				defer s.google.Unlock()
				s.google.Break = &googlefake.Broken{Message: "Insufficient quota to satisfy the request: NVIDIA_T4_GPUS", Status: "ERROR", Conditions: []string{"GCE_STOCKOUT"}}
			},
			mend: func(*site) {},
			says: []string{"Insufficient quota to satisfy the request: NVIDIA_T4_GPUS"},
		},
		"azure": {
			ruin: func(s *site) {
				s.azure.Do(func() { s.azure.Refuse = "Insufficient regional vcpu quota left for location westeurope" })
			},
			mend: func(s *site) { s.azure.Do(func() { s.azure.Refuse = "" }) },
			says: []string{"Insufficient regional vcpu quota left for location westeurope"},
		},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := sites[cloud](t), newFolder(t)
			tt.ruin(s)
			f.write(s.platform(0) + fmt.Sprintf("resource \"mlops_gpu_pool\" \"g\" {\n  platform = mlops_platform.p.spec\n  %s\n}\n", pooled))
			f.refused(append(tt.says, "Unable to Create GPU Pool")...)
			if !f.has("mlops_gpu_pool.g") {
				t.Fatal("what came to be is not in the state")
			}
			tt.mend(s)
			if c := f.planned("mlops_gpu_pool.g"); c.action() != "delete then create" || c.Why != "replace_because_tainted" {
				t.Errorf("the plan is to %s because of %q", c.action(), c.Why)
			}
			f.applied()
			f.exits(0, nil, "destroy", "-auto-approve")
			if s.count() != 0 {
				t.Errorf("%d objects are left", s.count())
			}
		})
	}
}

// TestExisting_isNeverAsked: what existed before is used without a single request, let
// alone a change.
func TestExisting_isNeverAsked(t *testing.T) {
	t.Parallel()
	for cloud, tt := range map[string]struct{ section, region, bucket, uri, identity string }{
		"aws":    {`aws = { access_key = "x", secret_key = "x", endpoints = { s3 = %[1]q, iam = %[1]q, sts = %[1]q, eks = %[1]q, secretsmanager = %[1]q } }`, "eu-west-1", "theirs", "s3://theirs", "arn:aws:iam::123456789012:role/trainer"},
		"google": {`google = { project = "acme-ml", access_token = "x", endpoints = { storage = %[1]q, container = %[1]q, secretmanager = %[1]q, cloudresourcemanager = %[1]q } }`, "europe-west1", "theirs", "gs://theirs", "trainer@acme-ml.iam.gserviceaccount.com"},
		"azure":  {`azure = { subscription_id = "s", resource_group = "rg", access_token = "x", endpoints = { resource_manager = %[1]q, blob = %[1]q } }`, "westeurope", "abfss://theirs@acmedata.dfs.core.windows.net", "abfss://theirs@acmedata.dfs.core.windows.net", "11111111-2222-3333-4444-555555555555"},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked: %s %s", r.Method, r.URL) }))
			t.Cleanup(server.Close)
			s := &site{cloud: cloud, regions: [2]string{tt.region, ""}, section: fmt.Sprintf(tt.section, server.URL)}
			f := newFolder(t)
			text := s.platform(0) + fmt.Sprintf(`
resource "mlops_bucket" "b" {
  platform = mlops_platform.p.spec
  name     = "data"
  existing = %q
}
resource "mlops_identity" "i" {
  platform = mlops_platform.p.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants   = [{ access = "read", bucket = mlops_bucket.b.spec }]
  existing = %q
}
resource "mlops_secret" "s" {
  platform = mlops_platform.p.spec
  name     = "tracker"
  existing = "tracker-credentials"
}
`, tt.bucket, tt.identity)
			f.write(text)
			c := f.planned("mlops_bucket.b")
			if c.action() != "create" || c.ChangeOf.After["uri"] != tt.uri || len(c.settings()) != 0 {
				t.Errorf("the plan is to %s: uri %v, settings %v", c.action(), c.ChangeOf.After["uri"], c.settings())
			}
			f.applied()
			for _, kind := range []string{"mlops_bucket", "mlops_identity", "mlops_secret"} {
				f.edit(kind, func(attributes map[string]any) { // as the release before left it
					for _, name := range []string{"settings", "timeouts", "version", "reference"} {
						delete(attributes, name)
					}
					if kind == "mlops_secret" {
						delete(attributes, "id")
					}
				})
			}
			f.exits(0, nil, "plan", "-out=next.tfplan")
			for _, c := range f.all() {
				if !slices.Contains([]string{"no-op", "update"}, c.action()) {
					t.Errorf("after an upgrade the plan is to %s %s", c.action(), c.Address)
				}
			}
			f.applied()
			if id := f.attribute("mlops_secret", "id"); id != "tracker-credentials" {
				t.Errorf("after an upgrade the id of the secret is %v", id)
			}
			f.exits(0, nil, "destroy", "-auto-approve")
		})
	}
}
