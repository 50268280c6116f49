package azure_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// idle checks that an update with nothing to do writes nothing, and that an imported
// object, of which nothing but the name is known, can be read.
func idle[S any](t *testing.T, c cloudtest.Case[S], imported S) {
	t.Helper()
	r := open(t, plain)
	store := c.Kind(r.Cloud).Store
	id, err := store.Create(t.Context(), c.Before)
	if err != nil {
		t.Fatal(err)
	}
	fake := fakeOf(r)
	fake.Do(func() { fake.Requests = nil })
	if err := store.Update(t.Context(), id, c.With(c.Before, id)); err != nil {
		t.Errorf("update: %v", err)
	}
	for _, request := range fake.Requests {
		if !strings.HasPrefix(request, "GET ") {
			t.Errorf("an update with nothing to do sends %s", request)
		}
	}
	got, err := store.Read(t.Context(), id, c.With(imported, id))
	if err != nil || len(got) == 0 {
		t.Errorf("read of an imported object: %v, %v", got, err)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	idle(t, bucketCase(), cloud.Bucket{Bucket: &spec.Bucket{Name: "artifacts"}})
	idle(t, identityCase(), cloud.Identity{Identity: &spec.Identity{Name: "trainer"}})
	idle(t, poolCase(), cloud.Pool{GPUPool: &spec.GPUPool{Name: "train-a100"}})
}

func TestIDs(t *testing.T) {
	t.Parallel()
	c := open(t, plain).Cloud
	for id, read := range map[string]func(string) error{
		"artifacts": func(id string) error {
			_, err := c.Buckets.Store.Read(t.Context(), id, bucketCase().Before)
			return err
		},
		"fraud-trainer": func(id string) error {
			_, err := c.Identities.Store.Read(t.Context(), id, identityCase().Before)
			return err
		},
		"train": func(id string) error {
			_, err := c.Pools.Store.Read(t.Context(), id, poolCase().Before)
			return err
		},
	} {
		if err := read(id); err == nil || !strings.Contains(err.Error(), "is no id") {
			t.Errorf("%q: %v, want that it is no id", id, err)
		}
	}
}
