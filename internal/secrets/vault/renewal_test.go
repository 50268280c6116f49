package vault_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
)

const ofFraud = `path "secret/+/fraud/*" { capabilities = ["create", "read", "update", "delete"] }
path "sys/policies/acl/*" { capabilities = ["read"] }
path "auth/kubernetes/role/*" { capabilities = ["read"] }`

// TestShared: one login serves all stores that share it, so that a secret id that may be
// used once is enough for all of them.
func TestShared(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.must(t, "POST", "sys/auth/kubernetes", map[string]string{"type": "kubernetes"}, nil)
	s.must(t, "POST", "sys/policies/acl/fraud", map[string]string{"policy": ofFraud}, nil)
	role := s.appRole(t, "once", map[string]any{"token_policies": "fraud", "secret_id_num_uses": 1})
	var logins atomic.Int64
	config := s.config("")
	config.AppRole, config.Shared = &role, new(vault.Shared)
	config.Transport = func(next http.RoundTripper) http.RoundTripper { return counted{next, "/auth/approle/login", &logins} }
	sec := tracker("", nil)
	sec.Values = secrets.ValuesOf(map[string]string{"a": "b"})
	id, err := vault.New(config).Store.Create(t.Context(), sec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.New(config).Version(t.Context(), id, sec); err != nil {
		t.Errorf("a second store: %v", err)
	}
	if _, err := vault.Access(config).Store.Read(t.Context(), "auth/kubernetes/role/fraud-trainer", reader("trainer", "trainer")); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("the access: %v", err)
	}
	if n := logins.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
	config.Shared = nil
	if _, err := vault.New(config).Version(t.Context(), id, sec); !errors.Is(err, cloud.ErrDenied) {
		t.Errorf("the secret id is used twice: %v", err)
	}
}

// TestRenewal: a shared token lives on while nobody asks anything, as it happens when an
// apply waits for nodes; one that nobody renews has ended by then.
func TestRenewal(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.must(t, "POST", "sys/policies/acl/fraud", map[string]string{"policy": ofFraud}, nil)
	sec := tracker("", nil)
	id, err := vault.New(s.config(s.root)).Store.Create(t.Context(), sec)
	if err != nil {
		t.Fatal(err)
	}
	token := func(more map[string]any) func(*testing.T, *vault.Config) {
		return func(t *testing.T, c *vault.Config) {
			body := map[string]any{"policies": []string{"fraud"}, "ttl": "3s"}
			for key, value := range more {
				body[key] = value
			}
			var made struct {
				Auth struct {
					Token string `json:"client_token"`
				}
			}
			s.must(t, "POST", "auth/token/create", body, &made)
			c.Token, c.Shared = made.Auth.Token, new(vault.Shared)
		}
	}
	login := func(name string, ttl map[string]any) func(*testing.T, *vault.Config) {
		return func(t *testing.T, c *vault.Config) {
			ttl["token_policies"], ttl["secret_id_num_uses"] = "fraud", 1
			role := s.appRole(t, name, ttl)
			c.AppRole, c.Shared = &role, new(vault.Shared)
		}
	}
	for name, tt := range map[string]struct {
		set  func(*testing.T, *vault.Config)
		want string // "" when it lives
	}{
		"token":                     {token(nil), ""},
		"login":                     {login("renewed", map[string]any{"token_ttl": "3s"}), ""},
		"token that nobody renews":  {token(map[string]any{"renewable": false}), "the token is expired"},
		"token of a store alone":    {func(t *testing.T, c *vault.Config) { token(nil)(t, c); c.Shared = nil }, "the token is expired"},
		"login with an end":         {login("ended", map[string]any{"token_ttl": "3s", "token_max_ttl": "4s"}), "give its role a longer token_max_ttl"},
		"token without permissions": {token(map[string]any{"no_default_policy": true}), "the token is expired"}, // it may not even look at itself
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := s.config("")
			tt.set(t, &config)
			store := vault.New(config)
			if _, err := store.Version(t.Context(), id, sec); err != nil {
				t.Fatal(err)
			}
			time.Sleep(7 * time.Second)
			_, err := store.Version(t.Context(), id, sec)
			if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("after its time: %v; want %q", err, tt.want)
			}
			if config.Token == "" || tt.want != "" {
				return
			}
			var self struct{ Data struct{ TTL int } }
			if s.as(t, config.Token, "GET", "auth/token/lookup-self", nil, &self); self.Data.TTL > 3 {
				t.Errorf("a token of 3 s was made one of %d s", self.Data.TTL)
			}
		})
	}
}
