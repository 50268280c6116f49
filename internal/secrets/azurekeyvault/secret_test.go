package azurekeyvault_test

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault/keyvaultfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// recorded keeps requests, and may spoil answers.
type recorded struct {
	next  http.RoundTripper
	spoil func(*http.Request, *http.Response) (*http.Response, error)
	mu    sync.Mutex
	seen  []*http.Request
}

func (r *recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.seen = append(r.seen, req)
	r.mu.Unlock()
	resp, err := r.next.RoundTrip(req)
	if err == nil && r.spoil != nil {
		return r.spoil(req, resp)
	}
	return resp, err
}

func fresh(t *testing.T) (secrets.Store, *keyvaultfake.Vault, *recorded) {
	t.Helper()
	fake := keyvaultfake.New(vault)
	rec := &recorded{next: fake}
	return azurekeyvault.New(config(rec)), fake, rec
}

func made(t *testing.T, store secrets.Store, s secrets.Secret) {
	t.Helper()
	if got, err := store.Store.Create(t.Context(), s); err != nil || got != id {
		t.Fatalf("create: %q, %v", got, err)
	}
}

// What cannot be is refused before anything is sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		change func(*secrets.Secret)
		says   string
		inPlan bool
	}{
		"vault":         {func(s *secrets.Secret) { s.Vault = &spec.VaultSecret{Mount: "kv"} }, "vault:", true},
		"kms_key":       {func(s *secrets.Secret) { s.KMSKey = "k" }, "kms_key: a key vault encrypts", true},
		"recovery_days": {func(s *secrets.Secret) { s.RecoveryDays = 30 }, "recovery_days: how long", true},
		"path":          {func(s *secrets.Secret) { s.Path = "a/b+c" }, `path: "a/b+c"`, true},
		"tag":           {func(s *secrets.Secret) { s.Tags = map[string]string{"a": strings.Repeat("x", 257)} }, `tag "a"`, true},
		"tags": {func(s *secrets.Secret) {
			s.Tags = map[string]string{}
			for i := range 12 {
				s.Tags[strings.Repeat("t", i+1)] = ""
			}
		}, "16 tags", true},
		"size": {func(s *secrets.Secret) {
			s.Values = secrets.ValuesOf(map[string]string{"a": strings.Repeat("canary", 5000)})
		}, "takes at most 25600", false},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			store, _, rec := fresh(t)
			s := sample(c.change)
			if _, err := store.Plan.Settings(s); c.inPlan && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("settings: %v; want %q", err, c.says)
			}
			if _, err := store.Store.Create(t.Context(), s); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("create: %v; want %q", err, c.says)
			}
			if err := store.Store.Update(t.Context(), id, s); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("update: %v; want %q", err, c.says)
			}
			if len(rec.seen) > 0 {
				t.Errorf("%d requests were sent", len(rec.seen))
			}
		})
	}
}

// A deleted secret of somebody else holds its name.
func TestDeletedOfAnother(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	fake.Edit("suite-tracker", func(s *keyvaultfake.Secret) {
		s.Deleted, s.Newest().Tags = true, map[string]*string{cloud.MarkPlatform: to.Ptr("other"), cloud.MarkName: to.Ptr("theirs")}
	})
	got, err := store.Store.Create(t.Context(), sample(nil))
	if !errors.Is(err, cloud.ErrExists) || got != "" || !strings.Contains(err.Error(), "theirs of platform other") || !strings.Contains(err.Error(), "only its owner may recover or purge it") {
		t.Errorf("id %q, %v", got, err)
	}
	if fake.Count() != 0 {
		t.Error("the secret of somebody else was recovered")
	}
}

// A recovered secret without new values holds what it held.
func TestRecovered(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	fake.Slow = 3
	s := sample(nil)
	made(t, store, s)
	if err := store.Store.Delete(t.Context(), id, s); err != nil {
		t.Fatal(err)
	}
	made(t, store, sample(func(s *secrets.Secret) { s.Values = secrets.Values{} }))
	if v, err := store.Values(t.Context(), id, s, ""); err != nil || !maps.Equal(v.Reveal(), s.Values.Reveal()) {
		t.Errorf("%v, %v", v.Keys(), err)
	}
}

// Two paths with one name are told apart.
func TestCollision(t *testing.T) {
	t.Parallel()
	store, _, _ := fresh(t)
	made(t, store, sample(func(s *secrets.Secret) { s.Name = "other"; s.Path = "suite/tracker" }))
	got, err := store.Store.Create(t.Context(), sample(func(s *secrets.Secret) { s.Path = "suite_tracker" }))
	if !errors.Is(err, cloud.ErrExists) || got != "" || !strings.Contains(err.Error(), "the path suite/tracker, which has the same name as suite_tracker") {
		t.Errorf("id %q, %v", got, err)
	}
}

// A lost answer makes no second version, and tags of others go from version to version.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	lost := 0
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		if req.Method == http.MethodPut && resp.StatusCode == 200 && lost == 0 {
			lost++
			return nil, syscall.ECONNRESET
		}
		return resp, nil
	}
	s := sample(nil)
	made(t, store, s)
	fake.Edit("suite-tracker", func(s *keyvaultfake.Secret) {
		if len(s.Versions) != 1 || lost != 1 {
			t.Errorf("%d versions, %d lost", len(s.Versions), lost)
		}
		s.Newest().Tags["of-others"] = to.Ptr("stays")
	})
	seen := sample(func(s *secrets.Secret) { s.Version = "0123" })
	if err := store.Store.Update(t.Context(), id, seen); err != nil {
		t.Errorf("the same values on an old version: %v", err)
	}
	s.Values = secrets.ValuesOf(map[string]string{"password": "another canary"})
	if err := store.Store.Update(t.Context(), id, s); err != nil {
		t.Fatal(err)
	}
	fake.Edit("suite-tracker", func(s *keyvaultfake.Secret) {
		if tag := s.Newest().Tags["of-others"]; len(s.Versions) != 2 || tag == nil {
			t.Errorf("%d versions, the tag of others is %v", len(s.Versions), tag)
		}
	})
	if err := store.Store.Update(t.Context(), id, seen); !errors.Is(err, cloud.ErrConflict) {
		t.Errorf("other values on an old version: %v", err)
	}
}

// Lost answers to a delete and to a recovery are no errors.
func TestLostDelete(t *testing.T) {
	t.Parallel()
	store, _, rec := fresh(t)
	s := sample(nil)
	made(t, store, s)
	lost := map[string]bool{}
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		if (req.Method == http.MethodDelete || strings.HasSuffix(req.URL.Path, "/recover")) && !lost[req.Method] {
			lost[req.Method] = true
			return nil, syscall.ECONNRESET
		}
		return resp, nil
	}
	if err := store.Store.Delete(t.Context(), id, s); err != nil {
		t.Error(err)
	}
	if err := store.Store.Delete(t.Context(), id, s); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("the second: %v", err)
	}
	made(t, store, s)
	if len(lost) != 2 {
		t.Errorf("lost %v", lost)
	}
}

// The vault does not tell names apart by the case of letters: an id may have another.
func TestCase(t *testing.T) {
	t.Parallel()
	store, _, _ := fresh(t)
	s := sample(nil)
	made(t, store, s)
	want, _ := store.Plan.Settings(s)
	if got, err := store.Store.Read(t.Context(), vault+"/secrets/Suite-Tracker", s); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// Of an imported secret nothing is known but its name.
func TestImported(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	fake.Edit("theirs", func(s *keyvaultfake.Secret) { s.Newest().Tags = map[string]*string{"owner": to.Ptr("somebody")} })
	got, err := store.Store.Read(t.Context(), vault+"/secrets/theirs", secrets.Secret{Secret: &spec.Secret{Name: "theirs"}})
	want := cloud.Settings{"name": "theirs", "content_type": "", "tags": `{"owner":"somebody"}`, "enabled": "true"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if agent := rec.seen[0].Header.Get("User-Agent"); !strings.Contains(agent, "mlops/1.0") {
		t.Errorf("user agent %q", agent)
	}
	if _, err := store.Store.Read(t.Context(), "theirs", sample(nil)); err == nil || !strings.Contains(err.Error(), "is no id of a secret") {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	store, _, _ := fresh(t)
	s := sample(nil)
	if got := store.Reference("", s); got != id {
		t.Errorf("%q", got)
	}
	s.Store = &spec.SecretStore{Address: "https://other.vault.azure.net/"}
	if got := store.Reference("", s); got != "https://other.vault.azure.net/secrets/suite-tracker" {
		t.Errorf("%q", got)
	}
	if got := azurekeyvault.New(azurekeyvault.Config{}).Reference("", sample(nil)); got != "" {
		t.Errorf("without a vault: %q", got)
	}
}
