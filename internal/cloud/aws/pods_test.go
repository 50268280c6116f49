package aws_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestPodsOfOthers(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	fake.AddPod(awsfake.Pod{ClusterName: "ml", Namespace: "fraud-training", ServiceAccount: "trainer", RoleArn: "arn:aws:iam::123456789012:role/theirs"})
	i := identity(on(), pods)
	id, err := c.Identities.Store.Create(t.Context(), i)
	if id != roleID || !errors.Is(err, cloud.ErrExists) || !strings.Contains(err.Error(), "role/theirs") {
		t.Errorf("create: %q, %v; want the role and ErrExists that names the other role", id, err)
	}
	i.On.ID = id
	if got, err := c.Identities.Store.Read(t.Context(), id, i); err != nil || got["pod_identity_role"] != "arn:aws:iam::123456789012:role/theirs" {
		t.Errorf("read: %v, %v", got, err)
	}
	if err := c.Identities.Store.Delete(t.Context(), id, i); err != nil || fake.Count() != 1 {
		t.Errorf("delete: %v, %d objects; theirs must stay", err, fake.Count())
	}
}

// What a hand adds to an association is seen and taken away: pods with another role after
// ours, or without the tags that the role's trust asks for.
func TestPodsChangedByHand(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*awsfake.Pod){
		"role/admin":                func(p *awsfake.Pod) { p.TargetRoleArn = "arn:aws:iam::210987654321:role/admin" },
		`"disableSessionTags":true`: func(p *awsfake.Pod) { p.DisableSessionTags = true },
		"2012-10-17":                func(p *awsfake.Pod) { p.DisableSessionTags, p.Policy = true, `{"Version":"2012-10-17","Statement":[]}` },
	} {
		c, fake := direct(t, nil)
		i := identity(on(), pods)
		id, err := c.Identities.Store.Create(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		fake.EditPods(func(p *awsfake.Pod) bool { change(p); return true })
		if got, err := c.Identities.Store.Read(t.Context(), id, i); err != nil || !strings.Contains(got["pod_identity_session"], says) {
			t.Errorf("read: %v, %v; want %s", got, err, says)
		}
		if err := c.Identities.Store.Update(t.Context(), id, i); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Identities.Store.Read(t.Context(), id, i); err != nil || got["pod_identity_session"] != "none" || got["pod_identity_role"] != "fraud-trainer" || fake.Count() != 2 {
			t.Errorf("read after an update: %v, %v", got, err)
		}
	}
}

// A role of IAM is one in all regions and clusters of an account: that of a platform of the
// same name elsewhere is not taken over.
func TestRoleOfAnotherClusterIsLeftAlone(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	if _, err := c.Identities.Store.Create(t.Context(), identity(on(), pods)); err != nil {
		t.Fatal(err)
	}
	before := fake.Role("fraud-trainer")
	elsewhere := on()
	elsewhere.Platform = platform(func(p *spec.Platform) { p.Region = "us-east-1" })
	id, err := c.Identities.Store.Create(t.Context(), identity(elsewhere, pods))
	if id != "" || !errors.Is(err, cloud.ErrExists) || !strings.Contains(err.Error(), "trusts somebody else") || !strings.Contains(err.Error(), "import the role") {
		t.Errorf("create: %q, %v", id, err)
	}
	if after := fake.Role("fraud-trainer"); after.Trust != before.Trust || fake.Count() != 2 {
		t.Errorf("the role was changed: %s", after.Trust)
	}
}

// The answer to the request that made an object is lost, and reading it is late: what was
// made is found all the same, and not made twice.
func TestWhatWasMadeIsFoundLate(t *testing.T) {
	t.Parallel()
	for made, c := range map[string]struct {
		look string
		late reply
		do   func(ctx context.Context, c cloud.Cloud) (string, error)
	}{
		"CreateBucket": {"GetBucketTagging", s3Error(404, "NoSuchBucket", "", nil), func(ctx context.Context, c cloud.Cloud) (string, error) {
			return c.Buckets.Store.Create(ctx, bucket(on(), nil))
		}},
		"CreateRole": {"GetRole", queryError(404, "NoSuchEntity", ""), func(ctx context.Context, c cloud.Cloud) (string, error) {
			return c.Identities.Store.Create(ctx, identity(on(), github))
		}},
		"CreatePodIdentityAssociation": {"ListPodIdentityAssociations", func(req *http.Request) *http.Response {
			return cloudtest.Reply(req, 200, "application/json", `{"associations":[]}`)
		}, func(ctx context.Context, c cloud.Cloud) (string, error) {
			return c.Identities.Store.Create(ctx, identity(on(), pods))
		}},
	} {
		t.Run(made, func(t *testing.T) {
			t.Parallel()
			driver, fake := direct(t, func(config *aws.Config) {
				config.HTTPClient = &lost{next: config.HTTPClient, operation: made, look: c.look, late: c.late}
			})
			id, err := c.do(t.Context(), driver)
			if id == "" || err != nil || fake.Count() < 1 || fake.Count() > 2 {
				t.Errorf("create: %q, %v, %d objects", id, err, fake.Count())
			}
		})
	}
}

// lost loses the first answer to an operation, after which it is there already, and
// answers late to the next two looks.
type lost struct {
	next            http.RoundTripper
	operation, look string
	late            reply
	gone            bool
	looked          int
}

func (l *lost) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(cmp.Or[io.Reader](req.Body, http.NoBody))
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	op, err := awsfake.OperationOf(req, body)
	if err != nil {
		return nil, err
	}
	switch {
	case op.Name == l.operation && !l.gone:
		l.gone = true
		answer, err := l.next.RoundTrip(req)
		if err == nil {
			_ = answer.Body.Close()
		}
		return nil, syscall.ECONNRESET
	case op.Name == l.look && l.gone && l.looked < 2:
		l.looked++
		return l.late(req), nil
	}
	return l.next.RoundTrip(req)
}

// A role that somebody deleted leaves an association behind, which must go as well.
func TestPodsWithoutRole(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	fake.AddPod(awsfake.Pod{ClusterName: "ml", Namespace: "fraud-training", ServiceAccount: "trainer", RoleArn: roleID})
	if err := c.Identities.Store.Delete(t.Context(), roleID, identity(on(), pods)); !errors.Is(err, cloud.ErrNotFound) || fake.Count() != 0 {
		t.Errorf("delete: %v, %d objects left", err, fake.Count())
	}
}

// Pods that are to come with a token of the cluster instead, and workflows, have another
// role: the association of the old one goes with it.
func TestPodsThatAreNoMore(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	irsa := on()
	irsa.Platform = platform(func(p *spec.Platform) { p.Cluster.OIDCIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC" })
	before := identity(on(), pods)
	id, err := c.Identities.Store.Create(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	have, err := c.Identities.Store.Read(t.Context(), id, before)
	if err != nil {
		t.Fatal(err)
	}
	for name, after := range map[string]cloud.Identity{"irsa": identity(irsa, pods), "github": identity(on(), github)} {
		want, err := c.Identities.Plan.Settings(after)
		if err != nil || !slices.ContainsFunc(c.Identities.Plan.Fixed(), func(fixed string) bool { return want[fixed] != "" && want[fixed] != have[fixed] }) {
			t.Errorf("%s: nothing says that it is another identity: %v, %v", name, want, err)
		}
	}
	if err := c.Identities.Store.Delete(t.Context(), id, before); err != nil || fake.Count() != 0 {
		t.Errorf("delete: %v, %d objects are left", err, fake.Count())
	}
}
