package awssecretsmanager_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager/secretsmanagerfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/secretstest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestMain(m *testing.M) {
	// The SDK must find nothing of whoever runs the tests.
	for _, variable := range []string{"AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"} {
		_ = os.Unsetenv(variable)
	}
	for _, variable := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		_ = os.Setenv(variable, os.DevNull)
	}
	realtools.Main(m)
}

const (
	key   = "arn:aws:kms:eu-west-1:111122223333:key/11112222-3333-4444-5555-666677778888"
	token = "session-canary-token"
)

// sample is the secret "tracker" of a platform.
func sample(change func(*secrets.Secret)) secrets.Secret {
	s := secrets.Secret{
		Secret: &spec.Secret{Platform: "suite", Name: "tracker"},
		On:     cloud.On{Platform: &spec.Platform{Name: "suite", Cloud: "aws", Region: "eu-west-1"}, Tags: map[string]string{"team": "fraud"}},
		Values: secrets.ValuesOf(map[string]string{"password": "canary"}),
	}
	if change != nil {
		change(&s)
	}
	return s
}

func config(address string, rt http.RoundTripper) aws.Config {
	return aws.Config{
		Region: "us-east-1", Keys: &aws.Keys{AccessKey: "AKIA111122223333", SecretKey: "key-canary-secret", SessionToken: token},
		Endpoints: map[string]string{awssecretsmanager.Endpoint: address}, HTTPClient: rt, UserAgent: "mlops/1.0",
		Attempt: 200 * time.Millisecond, Pace: time.Millisecond,
	}
}

// through passes requests to a handler.
type through struct{ http.Handler }

func (h through) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result(), nil
}

// checked compares requests with those that the SDK ships.
type checked struct {
	t    *testing.T
	next http.RoundTripper
}

func (c checked) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := snapshotsOf(c.t).check(req); err != nil {
		c.t.Errorf("the request is none of the service: %v", err)
	}
	return c.next.RoundTrip(req)
}

func openFake(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) secretstest.Rig {
	t.Helper()
	fake := secretsmanagerfake.New()
	fake.Hidden = 1
	store := awssecretsmanager.New(config("http://127.0.0.1:1", wrap(checked{t, through{fake}})))
	return secretstest.Rig{Store: store, Rig: cloudtest.Rig{Count: fake.Count, Fake: fake, Answer: answer}}
}

// answer is how Secrets Manager words a fault.
func answer(fault cloudtest.Fault, req *http.Request) *http.Response {
	operation := strings.TrimPrefix(req.Header.Get("X-Amz-Target"), "secretsmanager.")
	reply := func(status int, code, message string) *http.Response {
		return cloudtest.Reply(req, status, "application/x-amz-json-1.1", `{"__type":"`+code+`","Message":"`+message+`"}`)
	}
	switch fault {
	case cloudtest.Throttled:
		return reply(400, "ThrottlingException", "Rate exceeded")
	case cloudtest.ThrottledUntil:
		out := reply(400, "ThrottlingException", "Rate exceeded")
		out.Header.Set("Retry-After", "0")
		return out
	case cloudtest.Internal:
		return reply(500, "InternalServiceError", "An error occurred on the server side.")
	case cloudtest.Unavailable:
		return cloudtest.Reply(req, 503, "text/html", "<html>Service Unavailable</html>")
	case cloudtest.Expired:
		return reply(400, "ExpiredTokenException", "The security token included in the request is expired")
	case cloudtest.Denied:
		return reply(400, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: secretsmanager:"+operation+" on resource: suite/tracker because no identity-based policy allows the action")
	case cloudtest.Absent:
		if operation == "DescribeSecret" {
			return reply(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		}
	default: // nothing that the service words: it has no answer for two changes at once
	}
	return nil
}

func suite(t *testing.T) secretstest.Case {
	fakeOf := func(r secretstest.Rig) *secretsmanagerfake.Service { return r.Fake.(*secretsmanagerfake.Service) }
	return secretstest.Case{
		Name:   "AWS Secrets Manager",
		Before: sample(nil),
		After: sample(func(s *secrets.Secret) {
			s.KMSKey = key
			s.Tags = map[string]string{"team": "risk", "cost-center": "1"}
		}),
		Tamper: func(t *testing.T, r secretstest.Rig, _, setting string) {
			fakeOf(r).Edit("suite/tracker", func(s *secretsmanagerfake.Secret) {
				switch setting {
				case "kms_key_id":
					s.KmsKeyID = "alias/another"
				case "tags":
					s.Tags["team"], s.Tags["of-others"] = "changed", "stays"
				default:
					t.Fatalf("setting %s is not known", setting)
				}
			})
		},
		Foreign: func(_ *testing.T, r secretstest.Rig) {
			fakeOf(r).Edit("suite/tracker", func(s *secretsmanagerfake.Secret) { s.Tags["owner"] = "somebody" })
		},
		Write: func(t *testing.T, r secretstest.Rig, _ string, values map[string]string) {
			text, err := document.Encode(secrets.ValuesOf(values), 65536)
			if err != nil {
				t.Fatal(err)
			}
			fakeOf(r).Write("suite/tracker", text)
		},
		Hidden: []string{"key-canary-secret", token},
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, openFake, suite(t))
}
