package vault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// TestStore_engines: a secret is written into an engine of version 2 only.
func TestStore_engines(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.must(t, "POST", "sys/mounts/old", map[string]any{"type": "kv", "options": map[string]string{"version": "1"}}, nil)
	s.must(t, "POST", "sys/mounts/team/kv", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}}, nil)
	store := vault.New(s.config(s.root))
	for mount, want := range map[string]string{
		"old":          "version 1, which keeps no versions: turn them on (vault kv enable-versioning old)",
		"none":         "there is no engine at none (enable one: vault secrets enable -path=none -version=2 kv)",
		"sys/policies": "type system",
		"/team/kv/":    "",
	} {
		sec := tracker("", nil)
		sec.Vault.Mount, sec.Values = mount, secrets.ValuesOf(map[string]string{"a": "canary"})
		id, err := store.Store.Create(t.Context(), sec)
		if want == "" {
			if err != nil || id != "team/kv/fraud/tracker" {
				t.Errorf("%s: id %q, %v", mount, id, err)
			}
			read, err := store.Store.Read(t.Context(), id, secrets.Secret{Secret: &spec.Secret{Name: "tracker"}})
			if err != nil || read["mount"] != "team/kv" || read["path"] != "fraud/tracker" {
				t.Errorf("%s: read %v, %v", mount, read, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, cloud.ErrNotFound) {
			t.Errorf("%s: %v; want %q", mount, err, want)
		}
	}
	if got := s.as(t, s.root, "GET", "old/metadata/fraud/tracker", nil, nil); got != 404 {
		t.Errorf("something was written into the engine of version 1: %d", got)
	}
}

// TestStore_upgrading: an engine that was just enabled is not ready at once.
func TestStore_upgrading(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := vault.New(s.config(s.root))
	for n := range 5 {
		mount := fmt.Sprintf("fresh%d", n)
		s.must(t, "POST", "sys/mounts/"+mount, map[string]any{"type": "kv", "options": map[string]string{"version": "2"}}, nil)
		sec := tracker("", nil)
		sec.Vault.Mount, sec.Values = mount, secrets.ValuesOf(map[string]string{"a": "b"})
		if _, err := store.Store.Create(t.Context(), sec); err != nil {
			t.Fatal(err)
		}
	}
}
