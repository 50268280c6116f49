package google_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
)

// twice is a store whose every create finds what an earlier one left.
type twice[S any] struct{ cloud.Store[S] }

func (s twice[S]) Create(ctx context.Context, thing S) (string, error) {
	if id, err := s.Store.Create(ctx, thing); err != nil {
		return id, err
	}
	return s.Store.Create(ctx, thing)
}

// TestBuckets_full breaks the requests that a bucket with objects takes, and those that take
// up what an earlier apply left.
func TestBuckets_full(t *testing.T) {
	t.Parallel()
	before, after := artifacts(), artifactsLater()
	before.ForceDestroy = true
	cloudtest.Run(t, rig(func(f *googlefake.Fake) { f.Fill = 3 }), cloudtest.Case[cloud.Bucket]{
		Name: "bucket with objects", Kind: func(c cloud.Cloud) cloud.Kind[cloud.Bucket] {
			return cloud.Kind[cloud.Bucket]{Plan: c.Buckets.Plan, Store: twice[cloud.Bucket]{c.Buckets.Store}}
		},
		Before: before, After: after,
		With:   func(b cloud.Bucket, id string) cloud.Bucket { b.On.ID = id; return b },
		Tamper: bucketByHand,
	})
}

// TestPools_takenUp breaks the requests that take up what an earlier apply left.
func TestPools_takenUp(t *testing.T) {
	t.Parallel()
	later := func(p *cloud.Pool) { both(p); gpusLater(p) }
	c := poolCase("pool taken up", gpus(func(p *cloud.Pool) { both(p); p.Zones = nil }), gpus(later))
	c.Kind = func(c cloud.Cloud) cloud.Kind[cloud.Pool] {
		return cloud.Kind[cloud.Pool]{Plan: c.Pools.Plan, Store: twice[cloud.Pool]{c.Pools.Store}}
	}
	cloudtest.Run(t, rig(func(f *googlefake.Fake) { f.Polls = 1 }), c)
}

// needed is the permission of each method that the driver calls. Sources:
// cloud.google.com/storage/docs/access-control/iam-json for storage,
// cloud.google.com/kubernetes-engine/docs/reference/api-permissions for container. Those of
// secretmanager and cloudresourcemanager have the names of their methods.
var needed = map[string]string{
	"storage.buckets.insert":       "storage.buckets.create",
	"storage.buckets.get":          "storage.buckets.get",
	"storage.buckets.list":         "storage.buckets.list",
	"storage.buckets.patch":        "storage.buckets.update and storage.buckets.setIamPolicy",
	"storage.buckets.delete":       "storage.buckets.delete",
	"storage.buckets.getIamPolicy": "storage.buckets.getIamPolicy",
	"storage.buckets.setIamPolicy": "storage.buckets.setIamPolicy",
	"storage.objects.list":         "storage.objects.list",
	"storage.objects.delete":       "storage.objects.delete",

	"container.projects.locations.clusters.nodePools.create":         "container.clusters.update",
	"container.projects.locations.clusters.nodePools.update":         "container.clusters.update",
	"container.projects.locations.clusters.nodePools.setAutoscaling": "container.clusters.update",
	"container.projects.locations.clusters.nodePools.setManagement":  "container.clusters.update",
	"container.projects.locations.clusters.nodePools.delete":         "container.clusters.update",
	"container.projects.locations.clusters.nodePools.get":            "container.clusters.get",
	"container.projects.locations.clusters.nodePools.list":           "container.clusters.get",
	"container.projects.locations.clusters.get":                      "container.clusters.get",
	"container.projects.locations.operations.get":                    "container.operations.get",

	"secretmanager.projects.secrets.list":         "secretmanager.secrets.list",
	"secretmanager.projects.secrets.getIamPolicy": "secretmanager.secrets.getIamPolicy",
	"secretmanager.projects.secrets.setIamPolicy": "secretmanager.secrets.setIamPolicy",
	"cloudresourcemanager.projects.get":           "resourcemanager.projects.get",
}

// errorsOf are those of the life of one object, made, left behind and taken up.
func errorsOf[S any](t *testing.T, kind cloud.Kind[S], id string, before, after S) (out []error) {
	t.Helper()
	for _, do := range []func() error{
		func() error { _, err := kind.Store.Create(t.Context(), before); return err },
		func() error { _, err := kind.Store.Create(t.Context(), before); return err },
		func() error { _, err := kind.Store.Read(t.Context(), id, before); return err },
		func() error { return kind.Store.Update(t.Context(), id, after) },
		func() error { return kind.Store.Delete(t.Context(), id, after) },
	} {
		out = append(out, do())
	}
	return out
}

// errorsOfAll are those of the lives of an object of each kind.
func errorsOfAll(t *testing.T, f *googlefake.Fake) []error {
	t.Helper()
	grounds(f)
	f.Fill = 3
	c := google.New(config(f))
	i := trainer("trainer", bucketGrant("write", "acme-data", "raw/"), secretGrant(tracker))
	named := gpus(func(p *cloud.Pool) { p.Machine, p.Accelerator.Type = "", "" })
	_, err := c.Pools.Store.Read(t.Context(), nodePoolsOf+"gpu", named)
	return slices.Concat([]error{err},
		errorsOf(t, c.Buckets, "acme-artifacts", artifacts(), artifactsLater()),
		errorsOf(t, c.Pools, nodePoolsOf+"gpu", gpus(func(p *cloud.Pool) { p.Zones = nil }), gpus(gpusLater)),
		errorsOf(t, c.Identities, googlefake.Number+"/churn/trainer", i, i))
}

// TestDenied: whatever is denied, the message names the permission that is missing.
func TestDenied(t *testing.T) {
	t.Parallel()
	_, f := opened(t)
	errorsOfAll(t, f)
	for _, id := range f.Calls {
		if needed[id] == "" {
			t.Errorf("no permission is known of %s", id)
		}
	}
	for id, permission := range needed {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			_, f := opened(t)
			f.Deny = id
			var told []string
			for _, err := range errorsOfAll(t, f) {
				if errors.Is(err, cloud.ErrDenied) {
					told = append(told, err.Error())
				}
			}
			if !slices.ContainsFunc(told, func(text string) bool { return strings.Contains(text, "needs permission "+permission+": ") }) {
				t.Errorf("want %q, got %q", permission, told)
			}
		})
	}
}

// A project without buckets answers a list without items.
func TestIdentity_inAnEmptyProject(t *testing.T) {
	t.Parallel()
	rt := &answers{list: []answer{says(http.StatusOK, "{}")}}
	cfg := config(rt)
	cfg.ProjectNumber = googlefake.Number
	i := trainer("trainer")
	if _, err := google.New(cfg).Identities.Store.Create(t.Context(), i); err != nil {
		t.Error(err)
	}
}
