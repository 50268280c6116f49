// Package vault keeps secrets in a key-value engine of version 2 of HashiCorp Vault, and
// lets workloads of a Kubernetes cluster read them. It talks to Vault's HTTP API only; it
// enables no engine and no login method, and knows nothing of Terraform.
package vault

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

// Config says where Vault is and who asks. What is empty is taken from Vault's own
// variables: VAULT_ADDR, VAULT_NAMESPACE, VAULT_TOKEN, VAULT_CACERT, VAULT_SKIP_VERIFY and
// the others of its client. At most one login is set; without one it is the token.
type Config struct {
	Address   string
	Namespace string

	Token      string
	AppRole    *AppRole
	Kubernetes *Kubernetes
	JWT        *JWT
	Userpass   *Userpass

	// CACertificate is a PEM text, or the path of a file with one.
	CACertificate string
	// ClusterMount is where the Kubernetes login of the workloads is mounted: Access
	// makes its roles there. "kubernetes" when it is empty.
	ClusterMount string

	// Shared, when it is set, is the one login of all that are made with it.
	Shared *Shared

	UserAgent string
	// Transport wraps the transport of every request.
	Transport func(http.RoundTripper) http.RoundTripper
	Attempt   time.Duration // the longest that one request may take, 30 s when it is 0
	Pace      time.Duration // the first wait before another try, 1 s when it is 0
}

// AppRole logs in with a role id and a secret id.
type AppRole struct{ RoleID, SecretID, Mount string }

// Kubernetes logs in as a service account, whose token is JWT or the content of the file
// at Path; without both it is the file that every pod has.
type Kubernetes struct{ Role, Mount, JWT, Path string }

// JWT logs in with a token of an OIDC provider, such as that of a CI job.
type JWT struct{ Role, Mount, Token string }

// Userpass logs in with a user name and a password.
type Userpass struct{ Username, Password, Mount string }

// Format hides the credentials from every verb of package fmt.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(configuration of Vault)")) }

// New is the store. It asks Vault nothing before it is used.
func New(c Config) secrets.Store {
	s := newSession(c)
	return secrets.Store{
		Kind:      cloud.Kind[secrets.Secret]{Plan: plan{}, Store: store{s}},
		Reader:    store{s},
		Reference: func(id string, _ secrets.Secret) string { return id },
	}
}

// Access is how identities of a Kubernetes cluster get to read secrets: each has a policy
// and a role of its own.
func Access(c Config) cloud.Kind[cloud.Identity] {
	mount := or(c.ClusterMount, "kubernetes")
	return cloud.Kind[cloud.Identity]{Plan: accessPlan{mount}, Store: access{newSession(c), mount}}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
