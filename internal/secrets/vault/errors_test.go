package vault_test

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
)

// TestErrors_capability: a denial names what a policy must add, and where.
func TestErrors_capability(t *testing.T) {
	t.Parallel()
	s := start(t)
	sec := tracker("", nil)
	sec.Values = secrets.ValuesOf(map[string]string{"a": "canary"})
	id, err := vault.New(s.config(s.root)).Store.Create(t.Context(), sec)
	if err != nil {
		t.Fatal(err)
	}
	type do func(secrets.Store) error
	create := func(path string) do {
		return func(st secrets.Store) error {
			other := sec
			other.Path = path
			_, err := st.Store.Create(t.Context(), other)
			return err
		}
	}
	update := func(st secrets.Store) error { return st.Store.Update(t.Context(), id, sec) }
	retag := func(st secrets.Store) error {
		tagged := sec
		tagged.Tags = map[string]string{"a": "b"}
		return st.Store.Update(t.Context(), id, tagged)
	}
	remove := func(policy string) do {
		return func(st secrets.Store) error { return st.Store.Delete(t.Context(), id, tracker(policy, nil)) }
	}
	values := func(st secrets.Store) error { _, err := st.Values(t.Context(), id, sec, ""); return err }
	see := `path "secret/metadata/fraud/*" { capabilities = ["read"] }`
	for name, tt := range map[string]struct {
		policy string
		do     do
		want   string
	}{
		"nothing at all":     {``, values, `capability "read" on secret/metadata/`},
		"metadata, read":     {`path "secret/data/*" { capabilities = ["read"] }`, update, `"read" on secret/metadata/fraud/tracker`},
		"metadata, create":   {see, create("fraud/one"), `"create" on secret/metadata/fraud/one`},
		"metadata, update":   {see, retag, `"update" on secret/metadata/fraud/tracker`},
		"data, create":       {`path "secret/metadata/fraud/*" { capabilities = ["read", "create"] }`, create("fraud/two"), `"create" on secret/data/fraud/two`},
		"data, update":       {see, update, `"update" on secret/data/fraud/tracker`},
		"data, read":         {see, values, `"read" on secret/data/fraud/tracker`},
		"delete":             {see, remove(""), `"delete" on secret/data/fraud/tracker`},
		"destroy":            {see, remove("destroy"), `"update" on secret/destroy/fraud/tracker`},
		"delete of metadata": {see, remove("metadata"), `"delete" on secret/metadata/fraud/tracker`},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.do(vault.New(s.config(s.limited(t, strings.ReplaceAll(name, " ", "-"), tt.policy))))
			if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "permission") || strings.Contains(err.Error(), "canary") {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// limited is a token with a policy, and nothing besides.
func (s server) limited(t *testing.T, name, policy string) string {
	t.Helper()
	name = strings.ReplaceAll(name, ",", "")
	s.must(t, "POST", "sys/policies/acl/"+name, map[string]string{"policy": "# of a test\n" + policy}, nil)
	return s.token(t, name)
}

// token is one with policies that exist. It may look at itself, as every token.
func (s server) token(t *testing.T, policies ...string) string {
	t.Helper()
	var made struct {
		Auth struct {
			Token string `json:"client_token"`
		}
	}
	s.must(t, "POST", "auth/token/create", map[string]any{"policies": policies}, &made)
	return made.Auth.Token
}

// TestErrors_ofServers: what a Vault says that cannot serve, or something that is no Vault.
func TestErrors_ofServers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"sealed":        {503, `{"errors":["Vault is sealed"]}`, "Vault is sealed, somebody with the keys must unseal it"},
		"standby":       {500, `{"errors":["local node not active but active cluster node not found"]}`, "a standby that reaches no active node"},
		"rate limit":    {429, `{"errors":["request path \"secret/data/x\": rate limit quota exceeded"]}`, "a rate limit or lease quota of Vault is used up"},
		"no Vault":      {200, `<html>welcome canary</html>`, "the answer is not Vault's"},
		"proxy":         {502, `<html>canary</html>`, "an answer that is not in Vault's form (502 Bad Gateway)"},
		"older, denied": {403, `{"errors":["permission denied"]}`, "the credentials were refused"}, // it cannot look at itself either
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer server.Close()
			config := vault.Config{Address: server.URL, Token: "t-canary", Pace: time.Microsecond}
			_, err := vault.New(config).Store.Read(t.Context(), "secret/x", tracker("", nil))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") || errors.Is(err, cloud.ErrNotFound) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// TestErrors_credentials: whatever a server repeats of a login is not shown, be it at once or
// in the answer to a later request.
func TestErrors_credentials(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("canary-in-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		set     func(*vault.Config)
		atLogin bool
	}{
		"token":            {func(c *vault.Config) { c.Token = "canary-token" }, false},
		"AppRole":          {func(c *vault.Config) { c.AppRole = &vault.AppRole{RoleID: "role", SecretID: "canary-id"} }, false},
		"Kubernetes":       {func(c *vault.Config) { c.Kubernetes = &vault.Kubernetes{Role: "role", JWT: "canary-jwt"} }, false},
		"Kubernetes, file": {func(c *vault.Config) { c.Kubernetes = &vault.Kubernetes{Role: "role", Path: file} }, true},
		"JWT":              {func(c *vault.Config) { c.JWT = &vault.JWT{Role: "role", Token: "canary-of-ci"} }, false},
		"Userpass":         {func(c *vault.Config) { c.Userpass = &vault.Userpass{Username: "ada", Password: "canary-word"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := vault.Config{Address: repeats(t, tt.atLogin), Pace: time.Microsecond}
			tt.set(&config)
			_, err := vault.New(config).Store.Read(t.Context(), "secret/x", tracker("", nil))
			if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "left out") {
				t.Errorf("an error of %d bytes shows a credential, or the server has said nothing", len(fmt.Sprint(err)))
			}
		})
	}
}

// repeats is a server that lets everybody in, and says afterwards with what. One that does so
// at the login lets nobody in.
func repeats(t *testing.T, atLogin bool) (address string) {
	t.Helper()
	var sent []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/login") {
			sent, _ = io.ReadAll(r.Body)
			if !atLogin {
				_, _ = io.WriteString(w, `{"auth":{"client_token":"t-0123456789"}}`)
				return
			}
		}
		w.WriteHeader(http.StatusBadRequest)
		said, _ := json.Marshal(map[string]any{"errors": []string{cmp.Or(string(sent), r.Header.Get("X-Vault-Token"))}})
		_, _ = w.Write(said)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestErrors_sealed: the real one, too.
func TestErrors_sealed(t *testing.T) {
	t.Parallel()
	s := start(t)
	config := s.config(s.root)
	s.must(t, "PUT", "sys/seal", nil, nil)
	if _, err := vault.New(config).Store.Read(t.Context(), "secret/x", tracker("", nil)); err == nil || !strings.Contains(err.Error(), "Vault is sealed, somebody") {
		t.Errorf("error is %v", err)
	}
}

func TestErrors_ofConfiguration(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, tt := range map[string]struct {
		set  func(*vault.Config)
		want string
	}{
		"password in the address": {func(c *vault.Config) { c.Address = "https://ada:canary@vault.example.com" }, "holds a user or a password: leave them out"},
		"no address":              {func(c *vault.Config) { c.Address = "vault.example.com:canary" }, "is no URL, such as https://"},
		"broken address":          {func(c *vault.Config) { c.Address = "https://ada:canary@[" }, "is no URL"},
		"no certificate":          {func(c *vault.Config) { c.CACertificate = "/does/not/exist" }, "the CA certificate cannot be read"},
		"no namespaces":           {func(c *vault.Config) { c.Namespace = "team" }, `namespace "team": this Vault is the community edition, which has no namespaces`},
		"nobody there":            {func(c *vault.Config) { c.Address = "http://127.0.0.1:1" }, "Vault does not answer: dial tcp 127.0.0.1:1: connect: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			config := s.config(s.root)
			tt.set(&config)
			_, err := vault.New(config).Store.Read(t.Context(), "secret/x", tracker("", nil))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// secure puts TLS before a Vault, and gives the address and the certificate.
func (s server) secure(t *testing.T) (address, certificate string) {
	t.Helper()
	behind, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(behind))
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // one client refuses the certificate
	front.StartTLS()
	t.Cleanup(front.Close)
	return front.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}))
}

// TestEnvironment: Vault's own variables work unchanged, and what is configured goes before.
func TestEnvironment(t *testing.T) { //nolint:paralleltest // it sets variables
	s := start(t)
	address, certificate := s.secure(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env    map[string]string
		config vault.Config
		want   string // "" when it works
	}{
		"all by variables":       {map[string]string{"VAULT_ADDR": address, "VAULT_TOKEN": s.root, "VAULT_CACERT": file}, vault.Config{}, ""},
		"skipping verification":  {map[string]string{"VAULT_ADDR": address, "VAULT_TOKEN": s.root, "VAULT_SKIP_VERIFY": "true"}, vault.Config{}, ""},
		"unknown certificate":    {map[string]string{"VAULT_ADDR": address, "VAULT_TOKEN": s.root}, vault.Config{}, "certificate"},
		"certificate as text":    {map[string]string{"VAULT_TOKEN": s.root}, vault.Config{Address: address, CACertificate: certificate}, ""},
		"certificate as file":    {map[string]string{"VAULT_TOKEN": s.root}, vault.Config{Address: address, CACertificate: file}, ""},
		"configuration first":    {map[string]string{"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_AGENT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "no"}, vault.Config{Address: s.address, Token: s.root}, ""},
		"namespace":              {map[string]string{"VAULT_NAMESPACE": "team"}, vault.Config{Address: s.address, Token: s.root}, `namespace "team"`},
		"password in a variable": {map[string]string{"VAULT_ADDR": "http://a:canary@127.0.0.1:1"}, vault.Config{Token: s.root}, "leave them out"},
		"wrapping":               {map[string]string{"VAULT_WRAP_TTL": "5m"}, vault.Config{Address: s.address, Token: s.root}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range tt.env {
				t.Setenv(key, value)
			}
			tt.config.Pace = time.Millisecond
			sec := tracker("", nil)
			sec.Path, sec.Values = "env/"+strings.ReplaceAll(name, " ", "-"), secrets.ValuesOf(map[string]string{"a": "b"})
			store := vault.New(tt.config)
			id, err := store.Store.Create(t.Context(), sec)
			if err == nil {
				_, err = store.Values(t.Context(), id, sec, "1")
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary")) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// TestRetryAfter: what Vault asks for is waited for, in seconds, whatever the pace is.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	s := start(t)
	config := s.config(s.root)
	var heads []http.Header
	config.UserAgent = "terraform-provider-mlops/test"
	config.Transport = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			heads = append(heads, req.Header)
			if len(heads) == 1 {
				resp := answer("throttled with Retry-After", req)
				resp.Header.Set("Retry-After", "1")
				return resp, nil
			}
			return next.RoundTrip(req)
		})
	}
	began := time.Now()
	if _, err := vault.New(config).Store.Create(t.Context(), tracker("", nil)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < time.Second || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := heads[0].Get("User-Agent"); got != config.UserAgent {
		t.Errorf("user agent %q", got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestAttempt: one request may take so long, and then it is tried again.
func TestAttempt(t *testing.T) {
	t.Parallel()
	s := start(t)
	config, n := s.config(s.root), 0
	config.Attempt = 100 * time.Millisecond
	config.Transport = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if n++; n == 1 {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}
			return next.RoundTrip(req)
		})
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	if _, err := vault.New(config).Store.Create(ctx, tracker("", nil)); err != nil || n < 2 {
		t.Errorf("%d requests, %v", n, err)
	}
}
