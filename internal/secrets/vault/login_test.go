package vault_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
)

// appRole makes a role and gives its credentials.
func (s server) appRole(t *testing.T, name string, settings map[string]any) vault.AppRole {
	t.Helper()
	s.as(t, s.root, "POST", "sys/auth/approle", map[string]string{"type": "approle"}, nil) // once is enough
	s.must(t, "POST", "auth/approle/role/"+name, settings, nil)
	var role, secret struct {
		Data struct {
			Role   string `json:"role_id"`
			Secret string `json:"secret_id"`
		}
	}
	s.must(t, "GET", "auth/approle/role/"+name+"/role-id", nil, &role)
	s.must(t, "POST", "auth/approle/role/"+name+"/secret-id", map[string]string{}, &secret)
	return vault.AppRole{RoleID: role.Data.Role, SecretID: secret.Data.Secret}
}

// issuer signs tokens.
type issuer struct{ key *ecdsa.PrivateKey }

func newIssuer(t *testing.T) issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{key}
}

// public is the key that checks them, as PEM.
func (i issuer) public(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&i.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (i issuer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(map[string]string{"alg": "ES256", "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// pod is the token of a service account.
func (i issuer) pod(t *testing.T, namespace, account, audience string) string {
	t.Helper()
	return i.token(t, map[string]any{
		"iss": "https://cluster", "aud": []string{audience}, "exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Add(-time.Minute).Unix(), "iat": time.Now().Add(-time.Minute).Unix(),
		"sub":           "system:serviceaccount:" + namespace + ":" + account,
		"kubernetes.io": map[string]any{"namespace": namespace, "serviceaccount": map[string]string{"name": account, "uid": "uid-of-" + account}},
	})
}

// reviewer stands in for the one API of Kubernetes that Vault asks: TokenReview. It takes
// every token that the issuer's key made for who is in it.
func reviewer(t *testing.T, i issuer) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Spec struct {
				Token     string
				Audiences []string
			}
		}
		_ = json.NewDecoder(r.Body).Decode(&review)
		parts := strings.Split(review.Spec.Token, ".")
		status := map[string]any{"authenticated": false, "error": "invalid bearer token"}
		if r.URL.Path == "/apis/authentication.k8s.io/v1/tokenreviews" && len(parts) == 3 && i.signed(parts) {
			var claims struct {
				Sub string
				Aud []string
			}
			data, _ := base64.RawURLEncoding.DecodeString(parts[1])
			_ = json.Unmarshal(data, &claims)
			status = map[string]any{"authenticated": true, "audiences": claims.Aud, "user": map[string]any{"username": claims.Sub, "uid": "uid-of-" + claims.Sub[strings.LastIndex(claims.Sub, ":")+1:], "groups": []string{"system:serviceaccounts"}}}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status})
	}))
	t.Cleanup(server.Close)
	return server
}

func (i issuer) signed(parts []string) bool {
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		return false
	}
	return ecdsa.Verify(&i.key.PublicKey, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}

// cluster enables the login of a cluster whose tokens the issuer makes.
func (s server) cluster(t *testing.T, mount string, i issuer) {
	t.Helper()
	api := reviewer(t, i)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	s.must(t, "POST", "sys/auth/"+mount, map[string]string{"type": "kubernetes"}, nil)
	s.must(t, "POST", "auth/"+mount+"/config", map[string]any{"kubernetes_host": api.URL, "kubernetes_ca_cert": string(ca), "disable_local_ca_jwt": true, "token_reviewer_jwt": i.pod(t, "kube-system", "vault", "https://cluster")}, nil)
}

// TestLogin: each way leads to a token, and wrong credentials are told from other faults
// without being shown.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	keys := newIssuer(t)
	s.must(t, "POST", "sys/policies/acl/fraud", map[string]string{"policy": `path "secret/+/fraud/*" { capabilities = ["create", "read", "update", "delete"] }`}, nil)
	role := s.appRole(t, "ci", map[string]any{"token_policies": "fraud"})
	s.must(t, "POST", "sys/auth/people", map[string]string{"type": "userpass"}, nil)
	s.must(t, "POST", "auth/people/users/ada", map[string]any{"password": "canary-password", "token_policies": "fraud"}, nil)
	s.must(t, "POST", "sys/auth/jwt", map[string]string{"type": "jwt"}, nil)
	s.must(t, "POST", "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": []string{keys.public(t)}}, nil)
	s.must(t, "POST", "auth/jwt/role/ci", map[string]any{"role_type": "jwt", "user_claim": "sub", "bound_audiences": []string{"vault"}, "bound_subject": "repo:acme/fraud", "token_policies": "fraud"}, nil)
	s.cluster(t, "cluster", keys)
	s.must(t, "POST", "auth/cluster/role/runner", map[string]any{"bound_service_account_names": "runner", "bound_service_account_namespaces": "ci", "audience": "vault", "token_policies": "fraud"}, nil)
	ci := func(audience string) string {
		return keys.token(t, map[string]any{"sub": "repo:acme/fraud", "aud": audience, "nbf": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix()})
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(keys.pod(t, "ci", "runner", "vault")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := role
	wrong.SecretID = "canary-secret-id"
	for name, tt := range map[string]struct {
		set  func(*vault.Config)
		want string // "" when it is let in
	}{
		"AppRole":        {func(c *vault.Config) { c.AppRole = &role }, ""},
		"AppRole, wrong": {func(c *vault.Config) { c.AppRole = &wrong }, "by AppRole at auth/approle/login: the credentials were refused: invalid role or secret ID"},
		"Userpass": {func(c *vault.Config) {
			c.Userpass = &vault.Userpass{Username: "ada", Password: "canary-password", Mount: "people"}
		}, ""},
		"Userpass, wrong": {func(c *vault.Config) {
			c.Userpass = &vault.Userpass{Username: "ada", Password: "canary", Mount: "people"}
		}, "at auth/people/login/ada: the credentials were refused: invalid username or password"},
		"Userpass, no mount":  {func(c *vault.Config) { c.Userpass = &vault.Userpass{Username: "ada", Password: "canary"} }, "the credentials were refused, or no such login is mounted there"},
		"JWT":                 {func(c *vault.Config) { c.JWT = &vault.JWT{Role: "ci", Token: ci("vault")} }, ""},
		"JWT, wrong audience": {func(c *vault.Config) { c.JWT = &vault.JWT{Role: "ci", Token: ci("other")} }, "by JWT at auth/jwt/login: the credentials were refused"},
		"Kubernetes": {func(c *vault.Config) {
			c.Kubernetes = &vault.Kubernetes{Role: "runner", Mount: "cluster", JWT: keys.pod(t, "ci", "runner", "vault")}
		}, ""},
		"Kubernetes, file":    {func(c *vault.Config) { c.Kubernetes = &vault.Kubernetes{Role: "runner", Mount: "cluster", Path: file} }, ""},
		"Kubernetes, no file": {func(c *vault.Config) { c.Kubernetes = &vault.Kubernetes{Role: "runner", Path: file + "x"} }, "the token of the service account: open "},
		"Kubernetes, another": {func(c *vault.Config) {
			c.Kubernetes = &vault.Kubernetes{Role: "runner", Mount: "cluster", JWT: keys.pod(t, "ci", "other", "vault")}
		}, "by Kubernetes at auth/cluster/login: the credentials were refused"},
		"Kubernetes, forged": {func(c *vault.Config) {
			c.Kubernetes = &vault.Kubernetes{Role: "runner", Mount: "cluster", JWT: newIssuer(t).pod(t, "ci", "runner", "vault")}
		}, "the credentials were refused"},
		"none":                 {func(*vault.Config) {}, "there are no credentials for Vault"},
		"two":                  {func(c *vault.Config) { c.AppRole, c.Token = &role, s.root }, "more than one way to log in to Vault"},
		"token of no one":      {func(c *vault.Config) { c.Token = "canary-token" }, "the credentials were refused: the token is expired"},
		"token with its break": {func(c *vault.Config) { c.Token = "canary-token\n" }, "a line break or another character that no token has"},
	} {
		t.Run(name, func(t *testing.T) {
			config := s.config("")
			tt.set(&config)
			sec := tracker("metadata", nil)
			sec.Path = "fraud/" + strings.ReplaceAll(name, " ", "-")
			sec.Values = secrets.ValuesOf(map[string]string{"a": "b"})
			_, err := vault.New(config).Store.Create(t.Context(), sec)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
			if strings.Contains(tt.want, "credentials") != errors.Is(err, cloud.ErrDenied) && name != "token with its break" {
				t.Errorf("%v: denied is %t", err, errors.Is(err, cloud.ErrDenied))
			}
		})
	}
}

// counted counts the requests to a path.
type counted struct {
	next http.RoundTripper
	path string
	n    *atomic.Int64
}

func (c counted) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, c.path) {
		c.n.Add(1)
	}
	return c.next.RoundTrip(req)
}

// TestLogin_again: a token that expires during a run is replaced once, by all who wait.
func TestLogin_again(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.must(t, "POST", "sys/policies/acl/fraud", map[string]string{"policy": `path "secret/+/fraud/*" { capabilities = ["create", "read", "update"] }`}, nil)
	role := s.appRole(t, "short", map[string]any{"token_policies": "fraud"})
	var logins atomic.Int64
	config := s.config("")
	config.AppRole = &role
	config.Transport = func(next http.RoundTripper) http.RoundTripper { return counted{next, "/auth/approle/login", &logins} }
	store := vault.New(config)
	sec := tracker("", nil)
	id, err := store.Store.Create(t.Context(), sec)
	if err != nil || logins.Load() != 1 {
		t.Fatalf("%d logins, %v", logins.Load(), err)
	}
	s.revokeAll(t)
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := store.Version(t.Context(), id, sec)
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := logins.Load(); got != 2 {
		t.Errorf("%d logins for one token that expired", got-1)
	}
	if err := store.Store.Delete(t.Context(), id, sec); err == nil || logins.Load() != 2 {
		t.Errorf("what is not allowed is no reason to log in again: %d logins, %v", logins.Load(), err)
	}
	if code := s.as(t, s.root, "DELETE", "auth/approle/role/short", nil, nil); code != 204 {
		t.Fatal(code)
	}
	s.revokeAll(t)
	if _, err := store.Version(t.Context(), id, sec); !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "credentials were refused") {
		t.Errorf("when the login fails as well: %v", err)
	}
}

// revokeAll ends all tokens of the AppRole login.
func (s server) revokeAll(t *testing.T) {
	t.Helper()
	s.must(t, "PUT", "sys/leases/revoke-force/auth/approle/login", nil, nil)
}
