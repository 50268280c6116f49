package provider_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault/keyvaultfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager/secretmanagerfake"
)

// keeper is a secret store of a cloud in this process.
type keeper struct {
	store
	site
	// tagged changes by hand what belongs to the secret and is no value.
	tagged func()
}

// guarded refuses every request while it is closed.
func guarded(closed *atomic.Bool, refusal string, next http.RoundTripper) http.RoundTripper {
	return tripper(func(r *http.Request) (*http.Response, error) {
		if !closed.Load() {
			return next.RoundTrip(r)
		}
		return handled(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, refusal)
		})).RoundTrip(r)
	})
}

// values reads a document of values.
func valuesOf(t *testing.T, text string) map[string]string {
	t.Helper()
	var out map[string]string
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("what the store holds is no document of values: %v", err)
	}
	return out
}

func documentOf(t *testing.T, values map[string]string) string {
	t.Helper()
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// onSecretManager is Secret Manager of Google Cloud.
func onSecretManager(t *testing.T) keeper {
	t.Helper()
	const name = "projects/acme-ml/secrets/p-tracker"
	fake, closed := secretmanagerfake.New(), &atomic.Bool{}
	at := listens(t, "secretmanager.googleapis.com", guarded(closed, `{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "Permission 'secretmanager.versions.add' denied"}}`, fake))
	read := func(path string, into any) bool {
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "https://secretmanager.googleapis.com/v1/"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := fake.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(into) == nil
	}
	return keeper{
		site: site{cloud: "google", count: fake.Count, section: fmt.Sprintf(`google = { project = "acme-ml", access_token = "not-a-secret", endpoints = { secretmanager = "%s/" } }`, at)},
		store: store{
			name: "google_secret_manager", platform: `secret_store = "google_secret_manager"`, deny: closed.Store,
			values: func(t *testing.T) map[string]string {
				t.Helper()
				var got secretmanager.AccessSecretVersionResponse
				if !read(name+"/versions/latest:access", &got) {
					return nil
				}
				text, err := base64.StdEncoding.DecodeString(got.Payload.Data)
				if err != nil {
					t.Fatal(err)
				}
				return valuesOf(t, string(text))
			},
			put: func(t *testing.T, values map[string]string) {
				t.Helper()
				text := documentOf(t, values)
				fake.Write(name, &secretmanager.SecretPayload{Data: base64.StdEncoding.EncodeToString([]byte(text)), DataCrc32c: int64(crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))})
			},
		},
		tagged: func() {
			fake.Edit(name, func(s *secretmanagerfake.Secret) { s.Labels = map[string]string{"managed-by": "somebody"} })
		},
	}
}

// keyVaultOperations are those of a key vault, by method and the kind of what they are on.
var keyVaultOperations = map[string]string{
	"GET secrets": "Client.GetSecret", "PUT secrets": "Client.SetSecret", "PATCH secrets": "Client.UpdateSecretProperties", "DELETE secrets": "Client.DeleteSecret",
	"GET deletedsecrets": "Client.GetDeletedSecret", "POST deletedsecrets": "Client.RecoverDeletedSecret",
}

// onKeyVault is a key vault of Azure, with an identity of this machine that signs in to it.
func onKeyVault(t *testing.T) keeper {
	t.Helper()
	const name = "p-tracker"
	closed := &atomic.Bool{}
	var fake *keyvaultfake.Vault
	named := tripper(func(r *http.Request) (*http.Response, error) {
		kind, _, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
		operation := keyVaultOperations[r.Method+" "+kind]
		return fake.RoundTrip(r.WithContext(context.WithValue(r.Context(), runtime.CtxAPINameKey{}, operation)))
	})
	server := httptest.NewTLSServer(handler(t, "fraud.vault.azure.net", guarded(closed, `{"error": {"code": "Forbidden", "message": "Caller is not authorized to perform action on resource."}}`, named)))
	t.Cleanup(server.Close)
	fake = keyvaultfake.New(server.URL)
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	write(t, trusted, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	signs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "not-a-secret", "expires_on": "4102444800", "resource": "https://vault.azure.net", "token_type": "Bearer"}`)
	}))
	t.Cleanup(signs.Close)
	return keeper{
		site: site{cloud: "azure", count: fake.Count, section: fmt.Sprintf(`azure = { vault_url = %q }`, server.URL)},
		store: store{
			name: "azure_key_vault", platform: `secret_store = "azure_key_vault"`, deny: closed.Store,
			env: []string{"SSL_CERT_FILE=" + trusted, "IDENTITY_ENDPOINT=" + signs.URL, "IDENTITY_HEADER=x", "AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential"},
			values: func(t *testing.T) (out map[string]string) {
				t.Helper()
				if fake.Count() > 0 {
					fake.Edit(name, func(s *keyvaultfake.Secret) { out = valuesOf(t, s.Newest().Value) })
				}
				return out
			},
			put: func(t *testing.T, values map[string]string) { t.Helper(); fake.Write(name, documentOf(t, values)) },
		},
		tagged: func() {
			fake.Edit(name, func(s *keyvaultfake.Secret) { s.Newest().Tags["managed-by"] = to.Ptr("somebody") })
		},
	}
}

// TestSecret_onClouds: the life of a secret in the stores of Google Cloud and Azure.
func TestSecret_onClouds(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) keeper{"google_secret_manager": onSecretManager, "azure_key_vault": onKeyVault} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := open(t)
			k.provider = fmt.Sprintf("provider \"mlops\" {\n  %s\n}\n", k.section)
			secretLife(t, k.store)
			if n := k.count(); n != 0 {
				t.Errorf("%d secrets are left", n)
			}
		})
		t.Run(name+" moves", func(t *testing.T) {
			t.Parallel()
			k := open(t)
			k.regions[0] = map[string]string{"google": "europe-west1", "azure": "westeurope"}[k.cloud]
			body := func(version int, path string) string {
				return fmt.Sprintf("name = \"tracker\"\n  path = %q\n  value_wo = { api_key = \"canary\" }\n  value_wo_version = %d", path, version)
			}
			y := story{
				kind: "mlops_secret", first: body(1, "p/tracker"), second: body(2, "p/tracker"), other: body(2, "p/another"), updated: "version", fixed: "name",
				known: map[string]any{"value_wo_version": 1}, fresh: []string{"version", "reference"}, importedFrom: name,
				byHand: func(*site, string) { k.tagged() }, hand: map[string]string{"google_secret_manager": "labels", "azure_key_vault": "tags"}[name],
			}
			k.more, y.env = k.store.platform, k.env
			y.lives(t, &k.site)
		})
	}
}

// TestSecret_movesWithItsStore: a store in another project is another place, and nothing is
// left behind.
func TestSecret_movesWithItsStore(t *testing.T) {
	t.Parallel()
	k := onSecretManager(t)
	k.regions[0], k.more = "europe-west1", k.store.platform
	f := newFolder(t)
	text := story{kind: "mlops_secret"}.resource("s", "name = \"tracker\"\n  value_wo = { api_key = \"canary\" }")
	f.write(k.site.platform(0) + text)
	f.apply()
	f.write(strings.Replace(k.site.platform(0), `"acme-ml"`, `"acme-risk"`, 1) + text)
	if c := f.planned("mlops_secret.s"); c.action() != "delete then create" {
		t.Errorf("the plan is to %s", c.action())
	}
	f.applied()
	if id := f.attribute("mlops_secret", "id"); id != "projects/acme-risk/secrets/fraud-tracker" || k.count() != 1 {
		t.Errorf("%d secrets, one of them %v", k.count(), id)
	}
}
