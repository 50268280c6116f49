package azurekeyvault_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault/keyvaultfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/secretstest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestMain(m *testing.M) { os.Exit(m.Run()) }

const (
	vault = "https://suite.vault.azure.net"
	token = "token-canary-1"
	id    = vault + "/secrets/suite-tracker"
)

// tokens are credentials that are there.
type tokens struct{ err error }

func (c tokens) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, c.err
}

// sample is the secret "tracker" of a platform.
func sample(change func(*secrets.Secret)) secrets.Secret {
	s := secrets.Secret{
		Secret: &spec.Secret{Platform: "suite", Name: "tracker"},
		On:     cloud.On{Platform: &spec.Platform{Name: "suite", Cloud: "azure", Region: "westeurope"}, Tags: map[string]string{"team": "fraud"}},
		Values: secrets.ValuesOf(map[string]string{"password": "canary"}),
	}
	if change != nil {
		change(&s)
	}
	return s
}

func config(rt http.RoundTripper) azurekeyvault.Config {
	return azurekeyvault.Config{VaultURL: vault, Credential: tokens{}, Transport: rt, UserAgent: "mlops/1.0", Attempt: 200 * time.Millisecond, Pace: time.Millisecond}
}

func openFake(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) secretstest.Rig {
	t.Helper()
	fake := keyvaultfake.New(vault)
	fake.Slow = 1
	store := azurekeyvault.New(config(wrap(fake)))
	return secretstest.Rig{Store: store, Rig: cloudtest.Rig{Count: fake.Count, Fake: fake, Answer: answer}}
}

// answer is how a key vault words a fault.
func answer(fault cloudtest.Fault, req *http.Request) *http.Response {
	reply := func(status int, text string) *http.Response {
		return cloudtest.Reply(req, status, "application/json; charset=utf-8", `{"error":`+text+`}`)
	}
	if req.Header.Get("Authorization") == "" && (fault == cloudtest.Denied || fault == cloudtest.Absent) {
		return nil // nobody is told more than to sign in
	}
	switch fault {
	case cloudtest.Throttled:
		return reply(429, `{"code":"Throttled","message":"Request was not processed because too many requests were received."}`)
	case cloudtest.ThrottledUntil:
		out := reply(429, `{"code":"Throttled","message":"Request was not processed because too many requests were received."}`)
		out.Header.Set("Retry-After", "1")
		return out
	case cloudtest.Internal:
		return reply(500, `{"code":"InternalServerError","message":"Internal server error"}`)
	case cloudtest.Unavailable:
		return cloudtest.Reply(req, 503, "text/html", "<html>Service Unavailable</html>")
	case cloudtest.Expired:
		out := reply(401, `{"code":"Unauthorized","message":"AKV10022: The token is expired"}`)
		out.Header.Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`)
		return out
	case cloudtest.Denied:
		return reply(403, `{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.","innererror":{"code":"ForbiddenByRbac"}}`)
	case cloudtest.Busy:
		if req.Method == http.MethodPut || req.Method == http.MethodDelete {
			return reply(409, `{"code":"Conflict","message":"The secret is being recovered.","innererror":{"code":"ObjectIsBeingRecovered"}}`)
		}
	case cloudtest.Absent:
		if req.Method == http.MethodGet {
			return reply(404, `{"code":"SecretNotFound","message":"A secret with (name/id) suite-tracker was not found in this key vault."}`)
		}
	default: // nothing that a vault words
	}
	return nil
}

func fakeOf(r secretstest.Rig) *keyvaultfake.Vault { return r.Fake.(*keyvaultfake.Vault) }

func TestSuite(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, openFake, secretstest.Case{
		Name: "Azure Key Vault", Before: sample(nil),
		After: sample(func(s *secrets.Secret) { s.Tags = map[string]string{"team": "risk", "Cost Center": "ü"} }),
		Tamper: func(t *testing.T, r secretstest.Rig, _, setting string) {
			fakeOf(r).Edit("suite-tracker", func(s *keyvaultfake.Secret) {
				switch setting {
				case "enabled":
					s.Newest().Disabled = true
				case "content_type":
					s.Newest().Kind = "text/plain"
				case "tags":
					s.Newest().Tags["team"], s.Newest().Tags["of-others"] = to.Ptr("changed"), to.Ptr("stays")
				default:
					t.Fatalf("setting %s is not known", setting)
				}
			})
		},
		Foreign: func(_ *testing.T, r secretstest.Rig) {
			fakeOf(r).Edit("suite-tracker", func(s *keyvaultfake.Secret) { s.Newest().Tags = map[string]*string{"owner": to.Ptr("somebody")} })
		},
		Write: func(t *testing.T, r secretstest.Rig, _ string, values map[string]string) {
			text, err := document.Encode(secrets.ValuesOf(values), 25600)
			if err != nil {
				t.Fatal(err)
			}
			fakeOf(r).Write("suite-tracker", text)
		},
		Hidden: []string{token},
	})
}
