package externalsecrets

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// place is where a SecretStore is.
type place struct{ namespace, name string }

// door is how a namespace reaches secrets: where they are, and as whom it asks.
type door struct {
	spec.SecretStore

	mount    string // of Vault
	identity string // whose right to read is used; "" is the operator
	account  string // its service account
	role     string // of Vault, that its service account takes
}

// door finds the way of a namespace to a secret, or says why there is none.
func (w *writer) door(s *spec.Secret, namespace string) (d door, why string) {
	if s.Store == nil {
		return d, "nothing says where the cluster finds secret_store \"" + w.p.Platform.SecretStore + "\": configure it in the provider's configuration"
	}
	d.SecretStore = *s.Store
	if d.Type == "vault" {
		d.mount = s.Mount()
	}
	reader := w.reader(s, namespace)
	switch {
	case d.Type == "vault" && reader != nil && reader.Existing != "":
		return d, "Vault lets service accounts in by their roles, and identity \"" + reader.Name + "\", which may read this secret, exists already: nobody makes a role of Vault for it. Add a grant on the secret to an mlops_identity of namespace \"" + namespace + "\" without existing"
	case reader != nil && w.asks(d.Type):
		d.identity, d.account = reader.Name, reader.Subject.Kubernetes.ServiceAccount
		if d.Type == "vault" {
			d.role = w.p.Platform.Name + "-" + reader.Name
		}
	case d.Type == "vault":
		return d, "Vault lets service accounts in by their roles, and none of namespace \"" + namespace + "\" may read this secret: add a grant on the secret to an mlops_identity of namespace \"" + namespace + "\""
	}
	return d, ""
}

// reader is the first identity of a namespace that may read a secret, or nil. One that
// exists already comes after ours: it is never changed, so nobody knows what it may do.
func (w *writer) reader(s *spec.Secret, namespace string) (out *spec.Identity) {
	for _, i := range w.p.Identities {
		k := i.Subject.Kubernetes
		reads := k != nil && k.Namespace == namespace && slices.ContainsFunc(i.Grants, func(g spec.Grant) bool { return string(g.Secret) == s.Name })
		if reads && (out == nil || out.Existing != "" && i.Existing == "") {
			out = i
		}
	}
	return out
}

// asks reports whether External Secrets can ask a store as a service account. A cloud
// takes the tokens of its own clusters only; AWS those of a cluster whose issuer it
// knows, for EKS Pod Identity answers nobody but the pod itself.
func (w *writer) asks(store string) bool {
	p := w.p.Platform
	switch store {
	case "aws_secrets_manager":
		return p.Cloud == "aws" && p.Cluster != nil && p.Cluster.OIDCIssuer != ""
	case "google_secret_manager":
		return p.Cloud == "google"
	case "azure_key_vault":
		return p.Cloud == "azure"
	}
	return true
}

// name is that of the store's kind, and of what it has beside others of a namespace.
func (d door) name() string {
	name := strings.ReplaceAll(d.Type, "_", "-")
	if d.mount != "" && d.mount != "secret" {
		name += "-" + spec.K8sName(d.mount)
	}
	if d.identity != "" {
		name += "-" + d.identity
	}
	return spec.K8sName(name)
}

func (w *writer) stores() (out []any) {
	order := func(a, b place) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	}
	for _, at := range slices.SortedFunc(maps.Keys(w.doors), order) {
		out = append(out, secretStore{
			APIVersion: apiVersion, Kind: "SecretStore", Metadata: w.metadata(at.name, at.namespace),
			Spec: storeSpec{Provider: w.doors[at].provider()},
		})
	}
	return out
}

// audience is whom Vault's roles want a token to be made for.
const audience = "vault"

// environments are the clouds of Azure beside the public one, by the end of the names of
// their key vaults (github.com/Azure/go-autorest, autorest/azure/environments.go). Each has
// a sign-in of its own.
var environments = map[string]string{
	".vault.usgovcloudapi.net": "USGovernmentCloud",
	".vault.azure.cn":          "ChinaCloud",
	".vault.microsoftazure.de": "GermanCloud",
}

func environment(address string) string {
	for end, name := range environments {
		if strings.HasSuffix(strings.TrimSuffix(address, "/"), end) {
			return name
		}
	}
	return "PublicCloud"
}

func (d door) provider() (out provider) {
	var account *serviceAccount
	if d.account != "" {
		account = &serviceAccount{Name: d.account}
	}
	switch d.Type {
	case "vault":
		account.Audiences = []string{audience}
		out.Vault = &vault{
			Server: d.Address, Path: d.mount, Version: "v2", Namespace: d.Namespace,
			Auth: vaultAuth{vaultKubernetes{MountPath: "kubernetes", Role: d.role, Account: account}},
		}
	case "aws_secrets_manager":
		out.AWS = &aws{Service: "SecretsManager", Region: d.Region}
		if account != nil {
			out.AWS.Auth = &awsAuth{awsToken{account}}
		}
	case "google_secret_manager":
		out.Google = &google{ProjectID: d.Project, Versions: "LatestOrFail"}
		if account != nil {
			out.Google.Auth = &googleAuth{workloadIdentity{account}}
		}
	case "azure_key_vault":
		out.Azure = &azure{VaultURL: d.Address, TenantID: d.Tenant, AuthType: "WorkloadIdentity", Account: account, Environment: environment(d.Address)}
	}
	return out
}
