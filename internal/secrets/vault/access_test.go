package vault_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// reader is an identity of a service account that reads secrets, each "MOUNT PATH".
func reader(name, account string, granted ...string) cloud.Identity {
	i := cloud.Identity{
		Identity: &spec.Identity{Platform: "fraud", Name: name, Subject: &spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "fraud-training", ServiceAccount: account}}},
		On:       on(nil),
	}
	for _, g := range granted {
		mount, path, _ := strings.Cut(g, " ")
		i.Grants = append(i.Grants, cloud.Grant{Access: "read", Secret: &spec.Secret{Platform: "fraud", Name: "s", Path: path, Vault: &spec.VaultSecret{Mount: mount}}})
	}
	return i
}

func TestAccess(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.must(t, "POST", "sys/auth/kubernetes", map[string]string{"type": "kubernetes"}, nil)
	open := func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		folder := newCorner()
		config := s.config(s.root)
		config.Attempt = 200 * time.Millisecond
		config.Transport = func(next http.RoundTripper) http.RoundTripper { return wrap(corner{next, folder}) }
		count := func() (n int) {
			for _, path := range append(s.entries(t, "sys/policies/acl/"), s.entries(t, "auth/kubernetes/role/")...) {
				if strings.Contains(path, "/"+folder+"-") {
					n++
				}
			}
			return n
		}
		return cloudtest.Rig{Cloud: cloud.Cloud{Identities: vault.Access(config)}, Count: count, Fake: folder, Answer: answer}
	}
	cloudtest.Run(t, open, cloudtest.Case[cloud.Identity]{
		Name:   "access",
		Kind:   func(c cloud.Cloud) cloud.Kind[cloud.Identity] { return c.Identities },
		Before: reader("trainer", "trainer", "secret fraud/tracker"),
		After:  reader("trainer", "other", "secret fraud/tracker", "team/kv fraud/lake"),
		With:   func(i cloud.Identity, id string) cloud.Identity { i.On.ID = id; return i },
		Tamper: func(t *testing.T, r cloudtest.Rig, _, setting string) {
			name := r.Fake.(string) + "-fraud-trainer"
			if setting == "policy" {
				s.must(t, "PUT", "sys/policies/acl/"+name, map[string]string{"policy": `path "secret/*" { capabilities = ["read"] }`}, nil)
				return
			}
			s.must(t, "POST", "auth/kubernetes/role/"+name, map[string]any{"bound_service_account_namespace_selector": `{"matchLabels":{"a":"b"}}`}, nil)
		},
		Foreign: func(t *testing.T, r cloudtest.Rig) {
			s.must(t, "PUT", "sys/policies/acl/"+r.Fake.(string)+"-fraud-trainer", map[string]string{"policy": "# managed-by terraform-provider-mlops fraud-tr/ainer\n"}, nil)
		},
	})
}

// TestAccess_reads: with a policy of ours a workload reads its own secrets, and nothing
// else is possible with it.
func TestAccess_reads(t *testing.T) {
	t.Parallel()
	s := start(t)
	keys := newIssuer(t)
	s.cluster(t, "kubernetes", keys)
	kind := vault.Access(s.config(s.root))
	stored := vault.New(s.config(s.root))
	for _, path := range []string{"fraud/tracker", "fraud/tracker/sub", "fraud/tracker2", "fraud/lake", "other/tracker"} {
		sec := tracker("", nil)
		sec.Path, sec.Values = path, secrets.ValuesOf(map[string]string{"at": path})
		if _, err := stored.Store.Create(t.Context(), sec); err != nil {
			t.Fatal(err)
		}
	}
	for account, path := range map[string]string{"trainer": "fraud/tracker", "loader": "fraud/lake"} {
		if _, err := kind.Store.Create(t.Context(), reader(account, account, "secret "+path)); err != nil {
			t.Fatal(err)
		}
	}
	login := func(role, namespace, account, audience string) vault.Config {
		config := s.config("")
		config.Kubernetes = &vault.Kubernetes{Role: role, JWT: keys.pod(t, namespace, account, audience)}
		return config
	}
	trainer := login("fraud-trainer", "fraud-training", "trainer", "vault")
	loader := login("fraud-loader", "fraud-training", "loader", "vault")
	for name, tt := range map[string]struct {
		as   vault.Config
		path string
		want string // "" when it may be read
	}{
		"its own":             {trainer, "fraud/tracker", ""},
		"that of the other":   {trainer, "fraud/lake", `"read" on secret/data/fraud/lake`},
		"the other's own":     {loader, "fraud/lake", ""},
		"back":                {loader, "fraud/tracker", `"read" on secret/data/fraud/tracker`},
		"below its own":       {trainer, "fraud/tracker/sub", "permission"},
		"beside its own":      {trainer, "fraud/tracker2", "permission"},
		"of another platform": {trainer, "other/tracker", "permission"},
		"another account":     {login("fraud-trainer", "fraud-training", "loader", "vault"), "fraud/tracker", "the credentials were refused"},
		"another namespace":   {login("fraud-trainer", "default", "trainer", "vault"), "fraud/tracker", "the credentials were refused"},
		"another audience":    {login("fraud-trainer", "fraud-training", "trainer", "https://cluster"), "fraud/tracker", "the credentials were refused"},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := vault.New(tt.as).Values(t.Context(), "secret/"+tt.path, tracker("", nil), "")
			if tt.want == "" {
				if err != nil || values.Reveal()["at"] != tt.path {
					t.Errorf("%v, %v", values.Keys(), err)
				}
				return
			}
			if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("nothing but reading", func(t *testing.T) { s.onlyReads(t, s.podToken(t, trainer)) })
}

// podToken logs in without the driver.
func (s server) podToken(t *testing.T, c vault.Config) string {
	t.Helper()
	var made struct {
		Auth struct {
			Token    string   `json:"client_token"`
			TTL      int      `json:"lease_duration"`
			Policies []string `json:"token_policies"`
		}
	}
	s.must(t, "POST", "auth/kubernetes/login", map[string]string{"role": c.Kubernetes.Role, "jwt": c.Kubernetes.JWT}, &made)
	if made.Auth.TTL != 3600 || strings.Join(made.Auth.Policies, " ") != "default fraud-trainer" {
		t.Errorf("the token has %d s and policies %v", made.Auth.TTL, made.Auth.Policies)
	}
	return made.Auth.Token
}

func (s server) onlyReads(t *testing.T, token string) {
	t.Helper()
	body := map[string]any{"data": map[string]string{"a": "b"}, "options": map[string]int{"cas": 1}, "versions": []int{1}, "custom_metadata": map[string]string{"a": "b"}}
	for request, want := range map[string]int{
		"GET secret/data/fraud/tracker":        200,
		"GET secret/metadata/fraud/tracker":    200,
		"POST secret/data/fraud/tracker":       403,
		"PATCH secret/data/fraud/tracker":      403,
		"DELETE secret/data/fraud/tracker":     403,
		"POST secret/delete/fraud/tracker":     403,
		"POST secret/undelete/fraud/tracker":   403,
		"POST secret/destroy/fraud/tracker":    403,
		"POST secret/metadata/fraud/tracker":   403,
		"DELETE secret/metadata/fraud/tracker": 403,
		"LIST secret/metadata/fraud":           403,
		"LIST secret/metadata":                 403,
		"GET sys/policies/acl/fraud-trainer":   403,
		"GET sys/mounts":                       403,
	} {
		method, path, _ := strings.Cut(request, " ")
		if method == "GET" || method == "LIST" || method == "DELETE" {
			if got := s.as(t, token, method, path, nil, nil); got != want {
				t.Errorf("%s: %d, want %d", request, got, want)
			}
			continue
		}
		if got := s.as(t, token, method, path, body, nil); got != want {
			t.Errorf("%s: %d, want %d", request, got, want)
		}
	}
}

func TestAccess_settings(t *testing.T) {
	t.Parallel()
	plan := vault.Access(vault.Config{ClusterMount: "clusters/ml"}).Plan
	i := reader("trainer", "trainer", "secret fraud/tracker", "team/kv lake", "secret fraud/tracker")
	i.Grants = append(i.Grants, cloud.Grant{Access: "write", Bucket: &spec.Bucket{Name: "data"}}, cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "there", Existing: "there"}})
	got, err := plan.Settings(i)
	if err != nil {
		t.Fatal(err)
	}
	want := `# managed-by terraform-provider-mlops fraud/trainer
path "secret/data/fraud/tracker" {
  capabilities = ["read"]
}
path "secret/metadata/fraud/tracker" {
  capabilities = ["read"]
}
path "team/kv/data/lake" {
  capabilities = ["read"]
}
path "team/kv/metadata/lake" {
  capabilities = ["read"]
}
`
	if got["policy"] != want || got["mount"] != "clusters/ml" || !json.Valid([]byte(got["role"])) || !strings.Contains(got["role"], `"audience":"vault"`) {
		t.Errorf("settings are %q", got)
	}
	for name, bad := range map[string]cloud.Identity{
		"a wildcard":   reader("trainer", "trainer", "secret fraud/*"),
		"a plus":       reader("trainer", "trainer", "secret fraud/+/x"),
		"a template":   reader("trainer", "trainer", "secret fraud/{{identity.entity.id}}"),
		"quotes":       reader("trainer", "trainer", `secret a"{}path"b`),
		"a line break": reader("trainer", "trainer", "secret a\nb"),
	} {
		if got, err := plan.Settings(bad); err == nil || !strings.Contains(err.Error(), "cannot stand in a policy of Vault") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	writer := reader("trainer", "trainer", "secret a")
	writer.Grants[0].Access = "write"
	if _, err := plan.Settings(writer); err == nil || !strings.Contains(err.Error(), "write none") {
		t.Errorf("write: %v", err)
	}
	job := reader("trainer", "trainer", "secret a")
	job.Subject = &spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/fraud"}}
	if _, err := plan.Settings(job); !errors.Is(err, cloud.ErrUnsupported) {
		t.Errorf("a job: %v", err)
	}
}

func TestAccess_faultsOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	config := s.config(s.root)
	kind := vault.Access(config)
	i := reader("trainer", "trainer", "secret fraud/tracker")
	if id, err := kind.Store.Create(t.Context(), i); err == nil || id != "" || !strings.Contains(err.Error(), "enable the login method (vault auth enable -path=kubernetes TYPE)") || errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("without the login: id %q, %v", id, err)
	}
	if got := s.as(t, s.root, "GET", "sys/policies/acl/fraud-trainer", nil, nil); got != 404 {
		t.Errorf("a policy is left: %d", got)
	}
	s.must(t, "POST", "sys/auth/kubernetes", map[string]string{"type": "kubernetes"}, nil)
	s.must(t, "POST", "auth/kubernetes/role/fraud-trainer", map[string]any{"bound_service_account_names": "a", "bound_service_account_namespaces": "b"}, nil)
	if id, err := kind.Store.Create(t.Context(), i); !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), "import it") {
		t.Errorf("a role of another: id %q, %v", id, err)
	}
	if err := kind.Store.Update(t.Context(), "auth/kubernetes/role/fraud-trainer", i); err != nil {
		t.Errorf("once it is imported: %v", err)
	}
	s.must(t, "DELETE", "auth/kubernetes/role/fraud-trainer", nil, nil)
	if got, err := kind.Store.Read(t.Context(), "auth/kubernetes/role/fraud-trainer", i); err != nil || got["role"] != "" || got["policy"] == "" {
		t.Errorf("half of it: %v, %v", got, err)
	}
	if _, err := kind.Store.Read(t.Context(), "fraud-trainer", i); err == nil || !strings.Contains(err.Error(), "such as auth/kubernetes/role/PLATFORM-NAME") {
		t.Errorf("an id of another form: %v", err)
	}
	reading := s.config(s.limited(t, "policies", `path "sys/policies/acl/*" { capabilities = ["read"] }`))
	if _, err := vault.Access(reading).Store.Read(t.Context(), "auth/kubernetes/role/fraud-trainer", i); !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), `"read" on auth/kubernetes/role/fraud-trainer`) {
		t.Errorf("denied: %v", err)
	}
}
