package googlesecretmanager_test

import (
	"bytes"
	"encoding/base64"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager/secretmanagerfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/secretstest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const (
	name  = "projects/acme-ml/secrets/suite-tracker"
	token = "token-canary-1"
)

// sample is the secret "tracker" of a platform.
func sample(change func(*secrets.Secret)) secrets.Secret {
	s := secrets.Secret{
		Secret: &spec.Secret{Platform: "suite", Name: "tracker", RecoveryDays: 7},
		On:     cloud.On{Platform: &spec.Platform{Name: "suite", Cloud: "google", Region: "europe-west1"}, Tags: map[string]string{"team": "fraud"}},
		Values: secrets.ValuesOf(map[string]string{"password": "canary"}),
	}
	if change != nil {
		change(&s)
	}
	return s
}

func config(rt http.RoundTripper) google.Config {
	return google.Config{Project: "acme-ml", AccessToken: token, HTTPClient: rt, UserAgent: "mlops/1.0", Attempt: 200 * time.Millisecond, Pace: time.Millisecond}
}

// ear hears of a fake what it says of requests, and nothing of what it does not have.
type ear struct{ testing.TB }

func (e ear) Errorf(format string, args ...any) {
	if strings.Contains(format, "no discovery document allows") {
		e.TB.Errorf(format, args...)
	}
}

// checked compares requests with Google's own description.
type checked struct {
	by, next http.RoundTripper
}

func check(t *testing.T, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	return checked{googlefake.New(ear{t}), next}
}

func (c checked) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	copied := req.Clone(req.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	if resp, err := c.by.RoundTrip(copied); err == nil {
		_ = resp.Body.Close()
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return c.next.RoundTrip(req)
}

func openFake(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) secretstest.Rig {
	t.Helper()
	fake := secretmanagerfake.New()
	fake.Hidden = 1
	store := googlesecretmanager.New(config(wrap(check(t, fake))))
	return secretstest.Rig{Store: store, Rig: cloudtest.Rig{Count: fake.Count, Fake: fake, Answer: answer}}
}

// answer is how Secret Manager words a fault.
func answer(fault cloudtest.Fault, req *http.Request) *http.Response {
	if fault == cloudtest.Busy && req.Method == http.MethodPatch {
		return cloudtest.Reply(req, 409, "application/json", `{"error":{"code":409,"status":"ABORTED","message":"The etag provided does not match."}}`)
	}
	if fault == cloudtest.Absent && strings.Contains(req.URL.Path, "/versions/") {
		return nil // it would say that there is no version
	}
	return googlefake.Answer(fault, req)
}

func payload(t *testing.T, values map[string]string) *secretmanager.SecretPayload {
	t.Helper()
	text, err := document.Encode(secrets.ValuesOf(values), 65536)
	if err != nil {
		t.Fatal(err)
	}
	sum := crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
	return &secretmanager.SecretPayload{Data: base64.StdEncoding.EncodeToString([]byte(text)), DataCrc32c: int64(sum)}
}

func fakeOf(r secretstest.Rig) *secretmanagerfake.Service {
	return r.Fake.(*secretmanagerfake.Service)
}

func suite(title string, before, after func(*secrets.Secret)) secretstest.Case {
	return secretstest.Case{
		Name: title, Before: sample(before), After: sample(after),
		Tamper: func(t *testing.T, r secretstest.Rig, _, setting string) {
			fakeOf(r).Edit(name, func(s *secretmanagerfake.Secret) {
				switch setting {
				case "labels":
					s.Labels["team"], s.Labels["of-others"] = "changed", "stays"
				case "annotations":
					s.Annotations = map[string]string{"of-others": "stays"}
				case "version_destroy_ttl":
					s.VersionDestroyTtl = "86400s"
				case "expire_time":
					s.ExpireTime = "2100-01-01T00:00:00Z"
				case "newest_version":
					s.Versions[len(s.Versions)-1].State = "DISABLED"
				default:
					t.Fatalf("setting %s is not known", setting)
				}
			})
		},
		Foreign: func(_ *testing.T, r secretstest.Rig) {
			fakeOf(r).Edit(name, func(s *secretmanagerfake.Secret) { s.Labels = map[string]string{"owner": "somebody"} })
		},
		Write: func(t *testing.T, r secretstest.Rig, _ string, values map[string]string) {
			fakeOf(r).Write(name, payload(t, values))
		},
		Hidden: []string{token},
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	tags := func(s *secrets.Secret) { s.Tags = map[string]string{"team": "risk", "cost-center": "1"} }
	secretstest.Run(t, openFake, suite("with recovery", nil, func(s *secrets.Secret) { tags(s); s.RecoveryDays = 30 }))
	secretstest.Run(t, openFake, suite("for good", func(s *secrets.Secret) { s.RecoveryDays = 0 }, func(s *secrets.Secret) { tags(s); s.RecoveryDays = 0 }))
}
