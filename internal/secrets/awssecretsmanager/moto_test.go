package awssecretsmanager_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager"
)

// The life of a secret on moto, which nobody here wrote. Where it is known to differ from
// AWS: it answers ResourceExistsException for a name that is scheduled for deletion, where
// AWS says InvalidRequestException, and keeps an empty KMS key id as one.
func TestMoto(t *testing.T) {
	t.Parallel()
	c := config(realtools.Moto(t), nil)
	c.Attempt, c.Pace = 0, 0
	store := awssecretsmanager.New(c)
	before, after := sample(nil), suite(t).After
	after.Values = secrets.ValuesOf(map[string]string{"password": "canary two", "port": "5432"})
	id, err := store.Store.Create(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	holds := func(s secrets.Secret) {
		t.Helper()
		want, _ := store.Plan.Settings(s)
		if got, err := store.Store.Read(t.Context(), id, s); err != nil || !maps.Equal(got, want) {
			t.Errorf("settings %v, %v; want %v", got, err, want)
		}
		if got, err := store.Values(t.Context(), id, s, ""); err != nil || !maps.Equal(got.Reveal(), s.Values.Reveal()) {
			t.Errorf("values %v, %v; want those of %v", got.Keys(), err, s.Values.Keys())
		}
	}
	holds(before)
	first, err := store.Version(t.Context(), id, before)
	if err != nil {
		t.Fatal(err)
	}
	after.Version = first
	if err := store.Store.Update(t.Context(), id, after); err != nil {
		t.Fatal(err)
	}
	holds(after)
	if v, err := store.Values(t.Context(), id, after, first); err != nil || !slices.Equal(v.Keys(), []string{"password"}) {
		t.Errorf("the first version: %v, %v", v.Keys(), err)
	}
	before.Version = first
	if err := store.Store.Update(t.Context(), id, before); !errors.Is(err, cloud.ErrConflict) {
		t.Errorf("on an old version: %v", err)
	}
	if err := store.Store.Delete(t.Context(), id, after); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Store.Read(t.Context(), id, after); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if err := store.Store.Delete(t.Context(), id, after); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("delete of what is gone: %v", err)
	}
	if again, err := store.Store.Create(t.Context(), before); err != nil || again != id {
		t.Errorf("made again: %q, %v; want %q", again, err, id)
	}
	holds(before)
}
