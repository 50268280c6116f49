package provider_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
)

const (
	trainer = `name = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
`
	runs  = trainer + `  grants = [{ access = "write", bucket = mlops_bucket.b.spec, prefix = "runs/" }]`
	other = trainer + `  grants = [{ access = "write", bucket = mlops_bucket.b.spec, prefix = "other/" }]`
)

// identities are the lives of an identity.
var identities = map[string]story{
	"aws": {
		known: map[string]any{"policy": nil, "principal": "system:serviceaccount:fraud-training:trainer"},
		set:   map[string]string{"role": "fraud-trainer", "pod_identity": "ml/fraud-training/trainer"},
		byHand: func(s *site, _ string) {
			s.aws.EditRole("fraud-trainer", func(r *awsfake.Role) { clear(r.Inline) })
		},
		updates: "policy", hand: "policy", fixed: "pod_identity",
		other: `name = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "another" } }
  grants = [{ access = "write", bucket = mlops_bucket.b.spec, prefix = "other/" }]`,
	},
	"google": {
		known: map[string]any{"policy": nil},
		set:   map[string]string{"bindings": "present"},
		byHand: func(s *site, _ string) {
			s.google.Lock()
			defer s.google.Unlock()
			s.google.Buckets["acme-artifacts"].Policy.Bindings = s.google.Buckets["acme-artifacts"].Policy.Bindings[:3]
		},
		updates: "bucket acme-artifacts", hand: "bucket acme-artifacts", fixed: "bindings",
		other: trainer,
	},
	"azure": {
		known: map[string]any{"policy": nil},
		set:   map[string]string{"name": "fraud-trainer"},
		byHand: func(s *site, _ string) {
			s.azure.Do(func() {
				for _, r := range s.azure.Roles {
					r.Properties.Condition = to.Ptr("(1 == 1)")
				}
			})
		},
		updates: "policy", hand: "policy", fixed: "location",
	},
}

// TestIdentity_onClouds: the life of an identity on every cloud with an API.
func TestIdentity_onClouds(t *testing.T) {
	t.Parallel()
	for cloud, y := range identities {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			y.kind, y.updated, y.first, y.second = "mlops_identity", "grants", runs, other
			y.before = "resource \"mlops_bucket\" \"b\" {\n  platform = mlops_platform.p.spec\n  name     = \"acme-artifacts\"\n}\n"
			y.fresh = []string{"principal", "annotations"}
			y.lives(t, sites[cloud](t))
		})
	}
}
