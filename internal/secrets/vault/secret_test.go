package vault_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/secretstest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func tracker(deletion string, tags map[string]string) secrets.Secret {
	return secrets.Secret{Secret: &spec.Secret{Platform: "fraud", Name: "tracker", Vault: &spec.VaultSecret{Deletion: deletion}}, On: on(tags)}
}

// visible counts the secrets of a corner: a path whose newest version is gone is none.
func (s server) visible(t *testing.T, folder string) (n int) {
	t.Helper()
	for _, path := range s.entries(t, "secret/metadata/"+folder+"/") {
		var meta struct {
			Data struct {
				Current  int `json:"current_version"`
				Versions map[string]struct {
					Deleted   string `json:"deletion_time"`
					Destroyed bool
				}
			}
		}
		s.must(t, "GET", path, nil, &meta)
		newest := meta.Data.Versions[fmt.Sprint(meta.Data.Current)]
		if newest.Deleted == "" && !newest.Destroyed {
			n++
		}
	}
	return n
}

// open gives a rig with what login adds to the configuration; all counts paths that are
// only marked as deleted, too.
func (s server) open(login func(*vault.Config), all bool) secretstest.Open {
	return func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) secretstest.Rig {
		folder := newCorner()
		config := s.config("")
		config.Attempt = 200 * time.Millisecond
		config.Transport = func(next http.RoundTripper) http.RoundTripper { return wrap(corner{next, folder}) }
		login(&config)
		count := func() int { return s.visible(t, folder) }
		if all {
			count = func() int { return len(s.entries(t, "secret/metadata/"+folder+"/")) }
		}
		return secretstest.Rig{Rig: cloudtest.Rig{Fake: folder, Answer: answer, Count: count}, Store: vault.New(config)}
	}
}

func (s server) secretCase(name, deletion string) secretstest.Case {
	at := func(r secretstest.Rig, engine, id string) string {
		return strings.Replace(id, "secret/", "secret/"+engine+"/"+r.Fake.(string)+"/", 1)
	}
	return secretstest.Case{
		Name:   name,
		Before: tracker(deletion, map[string]string{"team": "risk"}),
		After:  tracker(deletion, map[string]string{"team": "fraud", "cost-center": "42"}),
		Hidden: []string{s.root},
		Tamper: func(t *testing.T, r secretstest.Rig, id, setting string) {
			body := map[string]any{"cas_required": false}
			if setting == "custom_metadata" {
				body = map[string]any{"custom_metadata": map[string]string{"team": "other"}}
			}
			s.must(t, "POST", at(r, "metadata", id), body, nil)
		},
		Foreign: func(t *testing.T, r secretstest.Rig) {
			s.must(t, "POST", "secret/data/"+r.Fake.(string)+"/fraud/tracker", map[string]any{"data": map[string]string{"a": "b"}}, nil)
		},
		Write: func(t *testing.T, r secretstest.Rig, id string, values map[string]string) {
			var meta struct {
				Data struct {
					Current int `json:"current_version"`
				}
			}
			s.must(t, "GET", at(r, "metadata", id), nil, &meta)
			s.must(t, "POST", at(r, "data", id), map[string]any{"options": map[string]int{"cas": meta.Data.Current}, "data": values}, nil)
		},
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	s := start(t)
	role := s.appRole(t, "root-like", map[string]any{"token_policies": "everything"})
	s.must(t, "POST", "sys/policies/acl/everything", map[string]string{"policy": `path "*" { capabilities = ["create", "read", "update", "delete", "list"] }`}, nil)
	token := func(c *vault.Config) { c.Token = s.root }
	secretstest.Run(t, s.open(token, true), s.secretCase("metadata", "metadata"))
	secretstest.Run(t, s.open(func(c *vault.Config) { token(c); c.Shared = new(vault.Shared) }, false), s.secretCase("destroy, shared", "destroy"))
	login := s.secretCase("delete by a login", "")
	login.Hidden = append(login.Hidden, role.SecretID)
	secretstest.Run(t, s.open(func(c *vault.Config) { c.AppRole = &role }, false), login)
}

func TestStore_pathsOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := vault.New(s.config(s.root)).Store
	put := func(path string, metadata map[string]any, versions int) {
		s.must(t, "POST", "secret/metadata/"+path, metadata, nil)
		for range versions {
			s.must(t, "POST", "secret/data/"+path, map[string]any{"data": map[string]string{"a": "b"}}, nil)
		}
	}
	other := map[string]any{"custom_metadata": map[string]string{"managed-by": cloud.Manager, "mlops-platform": "risk", "mlops-name": "tracker"}}
	put("other", other, 1)
	put("nobody", map[string]any{"max_versions": 3}, 0)
	put("gone", map[string]any{}, 2)
	s.must(t, "DELETE", "secret/data/gone", nil, nil)
	for path, want := range map[string]string{
		"other":  "belongs to tracker of platform risk and has 1 versions: import it",
		"nobody": "has no marks of this provider and has 0 versions",
		"gone":   "its newest version was deleted",
	} {
		sec := tracker("", nil)
		sec.Path, sec.Values = path, secrets.ValuesOf(map[string]string{"a": "canary"})
		if id, err := store.Create(t.Context(), sec); !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: id %q, %v; want %q", path, id, err, want)
		}
	}
}

// TestStore_deletion: what each policy leaves behind, and how it is taken up again.
func TestStore_deletion(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := vault.New(s.config(s.root))
	type left struct{ paths, readable int }
	for policy, want := range map[string]left{"": {1, 1}, "delete": {1, 1}, "destroy": {1, 0}, "metadata": {0, 0}} {
		t.Run(policy, func(t *testing.T) {
			sec := tracker(policy, nil)
			sec.Path = "deletion/" + policy + "x"
			for n := range 2 {
				sec.Values = secrets.ValuesOf(map[string]string{"n": fmt.Sprint(n)})
				if _, err := store.Store.Create(t.Context(), sec); err != nil {
					t.Fatal(err)
				}
			}
			id := "secret/" + sec.Path
			if err := store.Store.Delete(t.Context(), id, sec); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Store.Read(t.Context(), id, sec); !errors.Is(err, cloud.ErrNotFound) {
				t.Errorf("read: %v", err)
			}
			got := left{paths: len(s.entries(t, "secret/metadata/deletion/"))}
			if s.as(t, s.root, "GET", "secret/data/"+sec.Path+"?version=1", nil, nil) == 200 {
				got.readable = 1
			}
			if got != want {
				t.Errorf("left are %+v, want %+v", got, want)
			}
			sec.Values = secrets.Values{}
			_, err := store.Store.Create(t.Context(), sec)
			if refused := err != nil; refused != (policy == "destroy") {
				t.Errorf("create anew without values: %v", err)
			}
			if _, absent := store.Store.Read(t.Context(), id, sec); err == nil && absent != nil {
				t.Errorf("what was made anew without values: %v", absent)
			}
			sec.Values = secrets.ValuesOf(map[string]string{"n": "new"})
			if _, err := store.Store.Create(t.Context(), sec); err != nil {
				t.Errorf("create anew: %v", err)
			}
			s.must(t, "DELETE", "secret/metadata/"+sec.Path, nil, nil)
		})
	}
}

func TestStore_withoutValues(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := vault.New(s.config(s.root))
	sec := tracker("", nil)
	id, err := store.Store.Create(t.Context(), sec)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := store.Version(t.Context(), id, sec); err != nil || v != "0" {
		t.Errorf("version %q, %v", v, err)
	}
	if _, err := store.Store.Read(t.Context(), id, sec); err != nil {
		t.Errorf("a place without values: %v", err)
	}
	sec.Values, sec.Version = secrets.ValuesOf(map[string]string{"a": "b"}), "0"
	if err := store.Store.Update(t.Context(), id, sec); err != nil {
		t.Errorf("the first values: %v", err)
	}
	s.must(t, "POST", "secret/data/fraud/tracker", map[string]any{"options": map[string]int{"cas": 1}, "data": map[string]any{"port": 5432, "on": true, "list": []int{1}, "text": "x"}}, nil)
	values, err := store.Values(t.Context(), id, sec, "2")
	if got := values.Reveal(); err != nil || got["port"] != "5432" || got["on"] != "true" || got["list"] != "[1]" || got["text"] != "x" {
		t.Errorf("values that are no texts: %v, %v", got, err)
	}
	if _, err := store.Values(t.Context(), id, sec, "7"); !errors.Is(err, cloud.ErrNotFound) || !strings.Contains(err.Error(), "version 7") {
		t.Errorf("a version that was never written: %v", err)
	}
	sec.Version = "newest"
	if err := store.Store.Update(t.Context(), id, sec); err == nil || !strings.Contains(err.Error(), "is no version") {
		t.Errorf("a version that is no number: %v", err)
	}
}

// TestStore_keepsWhatOthersAdd: tags of others and limits of versions are no drift and stay.
func TestStore_keepsWhatOthersAdd(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := vault.New(s.config(s.root))
	sec := tracker("", map[string]string{"team": "risk"})
	id, err := store.Store.Create(t.Context(), sec)
	if err != nil {
		t.Fatal(err)
	}
	custom := sec.Marked("tracker")
	custom["theirs"] = "kept"
	s.must(t, "POST", "secret/metadata/fraud/tracker", map[string]any{"custom_metadata": custom, "max_versions": 5}, nil)
	want, _ := store.Plan.Settings(sec)
	if got, err := store.Store.Read(t.Context(), id, sec); err != nil || got["custom_metadata"] != want["custom_metadata"] {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
	imported := secrets.Secret{Secret: &spec.Secret{Name: "tracker"}}
	if got, err := store.Store.Read(t.Context(), id, imported); err != nil || !strings.Contains(got["custom_metadata"], "theirs") {
		t.Errorf("imported: %v, %v", got, err)
	}
	sec.Tags = map[string]string{"team": "fraud"}
	if err := store.Store.Update(t.Context(), id, sec); err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Data struct {
			Max    int               `json:"max_versions"`
			Custom map[string]string `json:"custom_metadata"`
		}
	}
	s.must(t, "GET", "secret/metadata/fraud/tracker", nil, &meta)
	if meta.Data.Max != 5 || meta.Data.Custom["theirs"] != "kept" || meta.Data.Custom["team"] != "fraud" {
		t.Errorf("an update left %+v", meta.Data)
	}
}

// TestSettings_limits: what Vault would refuse is refused in the plan, and Vault takes the rest.
func TestSettings_limits(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := vault.New(s.config(s.root))
	many := func(n int) map[string]string {
		out := map[string]string{}
		for i := range n {
			out[fmt.Sprintf("tag-%02d", i)] = "x"
		}
		return out
	}
	for name, tt := range map[string]struct {
		tags map[string]string
		want string // "" when it is within the limits
	}{
		"64 keys":          {many(61), ""},
		"65 keys":          {many(62), "would have 65 keys"},
		"key of 128":       {map[string]string{strings.Repeat("k", 128): "x"}, ""},
		"key of 129":       {map[string]string{strings.Repeat("k", 129): "x"}, "keys of 1 to 128 bytes"},
		"value of 512":     {map[string]string{"long": strings.Repeat("v", 512)}, ""},
		"value of 513":     {map[string]string{"long": strings.Repeat("v", 513)}, `tag "long": its value has 513 bytes`},
		"umlauts of 514":   {map[string]string{"long": strings.Repeat("ü", 257)}, "514 bytes"},
		"empty value":      {map[string]string{"none": ""}, `tag "none"`},
		"a line break":     {map[string]string{"lines": "a\nb"}, "printable characters only"},
		"spaces and signs": {map[string]string{"Cost Center": "a b/c=ü"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			sec := tracker("", tt.tags)
			sec.Path = "limits/" + strings.ReplaceAll(name, " ", "-")
			_, err := store.Plan.Settings(sec)
			_, created := store.Store.Create(t.Context(), sec)
			if tt.want == "" {
				if err != nil || created != nil {
					t.Errorf("settings: %v, create: %v", err, created)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || created == nil {
				t.Errorf("settings: %v, create: %v; want %q", err, created, tt.want)
			}
			custom := map[string]any{"custom_metadata": sec.Marked("tracker")}
			if code := s.as(t, s.root, "POST", "secret/metadata/"+sec.Path, custom, nil); code != 400 {
				t.Errorf("Vault itself takes it: %d", code)
			}
		})
	}
	if got := store.Plan.Fixed(); !slices.Equal(got, []string{"mount", "path"}) {
		t.Errorf("fixed are %v", got)
	}
}

// TestStore_halfMade: only what a Create has made itself has an id beside its error, for that
// is removed before the next one.
func TestStore_halfMade(t *testing.T) {
	t.Parallel()
	s := start(t)
	token := s.limited(t, "half", `path "secret/metadata/fraud/*" { capabilities = ["create", "read", "update", "delete"] }`)
	sec := tracker("metadata", nil)
	sec.Values = secrets.ValuesOf(map[string]string{"a": "b"})
	if id, err := vault.New(s.config(token)).Store.Create(t.Context(), sec); !errors.Is(err, cloud.ErrDenied) || id != "secret/fraud/tracker" {
		t.Errorf("a new path: id %q, %v", id, err)
	}
	if _, err := vault.New(s.config(s.root)).Store.Create(t.Context(), sec); err != nil {
		t.Fatal(err)
	}
	if id, err := vault.New(s.config(token)).Store.Create(t.Context(), sec); !errors.Is(err, cloud.ErrDenied) || id != "" {
		t.Errorf("a path with versions: id %q, %v", id, err)
	}
}

func TestStore_endsWithTheContext(t *testing.T) {
	t.Parallel()
	config := vault.Config{Address: "http://127.0.0.1:1", Token: "t", Pace: time.Hour}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := vault.New(config).Store.Read(ctx, "secret/x", tracker("", nil)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
