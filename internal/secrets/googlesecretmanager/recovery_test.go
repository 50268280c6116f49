package googlesecretmanager_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager/secretmanagerfake"
)

// With days of recovery all versions wait for their destruction, even when somebody took
// the delay away, and a Create without values brings the newest back.
func TestRecovery(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	s := sample(nil)
	id := made(t, store, s)
	for range 3 {
		if err := store.Store.Update(t.Context(), id, s); err != nil {
			t.Fatal(err)
		}
	}
	fake.Edit(name, func(s *secretmanagerfake.Secret) { s.VersionDestroyTtl = "" })
	if err := store.Store.Delete(t.Context(), id, s); err != nil {
		t.Fatal(err)
	}
	fake.Edit(name, func(s *secretmanagerfake.Secret) {
		if len(s.Versions) != 4 {
			t.Errorf("%d versions", len(s.Versions))
		}
		for _, v := range s.Versions {
			if v.State != "DISABLED" || v.ScheduledDestroyTime != "2000-01-08T00:00:00Z" {
				t.Errorf("%s is %s until %s", v.Name, v.State, v.ScheduledDestroyTime)
			}
		}
	})
	if _, err := store.Values(t.Context(), id, s, ""); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("values: %v", err)
	}
	without := sample(func(s *secrets.Secret) { s.Values = secrets.Values{} })
	if again := made(t, store, without); again != id {
		t.Errorf("%q", again)
	}
	if v, err := store.Values(t.Context(), id, s, ""); err != nil || !maps.Equal(v.Reveal(), s.Values.Reveal()) {
		t.Errorf("values: %v, %v", v.Keys(), err)
	}
}

// A delete that was interrupted is done again, and leaves no older version readable.
func TestInterruptedDelete(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	s := sample(nil)
	made(t, store, s)
	if err := store.Store.Update(t.Context(), name, s); err != nil {
		t.Fatal(err)
	}
	dead := false
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		dead = dead || strings.HasSuffix(req.URL.Path, ":destroy")
		if dead {
			return nil, context.Canceled
		}
		return resp, nil
	}
	if err := store.Store.Delete(t.Context(), name, s); err == nil {
		t.Error("it was not interrupted")
	}
	rec.spoil = nil
	if err := store.Store.Delete(t.Context(), name, s); err != nil {
		t.Errorf("the next delete: %v", err)
	}
	fake.Edit(name, func(s *secretmanagerfake.Secret) {
		for _, v := range s.Versions {
			if v.State != "DISABLED" {
				t.Errorf("%s is %s", v.Name, v.State)
			}
		}
	})
}

// A lost answer to a delete is no error, and a second delete finds nothing.
func TestLostDelete(t *testing.T) {
	t.Parallel()
	store, _, rec := fresh(t)
	s := sample(func(s *secrets.Secret) { s.RecoveryDays = 0 })
	made(t, store, s)
	lost := false
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		if req.Method == http.MethodDelete && !lost {
			lost = true
			return nil, syscall.ECONNRESET
		}
		return resp, nil
	}
	if err := store.Store.Delete(t.Context(), name, s); err != nil || !lost {
		t.Errorf("%v, lost %v", err, lost)
	}
	if err := store.Store.Delete(t.Context(), name, s); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("the second: %v", err)
	}
}

// A lost answer makes no second version.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	lost := 0
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, ":addVersion") && resp.StatusCode == 200 && lost == 0 {
			lost++
			return nil, syscall.ECONNRESET
		}
		return resp, nil
	}
	s := sample(nil)
	id := made(t, store, s)
	if v, err := store.Version(t.Context(), id, s); v != "1" || err != nil || lost != 1 {
		t.Errorf("version %q, %v, %d lost", v, err, lost)
	}
	seen := s
	seen.Version = "0"
	if err := store.Store.Update(t.Context(), id, seen); err != nil {
		t.Errorf("the same values on an old version: %v", err)
	}
	fake.Write(name, payload(t, map[string]string{"a": "of another"}))
	if err := store.Store.Update(t.Context(), id, seen); !errors.Is(err, cloud.ErrConflict) {
		t.Errorf("other values on an old version: %v", err)
	}
}

// A version that somebody disabled is seen, for nobody can read it; it is enabled again, or
// a new one takes its place.
func TestDisabled(t *testing.T) {
	t.Parallel()
	for title, values := range map[string]map[string]string{"as it was": nil, "written anew": {"password": "another canary"}} {
		store, fake, _ := fresh(t)
		s := sample(nil)
		id := made(t, store, s)
		fake.Edit(name, func(s *secretmanagerfake.Secret) { s.Versions[0].State = "DISABLED" })
		if got, err := store.Store.Read(t.Context(), id, s); err != nil || got["newest_version"] != "DISABLED" {
			t.Errorf("%s: read %v, %v", title, got, err)
		}
		want := s.Values.Reveal()
		s.Values, s.Version = secrets.ValuesOf(values), "1"
		if values != nil {
			want = values
		}
		if err := store.Store.Update(t.Context(), id, s); err != nil {
			t.Errorf("%s: %v", title, err)
		}
		if v, err := store.Values(t.Context(), id, s, ""); err != nil || !maps.Equal(v.Reveal(), want) {
			t.Errorf("%s: values of keys %v, %v", title, v.Keys(), err)
		}
	}
}
