// Package cloudtest is the suite that every cloud driver passes.
package cloudtest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Run checks one driver. The cloud must be empty.
func Run(t *testing.T, c cloud.Cloud) {
	t.Helper()
	t.Run("buckets", func(t *testing.T) { buckets(t, c) })
	t.Run("identities", func(t *testing.T) { identities(t, c) })
}

// Dialect checks a driver that has words and no stores yet. uri is where bucket
// "artifacts" of platform "suite" must be.
func Dialect(t *testing.T, c cloud.Cloud, name, uri string) {
	t.Helper()
	b := spec.Bucket{Platform: "suite", Name: "artifacts"}
	if c.Name() != name || c.BucketURI(b) != uri || c.BucketURI(b) != b.URI(name, "") {
		t.Errorf("cloud %q has the bucket at %q, want %q", c.Name(), c.BucketURI(b), uri)
	}
	b.Existing = "s3://elsewhere"
	if got := c.BucketURI(b); got != b.Existing {
		t.Errorf("a bucket that exists is at %q, want %q", got, b.Existing)
	}
	if c.Buckets != nil || c.Identities != nil {
		t.Error("a driver with stores must pass the whole suite: call Run")
	}
	if policy, err := c.Policy(spec.Identity{Name: "trainer"}); !errors.Is(err, cloud.ErrUnsupported) || policy != "" {
		t.Errorf("a policy that nobody enforces: %q, %v", policy, err)
	}
}

func buckets(t *testing.T, c cloud.Cloud) {
	ctx := t.Context()
	b := spec.Bucket{Platform: "suite", Name: "artifacts", Lifecycle: []spec.LifecycleRule{{Prefix: "tmp/", ExpireAfterDays: 30}}}
	if uri := c.BucketURI(b); !strings.Contains(uri, "://") || c.BucketURI(b) != uri {
		t.Errorf("BucketURI is %q: it must be a URI and stay the same", uri)
	}
	if _, err := c.Buckets.Read(ctx, "suite/absent"); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("read of an absent bucket: %v, want ErrNotFound", err)
	}
	id, err := c.Buckets.Create(ctx, b)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if _, err := c.Buckets.Create(ctx, b); !errors.Is(err, cloud.ErrExists) {
		t.Errorf("create twice: %v, want ErrExists", err)
	}
	same(t, c, id, b)
	b.Lifecycle, b.ForceDestroy = nil, true
	if err := c.Buckets.Update(ctx, id, b); err != nil {
		t.Fatalf("update: %v", err)
	}
	same(t, c, id, b)
	if err := c.Buckets.Delete(ctx, id); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if err := c.Buckets.Delete(ctx, id); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("delete twice: %v, want ErrNotFound", err)
	}
	if err := c.Buckets.Update(ctx, id, b); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("update after delete: %v, want ErrNotFound", err)
	}
}

func same(t *testing.T, c cloud.Cloud, id string, want spec.Bucket) {
	t.Helper()
	got, err := c.Buckets.Read(t.Context(), id)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read back %+v, %v; want %+v", got, err, want)
	}
}

func identities(t *testing.T, c cloud.Cloud) {
	ctx := t.Context()
	i := spec.Identity{Platform: "suite", Name: "trainer", Subject: &spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "n", ServiceAccount: "trainer"}}, Grants: []spec.Grant{{Access: "read", Bucket: "b", Prefix: "p/"}}}
	policy := func() string {
		text, err := c.Policy(i)
		if err != nil || strings.Contains(text, "*") || !strings.Contains(text, "p/") {
			t.Errorf("the policy must name what is granted, and no wildcard: %s, %v", text, err)
		}
		return text
	}
	if _, err := c.Identities.Read(ctx, "suite/absent"); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("read of an absent identity: %v, want ErrNotFound", err)
	}
	id, err := c.Identities.Create(ctx, i)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if _, err := c.Identities.Create(ctx, i); !errors.Is(err, cloud.ErrExists) {
		t.Errorf("create twice: %v, want ErrExists", err)
	}
	holds := func(want string) {
		t.Helper()
		if got, err := c.Identities.Read(ctx, id); err != nil || got.Policy != want {
			t.Errorf("read back %+v, %v; want %s", got, err, want)
		}
	}
	holds(policy())
	i.Grants = append(i.Grants, spec.Grant{Access: "read", Secret: "s"})
	if err := c.Identities.Update(ctx, id, i); err != nil {
		t.Fatalf("update: %v", err)
	}
	holds(policy())
	if err := c.Identities.Delete(ctx, id); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if err := c.Identities.Delete(ctx, id); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("delete twice: %v, want ErrNotFound", err)
	}
	if err := c.Identities.Update(ctx, id, i); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("update after delete: %v, want ErrNotFound", err)
	}
}
