package spec

import (
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// Secret is a place in a secret store, or a Kubernetes Secret that exists. It holds no
// value: values are written to the store, never to a spec.
type Secret struct {
	Platform Ref                  `json:"platform" ref:"platform"`
	Name     string               `json:"name"`
	Path     string               `json:"path,omitempty" text:"filled"`
	Generate map[string]Generated `json:"generate,omitempty"`
	Sync     *Sync                `json:"sync,omitempty"`
	Existing string               `json:"existing,omitempty" text:"filled"`
	// KMSKey encrypts the values, RecoveryDays is how long a destroyed secret can be
	// brought back, where the store has that. Vault is what only Vault has.
	KMSKey       string       `json:"kms_key,omitempty" text:"filled"`
	RecoveryDays int64        `json:"recovery_days,omitempty"`
	Vault        *VaultSecret `json:"vault,omitempty"`
	// Store is where the cluster finds the platform's secret store.
	Store *SecretStore `json:"store,omitempty"`
}

// VaultSecret is what only Vault has. Deletion is how much a destroy takes away: delete
// the last version (it can be brought back), destroy the values, or everything.
type VaultSecret struct {
	Mount    string `json:"mount,omitempty" text:"filled"`
	Deletion string `json:"deletion_policy,omitempty"`
}

// SecretStore is where a secret store is: Address and Namespace of Vault or the URL of a
// key vault, Region of AWS, Project of Google Cloud.
type SecretStore struct {
	Type      string `json:"type"`
	Address   string `json:"address,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Region    string `json:"region,omitempty"`
	Project   string `json:"project,omitempty"`
	Tenant    string `json:"tenant,omitempty"`
}

// Mount is the KV v2 mount of Vault that holds the secret.
func (s *Secret) Mount() string {
	if s.Vault != nil && s.Vault.Mount != "" {
		return s.Vault.Mount
	}
	return "secret"
}

// StorePath is the secret's path in its store: PLATFORM/NAME when none is given.
func (s *Secret) StorePath() string {
	if s.Path != "" {
		return s.Path
	}
	return string(s.Platform) + "/" + s.Name
}

// Generated is a value that the store makes.
type Generated struct {
	Length int64 `json:"length"`
}

func (g *Generated) preset() { g.Length = 32 }

// Sync brings the secret into namespaces of the cluster, under its name.
type Sync struct {
	Namespaces []string `json:"namespaces"`
}

// Foreign names the settings of a secret that belong to another store, and says so; both
// are "" when there are none.
func (s *Secret) Foreign(store string) (attribute, why string) {
	if s.Vault == nil || store == "vault" {
		return "", ""
	}
	return "vault", fmt.Sprintf("is for secret_store \"vault\", and the platform's is %q: leave it out", store)
}

// StoreName is the path as a store can have it: Google takes no slashes, and a key vault
// of Azure letters, digits and dashes only.
func (s *Secret) StoreName(store string) string {
	switch store {
	case "google_secret_manager":
		return strings.ReplaceAll(s.StorePath(), "/", "-")
	case "azure_key_vault":
		return strings.NewReplacer("/", "-", "_", "-", ".", "-").Replace(s.StorePath())
	}
	return s.StorePath()
}

// Kind is KindSecret.
func (*Secret) Kind() Kind { return KindSecret }

// ID is the secret's name.
func (s *Secret) ID() string { return s.Name }

func (s *Secret) complete() {}

func (s *Secret) checkValues(c *checker) {
	c.label(At("name"), s.Name, 52)
	c.required(At("platform"), string(s.Platform))
	if s.Path != "" && (strings.HasPrefix(s.Path, "/") || strings.HasSuffix(s.Path, "/") || strings.ContainsAny(s.Path, " \t\n*?\\") || strings.Contains(s.Path, "..")) {
		c.fault(At("path"), "%q must be a plain path in the store, such as fraud/tracker", s.Path)
	}
	s.checkGenerated(c)
	if n := s.RecoveryDays; n != 0 && (n < 7 || n > 90) {
		c.fault(At("recovery_days"), "%d must be from 7 to 90", n)
	}
	if s.Vault != nil {
		c.choice(At("vault", "deletion_policy"), "deletion_policy", s.Vault.Deletion)
	}
	s.Sync.check(c)
	if s.Existing != "" {
		c.label(At("existing"), s.Existing, 253)
	}
}

func (s *Secret) checkGenerated(c *checker) {
	for _, key := range sorted(s.Generate) {
		at := At("generate").Key(key)
		if why := SecretKeyFault(key); why != "" {
			c.misplaced(at, "%s", why)
		}
		if n := s.Generate[key].Length; n < 16 || n > 1024 {
			c.fault(at.Attr("length"), "%d must be from 16 to 1024", n)
		}
	}
}

func (s *Sync) check(c *checker) {
	if s == nil {
		return
	}
	if len(s.Namespaces) == 0 && c.knowsKeys(At("sync", "namespaces")) {
		c.fault(At("sync", "namespaces"), "must name at least one namespace; leave sync out to keep the secret in its store")
	}
	for i, namespace := range s.Namespaces {
		c.label(At("sync", "namespaces").Index(i), namespace, 63)
	}
}

var secretKey = pattern.New(`^[-._A-Za-z0-9]{1,253}$`)

// SecretKeyFault says why no value of a secret can have a key, or "". The rules are those
// of a Kubernetes Secret, into which a store's values are brought by their keys.
func SecretKeyFault(key string) string {
	if secretKey.MatchString(key) && key != "." && !strings.HasPrefix(key, "..") {
		return ""
	}
	return "the key must be letters, digits, dashes, dots and underscores, at most 253 of them, and not begin with two dots"
}

func (s *Secret) checkWhole(c *checker) {
	if s.Existing != "" && (s.Path != "" || len(s.Generate) > 0) {
		c.fault(At("existing"), "a secret that exists is only referred to: leave path, value_wo and generate out")
	}
}

// Object is the name of the Kubernetes Secret that pods read.
func (s *Secret) Object() string {
	if s.Existing != "" {
		return s.Existing
	}
	return s.Name
}
