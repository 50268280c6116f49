package awssecretsmanager_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager/secretsmanagerfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// recorded keeps what requests say.
type recorded struct {
	next http.RoundTripper
	// spoil may put another answer in the place of one.
	spoil func(*http.Request, *http.Response) (*http.Response, error)
	mu    sync.Mutex
	seen  []http.Header
}

func (r *recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.seen = append(r.seen, req.Header)
	r.mu.Unlock()
	resp, err := r.next.RoundTrip(req)
	if err == nil && r.spoil != nil {
		return r.spoil(req, resp)
	}
	return resp, err
}

func fresh(t *testing.T) (secrets.Store, *secretsmanagerfake.Service, *recorded) {
	t.Helper()
	fake := secretsmanagerfake.New()
	rec := &recorded{next: checked{t, through{fake}}}
	return awssecretsmanager.New(config("http://127.0.0.1:1", rec)), fake, rec
}

// What cannot be is refused before anything is sent, in the plan and after it.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*secrets.Secret)
		says   string
		sent   bool // only Create can tell
	}{
		"vault":          {func(s *secrets.Secret) { s.Vault = &spec.VaultSecret{Mount: "kv"} }, "vault:", false},
		"recovery_days":  {func(s *secrets.Secret) { s.RecoveryDays = 45 }, "recovery_days: 45: AWS Secrets Manager keeps a deleted secret for 7 to 30 days", false},
		"path":           {func(s *secrets.Secret) { s.Path = "a/b:c" }, `path: "a/b:c"`, false},
		"tag of AWS":     {func(s *secrets.Secret) { s.Tags = map[string]string{"aws:x": "1"} }, `tag "aws:x"`, false},
		"tag characters": {func(s *secrets.Secret) { s.Tags = map[string]string{"a": "x;y"} }, `tag "a"`, false},
		"long tag":       {func(s *secrets.Secret) { s.Tags = map[string]string{"a": strings.Repeat("ü", 257)} }, `tag "a"`, false},
		"many tags": {func(s *secrets.Secret) {
			s.Tags = map[string]string{}
			for i := range 48 {
				s.Tags["t"+strings.Repeat("x", i)] = ""
			}
		}, "51 tags", false},
		"size": {func(s *secrets.Secret) {
			s.Values = secrets.ValuesOf(map[string]string{"a": strings.Repeat("canary", 11000)})
		}, "takes at most 65536", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _, rec := fresh(t)
			s := sample(c.change)
			if _, err := store.Plan.Settings(s); !c.sent && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("settings: %v; want %q", err, c.says)
			}
			_, err := store.Store.Create(t.Context(), s)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("create: %v; want %q", err, c.says)
			}
			if err := store.Store.Update(t.Context(), "arn", s); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("update: %v; want %q", err, c.says)
			}
			if len(rec.seen) > 0 {
				t.Errorf("%d requests were sent", len(rec.seen))
			}
		})
	}
}

func TestScheduledForDeletion(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	fake.Edit("suite/tracker", func(s *secretsmanagerfake.Secret) {
		s.Deleted, s.Tags = true, map[string]string{cloud.MarkPlatform: "other", cloud.MarkName: "theirs"}
	})
	id, err := store.Store.Create(t.Context(), sample(nil))
	if !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), "scheduled for deletion") || !strings.Contains(err.Error(), "theirs of platform other") {
		t.Errorf("id %q, %v", id, err)
	}
	fake.Edit("suite/tracker", func(s *secretsmanagerfake.Secret) {
		if !s.Deleted {
			t.Error("the secret of somebody else was brought back")
		}
	})
}

// A deletion that is refused is none, whatever the refusal speaks of.
func TestReplicated(t *testing.T) {
	t.Parallel()
	store, _, rec := fresh(t)
	s := sample(nil)
	id, err := store.Store.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	const says = "You can't delete secret suite/tracker that still has replica regions eu-north-1"
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		if strings.HasSuffix(req.Header.Get("X-Amz-Target"), "DeleteSecret") {
			return cloudtest.Reply(req, 400, "application/x-amz-json-1.1", `{"__type":"InvalidRequestException","Message":"`+says+`"}`), nil
		}
		return resp, nil
	}
	if err := store.Store.Delete(t.Context(), id, s); err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, cloud.ErrNotFound) || errors.Is(err, cloud.ErrConflict) {
		t.Errorf("delete: %v", err)
	}
}

func TestRecoveryDays(t *testing.T) {
	t.Parallel()
	for days, want := range map[int64]int64{0: 30, 7: 7, 30: 30} {
		store, fake, _ := fresh(t)
		s := sample(func(s *secrets.Secret) { s.RecoveryDays = days })
		id, err := store.Store.Create(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Store.Delete(t.Context(), id, s); err != nil {
			t.Fatal(err)
		}
		fake.Edit("suite/tracker", func(s *secretsmanagerfake.Secret) {
			if s.Window != want || !s.Deleted {
				t.Errorf("recovery_days %d: deleted %v with %d days, want %d", days, s.Deleted, s.Window, want)
			}
		})
	}
}

// A secret without values has version 0, and the first write is compared with that.
func TestWithoutValues(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	s := sample(func(s *secrets.Secret) { s.Values = secrets.Values{} })
	id, err := store.Store.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	v, err := store.Version(t.Context(), id, s)
	if v != "0" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
	if _, err := store.Values(t.Context(), id, s, ""); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("values of what was never written: %v", err)
	}
	fake.Write("suite/tracker", `{"a":"of another"}`)
	s = sample(func(s *secrets.Secret) { s.Version = "0" })
	if err := store.Store.Update(t.Context(), id, s); !errors.Is(err, cloud.ErrConflict) {
		t.Errorf("over the first version of another: %v", err)
	}
	fake.Write("suite/tracker", "canary, no object")
	if _, err := store.Values(t.Context(), id, s, ""); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a text that is no object: %v", err)
	}
}

// A lost answer makes no second version, also where the service does not know that a create
// is the same one; and what is there already is not written again.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	fake.Strict = true
	lost := map[string]bool{}
	rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
		target := req.Header.Get("X-Amz-Target")
		if strings.HasSuffix(target, "CreateSecret") && !lost[target] {
			lost[target] = true
			return nil, syscall.ECONNRESET
		}
		return resp, nil
	}
	s := sample(nil)
	id, err := store.Store.Create(t.Context(), s)
	if err != nil || len(lost) != 1 {
		t.Fatalf("%v, lost %v", err, lost)
	}
	seen := sample(func(s *secrets.Secret) { s.Version = "an older one" })
	if err := store.Store.Update(t.Context(), id, seen); err != nil {
		t.Errorf("the same values on an old version: %v", err)
	}
	fake.Edit("suite/tracker", func(s *secretsmanagerfake.Secret) {
		if len(s.Versions) != 1 {
			t.Errorf("%d versions", len(s.Versions))
		}
	})
}

// An answer that cannot be read is not shown, whoever knows the values or not.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"SecretString":["canary"],"Name":5}`, "canary", `{"SecretString":"\ud800canary`, `{"VersionStages":"canary"}`} {
		store, _, rec := fresh(t)
		s := sample(func(s *secrets.Secret) { s.Values = secrets.Values{} })
		id, err := store.Store.Create(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		rec.spoil = func(_ *http.Request, resp *http.Response) (*http.Response, error) {
			resp.StatusCode, resp.Body, resp.ContentLength = 200, io.NopCloser(strings.NewReader(body)), int64(len(body))
			return resp, nil
		}
		v, err := store.Values(t.Context(), id, s, "")
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "cannot be read") || !v.Empty() {
			t.Errorf("%s: %v, %v", body, v.Keys(), err)
		}
	}
}

// The key is compared whichever way it is named.
func TestKey(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	s := sample(nil)
	id, err := store.Store.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for have, want := range map[string]string{
		"": "aws/secretsmanager", "alias/aws/secretsmanager": "aws/secretsmanager", key: key, key[strings.Index(key, "key/")+4:]: key,
		"arn:aws:kms:eu-west-1:111122223333:alias/ml": "alias/ml",
	} {
		fake.Edit("suite/tracker", func(s *secretsmanagerfake.Secret) { s.KmsKeyID = have })
		s.KMSKey = strings.TrimPrefix(want, "aws/secretsmanager")
		got, err := store.Store.Read(t.Context(), id, s)
		if err != nil || got["kms_key_id"] != want {
			t.Errorf("%q is read as %q, %v; want %q", have, got["kms_key_id"], err, want)
		}
	}
}

// A key of the same name in another account or region is another key.
func TestKey_elsewhere(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	s := sample(func(s *secrets.Secret) { s.KMSKey = "arn:aws:kms:eu-west-1:111122223333:alias/ml" })
	id, err := store.Store.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, have := range []string{"arn:aws:kms:eu-west-1:999922223333:alias/ml", "arn:aws:kms:eu-north-1:111122223333:alias/ml"} {
		fake.Edit("suite/tracker", func(s *secretsmanagerfake.Secret) { s.KmsKeyID = have })
		if got, err := store.Store.Read(t.Context(), id, s); err != nil || got["kms_key_id"] != have {
			t.Errorf("%s is read as %s, %v", have, got["kms_key_id"], err)
		}
		if err := store.Store.Update(t.Context(), id, s); err != nil {
			t.Error(err)
		}
		if got, err := store.Store.Read(t.Context(), id, s); err != nil || got["kms_key_id"] != s.KMSKey {
			t.Errorf("after an update: %s, %v", got["kms_key_id"], err)
		}
	}
}

// Who may not use the key is told so, whichever way the service words it.
func TestKey_refused(t *testing.T) {
	t.Parallel()
	for code, says := range map[string]string{"AccessDeniedException": "Access to KMS is not allowed", "DecryptionFailure": "cannot decrypt", "EncryptionFailure": "cannot encrypt"} {
		store, _, rec := fresh(t)
		rec.spoil = func(req *http.Request, _ *http.Response) (*http.Response, error) {
			return cloudtest.Reply(req, 400, "application/x-amz-json-1.1", `{"__type":"`+code+`","Message":"`+says+`"}`), nil
		}
		_, err := store.Store.Create(t.Context(), sample(func(s *secrets.Secret) { s.KMSKey = key }))
		if err == nil || !strings.Contains(err.Error(), "kms:GenerateDataKey") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// Of an imported secret nothing is known but its name.
func TestImported(t *testing.T) {
	t.Parallel()
	store, fake, rec := fresh(t)
	fake.Edit("theirs", func(s *secretsmanagerfake.Secret) { s.Tags["owner"] = "somebody" })
	var id string
	fake.Edit("theirs", func(s *secretsmanagerfake.Secret) { id = s.ARN })
	got, err := store.Store.Read(t.Context(), id, secrets.Secret{Secret: &spec.Secret{Name: "theirs"}})
	want := cloud.Settings{"name": "theirs", "kms_key_id": "aws/secretsmanager", "tags": `{"owner":"somebody"}`}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if auth := rec.seen[0].Get("Authorization"); !strings.Contains(auth, "/eu-west-1/secretsmanager/") {
		t.Errorf("the region of the ARN is not asked: %s", auth)
	}
	if agent := rec.seen[0].Get("User-Agent"); !strings.Contains(agent, "mlops/1.0") {
		t.Errorf("user agent %q", agent)
	}
}

// The region is that of the store, before that of the platform.
func TestRegionOfStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*secrets.Secret)
		want   string
	}{
		"platform": {nil, "eu-west-1"},
		"store":    {func(s *secrets.Secret) { s.Store = &spec.SecretStore{Region: "eu-north-1"} }, "eu-north-1"},
		"platform of Azure": {func(s *secrets.Secret) {
			s.On.Platform = &spec.Platform{Name: "suite", Cloud: "azure", Region: "westeurope"}
		}, "us-east-1"},
	} {
		store, _, rec := fresh(t)
		if _, err := store.Store.Create(t.Context(), sample(c.change)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if auth := rec.seen[0].Get("Authorization"); !strings.Contains(auth, "/"+c.want+"/secretsmanager/") {
			t.Errorf("%s: %s, want region %s", name, auth, c.want)
		}
	}
}
