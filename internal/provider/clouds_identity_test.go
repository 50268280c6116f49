package provider_test

import (
	"fmt"
	"slices"
	"strings"
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

const issuing = `cluster      = { name = "ml", oidc_issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC" }`

// TestIdentity_late: what only the cloud knows of an identity is named as unknown by the
// first plan, is there after the apply, and is known ever after.
func TestIdentity_late(t *testing.T) {
	t.Parallel()
	for cloud, tt := range map[string]struct {
		edits []string // of the configuration: old, new
		late  []string
		want  map[string]string // texts in attributes
	}{
		"aws": {
			edits: []string{`cluster      = { name = "ml" }`, issuing},
			late:  []string{"id"},
			want:  map[string]string{"annotations": "eks.amazonaws.com/role-arn:arn:aws:iam::123456789012:role/mlops/fraud-trainer"},
		},
		"aws, of an account that nothing names": {
			edits: []string{`cluster      = { name = "ml" }`, issuing, `account_id = "123456789012", `, ""},
			late:  []string{"annotations", "id", "spec"},
			want:  map[string]string{"annotations": "eks.amazonaws.com/role-arn:arn:aws:iam::123456789012:role/mlops/fraud-trainer", "spec": `"address":"arn:aws:iam::123456789012:role/mlops/fraud-trainer"`},
		},
		"google": {
			edits: []string{`project_number = "415104041262", `, ""}, late: []string{"id", "policy"},
			want: map[string]string{"policy": "projects/415104041262/locations/global/workloadIdentityPools/acme-ml.svc.id.goog", "settings": "principal:principal://iam.googleapis.com/projects/415104041262"},
		},
		"azure": {
			late: []string{"annotations", "id", "spec"},
			want: map[string]string{"annotations": "azure.workload.identity/client-id:", "spec": `"address":"`, "settings": "issuer:https://oidc.example.com/ml"},
		},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			cloud, _, _ := strings.Cut(cloud, ",")
			s, f := sites[cloud](t), newFolder(t)
			y := story{kind: "mlops_identity", before: "resource \"mlops_bucket\" \"b\" {\n  platform = mlops_platform.p.spec\n  name     = \"acme-artifacts\"\n}\n"}
			text := s.platform(0)
			for edit := range slices.Chunk(tt.edits, 2) {
				if !strings.Contains(text, edit[0]) {
					t.Fatalf("no %s in %s", edit[0], text)
				}
				text = strings.Replace(text, edit[0], edit[1], 1)
			}
			f.write(text + y.resource("one", runs))
			c := f.planned("mlops_identity.one")
			if late := c.late(); !slices.Equal(late, tt.late) {
				t.Errorf("the plan does not know %v, want %v", late, tt.late)
			}
			f.applied()
			for name, want := range tt.want {
				if got := fmt.Sprint(f.attribute("mlops_identity", name)); !strings.Contains(got, want) {
					t.Errorf("%s is %s, want %s", name, got, want)
				}
			}
			f.write(text + y.resource("one", other))
			if c = f.planned("mlops_identity.one"); c.action() != "update" || len(c.late()) > 0 {
				t.Errorf("a later plan is to %s, and does not know %v", c.action(), c.late())
			}
			f.applied()
			f.exits(0, nil, "destroy", "-auto-approve")
			if s.count() != 0 {
				t.Errorf("%d objects are left", s.count())
			}
		})
	}
}

// TestIdentity_untrusted: a role that nobody can take yet is made, and whoever applies is
// told what is missing and how to make it.
func TestIdentity_untrusted(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	y := story{kind: "mlops_identity"}
	f.write(s.platform(0) + y.resource("one", `name = "ci"
  subject = { github = { repository = "acme/fraud", environment = "prod" } }
  grants  = []`))
	f.exits(0, []string{"Warning: Check Identity", "the account has no OIDC provider token.actions.githubusercontent.com", "aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com"}, "apply", "-auto-approve")
	f.unchanged()
}
