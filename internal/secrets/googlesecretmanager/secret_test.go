package googlesecretmanager_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager/secretmanagerfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const (
	regional = "projects/acme-ml/locations/europe-west1/keyRings/r/cryptoKeys/k"
	global   = "projects/acme-ml/locations/global/keyRings/r/cryptoKeys/k"
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

func fresh(t *testing.T) (secrets.Store, *secretmanagerfake.Service, *recorded) {
	t.Helper()
	fake := secretmanagerfake.New()
	rec := &recorded{next: check(t, fake)}
	return googlesecretmanager.New(config(rec)), fake, rec
}

func made(t *testing.T, store secrets.Store, s secrets.Secret) string {
	t.Helper()
	id, err := store.Store.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What cannot be is refused before anything is sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		change func(*secrets.Secret)
		says   string
		inPlan bool
	}{
		"vault": {func(s *secrets.Secret) { s.Vault = &spec.VaultSecret{Mount: "kv"} }, "vault:", true},
		"path":  {func(s *secrets.Secret) { s.Path = "a/b.c" }, `path: "a/b.c"`, true},
		"key":   {func(s *secrets.Secret) { s.KMSKey = "alias/ml" }, `kms_key: "alias/ml"`, true},
		"tag":   {func(s *secrets.Secret) { s.Tags = map[string]string{"Team": "x"} }, `the tag "Team"`, true},
		"value": {func(s *secrets.Secret) { s.Tags = map[string]string{"team": "A b"} }, `the value "A b" of tag "team"`, true},
		"size": {func(s *secrets.Secret) {
			s.Values = secrets.ValuesOf(map[string]string{"a": strings.Repeat("canary", 11000)})
		}, "takes at most 65536", false},
		"several": {func(s *secrets.Secret) { s.KMSKey, s.Path = "k", "ü" }, `path: "ü"`, true},
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
			if err := store.Store.Update(t.Context(), name, s); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("update: %v; want %q", err, c.says)
			}
			if len(rec.seen) > 0 {
				t.Errorf("%d requests were sent", len(rec.seen))
			}
		})
	}
}

// Values are where their key is.
func TestReplication(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"":       `{"automatic":{}}`,
		global:   `{"automatic":{"customerManagedEncryption":{"kmsKeyName":"` + global + `"}}}`,
		regional: `{"userManaged":{"replicas":[{"customerManagedEncryption":{"kmsKeyName":"` + regional + `"},"location":"europe-west1"}]}}`,
	} {
		store, _, _ := fresh(t)
		s := sample(func(s *secrets.Secret) { s.KMSKey = key })
		id := made(t, store, s)
		planned, _ := store.Plan.Settings(s)
		got, err := store.Store.Read(t.Context(), id, s)
		if err != nil || got["replication"] != want || !maps.Equal(got, planned) {
			t.Errorf("key %q: %v, %v; want %s", key, got, err, want)
		}
		other := sample(func(s *secrets.Secret) { s.KMSKey = global + "-other" })
		if _, err := store.Store.Create(t.Context(), other); err == nil || !strings.Contains(err.Error(), "another way") {
			t.Errorf("key %q is taken over with another one: %v", key, err)
		}
	}
}

// Two paths with one name are told apart.
func TestCollision(t *testing.T) {
	t.Parallel()
	store, _, _ := fresh(t)
	made(t, store, sample(func(s *secrets.Secret) { s.Name, s.Path = "one", "a/b" }))
	id, err := store.Store.Create(t.Context(), sample(func(s *secrets.Secret) { s.Name, s.Path = "two", "a-b" }))
	if !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), "the path a/b, which has the same name as a-b") {
		t.Errorf("id %q, %v", id, err)
	}
}

// What somebody else puts on a secret between our read and our patch stays.
func TestChangedInBetween(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	made(t, store, sample(nil))
	once := sync.Once{}
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		if req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/versions/latest") {
			once.Do(func() { fake.Edit(name, func(s *secretmanagerfake.Secret) { s.Labels["of-others"] = "stays" }) })
		}
		return resp, nil
	}
	if err := store.Store.Update(t.Context(), name, sample(func(s *secrets.Secret) { s.Tags = map[string]string{"team": "risk"} })); err != nil {
		t.Fatal(err)
	}
	fake.Edit(name, func(s *secretmanagerfake.Secret) {
		if s.Labels["of-others"] != "stays" || s.Labels["team"] != "risk" {
			t.Errorf("labels %v", s.Labels)
		}
	})
}

// Broken values are no values.
func TestBrokenValues(t *testing.T) {
	t.Parallel()
	for title, body := range map[string]string{
		"checksum":  `{"payload":{"data":"eyJhIjoiY2FuYXJ5In0=","dataCrc32c":"1"}}`,
		"base64":    `{"payload":{"data":"canary!"}}`,
		"no object": `{"payload":{"data":"Y2FuYXJ5"}}`,
		"nothing":   `{}`,
		"no JSON":   `canary`,
		"types":     `{"payload":["canary"]}`,
	} {
		store, _, rec := fresh(t)
		s := sample(func(s *secrets.Secret) { s.Values = secrets.Values{} })
		id := made(t, store, s)
		rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
			resp.StatusCode, resp.Body = 200, io.NopCloser(bytes.NewBufferString(body))
			return resp, nil
		}
		v, err := store.Values(t.Context(), id, s, "")
		if err == nil || strings.Contains(err.Error(), "canary") || !v.Empty() {
			t.Errorf("%s: %v, %v", title, v.Keys(), err)
		}
		if strange := title == "no JSON" || title == "types"; err != nil && strange != strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %v", title, err)
		}
	}
}

// Of an imported secret nothing is known but its name.
func TestImported(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	fake.Edit(name, func(s *secretmanagerfake.Secret) { s.Labels = map[string]string{"owner": "somebody"} })
	got, err := store.Store.Read(t.Context(), name, secrets.Secret{Secret: &spec.Secret{Name: "theirs"}})
	want := cloud.Settings{"name": "suite-tracker", "labels": `{"owner":"somebody"}`, "annotations": "{}", "version_destroy_ttl": "0s", "replication": `{"automatic":{}}`, "expire_time": "never", "newest_version": "ENABLED"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if agent := rec.seen[0].Header.Get("User-Agent"); !strings.Contains(agent, "mlops/1.0") {
		t.Errorf("user agent %q", agent)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	store, _, _ := fresh(t)
	s := sample(nil)
	if got := store.Reference("", s); got != name {
		t.Errorf("%q", got)
	}
	s.Store = &spec.SecretStore{Project: "other"}
	if got := store.Reference("", s); got != "projects/other/secrets/suite-tracker" {
		t.Errorf("%q", got)
	}
	if got := store.Reference("projects/1/secrets/x", s); got != "projects/1/secrets/x" {
		t.Errorf("%q", got)
	}
}

// Google's clients write bodies into a log when a variable says so: this one does not.
func TestNoLog(t *testing.T) { //nolint:paralleltest // it sets a variable
	t.Setenv("GOOGLE_SDK_GO_LOGGING_LEVEL", "debug")
	out, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = out
	defer func() { os.Stderr = before }()
	store, _, _ := fresh(t)
	s := sample(nil)
	id := made(t, store, s)
	if _, err := store.Values(t.Context(), id, s, ""); err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile(out.Name())
	if err != nil || len(said) > 0 {
		t.Errorf("%d bytes of log, %v", len(said), err)
	}
}
