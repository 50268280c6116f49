package azure

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// roleSecrets is the one built-in role that is assigned, on one secret at a time. Source:
// Azure's list of built-in roles.
const roleSecrets = "4633458b-17de-408a-b874-0445c86b69e6" //nolint:gosec // the id of a role, which everybody knows

// roleName is the name of a built-in role that an identity is likely to have.
func roleName(id string) string {
	return map[string]string{
		roleSecrets:                            "Key Vault Secrets User",
		"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
		"ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
	}[id]
}

// assignment is a role assignment as the policy of an identity shows it.
type assignment struct {
	Condition string `json:"condition,omitempty"`
	Role      string `json:"role"`
	RoleID    string `json:"roleDefinitionId"`
	Scope     string `json:"scope"`

	id         string      // of the role assignment where it is read
	definition *definition // of the role where it is ours
}

// ordered are role assignments in the one order in which they are shown.
func ordered(list []assignment) []assignment {
	list = append([]assignment{}, list...)
	slices.SortFunc(list, func(a, b assignment) int {
		return strings.Compare(a.Scope+" "+a.RoleID+" "+a.Condition, b.Scope+" "+b.RoleID+" "+b.Condition)
	})
	return list
}

// document is the policy of an identity: what it is assigned, and what its roles allow.
func document(list []assignment, roles []definition) string {
	return canonical(map[string]any{"roleAssignments": ordered(list), "roleDefinitions": roles})
}

// on is what a role is assigned on: a container, or a secret when access is "".
type on struct{ scope, access, container string }

// assignments are the least that the grants of an identity need. Azure knows a role on a
// scope once, so the prefixes of one bucket share a condition.
func (d *driver) assignments(i cloud.Identity) ([]assignment, error) {
	group, err := d.group(d.cfg.ResourceGroup)
	if err != nil {
		return nil, err
	}
	prefixes := map[on][]string{}
	var order []on
	for _, g := range i.Grants {
		k, granted := on{}, true
		switch {
		case g.Bucket != nil:
			account, container, unreachable := located(g.Bucket)
			if unreachable != nil {
				return nil, unreachable
			}
			k = on{group + "/providers/Microsoft.Storage/storageAccounts/" + account + "/blobServices/default/containers/" + container, access(g), container}
		default:
			k.scope, granted, err = d.secretScope(i, g, group)
		}
		if err != nil {
			return nil, err
		}
		if !granted {
			continue
		}
		if _, there := prefixes[k]; !there {
			order = append(order, k)
		}
		prefixes[k] = append(prefixes[k], folder(g.Prefix))
	}
	var out []assignment
	for _, k := range order {
		a, err := d.assignment(platformOf(i), k, slices.Compact(slices.Sorted(slices.Values(prefixes[k]))))
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (d *driver) assignment(platform string, k on, prefixes []string) (assignment, error) {
	if k.access == "" {
		return assignment{Role: roleName(roleSecrets), RoleID: roleSecrets, Scope: k.scope}, nil
	}
	role, err := d.definition(platform, k.access)
	if err != nil {
		return assignment{}, err
	}
	a := assignment{Role: role.Name, RoleID: role.ID, Scope: k.scope, definition: &role}
	a.Condition, err = condition(k.container, prefixes, k.access == "write")
	return a, err
}

var (
	accountName   = pattern.New(`^[a-z0-9]{3,24}$`)
	containerName = pattern.New(`^[a-z0-9](-?[a-z0-9]){2,62}$`)
)

// located is the account and the container of a bucket, also of one that exists:
// abfss://CONTAINER@ACCOUNT.dfs.core.windows.net, https://ACCOUNT.blob.core.windows.net/CONTAINER
// or the name of a container. No role of Azure reaches one that is elsewhere.
func located(b *spec.Bucket) (account, container string, err error) {
	address := b.URI("azure", "")
	if u, bad := url.Parse(address); bad == nil && strings.Contains(u.Hostname(), ".") {
		account, _, _ = strings.Cut(u.Hostname(), ".")
		switch {
		case u.Scheme == "https":
			container, _, _ = strings.Cut(strings.Trim(u.Path, "/"), "/")
		case u.User != nil:
			container = u.User.Username()
		}
	}
	if !accountName.MatchString(account) || !containerName.MatchString(container) {
		if b.Existing != "" {
			address = b.Existing
		}
		return "", "", fmt.Errorf("bucket %q is %s, which no role of Azure can be given on: grant a container of Azure, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net", b.Name, address)
	}
	return account, container, nil
}

var secretName = pattern.New(`^[0-9A-Za-z-]{1,127}$`)

// secretScope is the resource id of one secret. granted is false where another store
// than a key vault keeps the secrets: it has policies of its own.
func (d *driver) secretScope(i cloud.Identity, g cloud.Grant, group string) (scope string, granted bool, err error) {
	if i.On.Platform == nil || i.On.Platform.SecretStore != "azure_key_vault" || g.Secret == nil || g.Secret.Existing != "" {
		return "", false, nil
	}
	if g.Reference == "" {
		return "", false, fmt.Errorf("secret %q: %w", g.Secret.Name, cloud.ErrLater)
	}
	vault, name := d.cfg.VaultURL, g.Reference
	if u, err := url.Parse(g.Reference); err == nil && u.Host != "" {
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if len(parts) < 2 || parts[0] != "secrets" {
			return "", false, fmt.Errorf("secret %q: its address in the key vault is not https://VAULT.vault.azure.net/secrets/NAME", g.Secret.Name)
		}
		vault, name = u.Scheme+"://"+u.Host, parts[1]
	}
	if !secretName.MatchString(name) {
		return "", false, fmt.Errorf("secret %q: %q is no name in a key vault, which has letters, digits and dashes only", g.Secret.Name, name)
	}
	if id := d.cfg.VaultID; id != "" {
		if u, err := url.Parse(vault); err == nil && strings.Contains(u.Hostname(), ".vault.") && !strings.HasPrefix(strings.ToLower(u.Hostname()), strings.ToLower(id[strings.LastIndex(id, "/")+1:])+".") {
			return "", false, fmt.Errorf("secret %q is in the key vault %s, and key_vault_id of Azure is another: %s", g.Secret.Name, u.Hostname(), id)
		}
		return strings.TrimSuffix(d.cfg.VaultID, "/") + "/secrets/" + name, true, nil
	}
	u, err := url.Parse(vault)
	if err != nil || u.Hostname() == "" {
		return "", false, errors.New("the key vault of the platform is not known: set key_vault_id for Azure to its resource id")
	}
	host, _, _ := strings.Cut(u.Hostname(), ".")
	return group + "/providers/Microsoft.KeyVault/vaults/" + host + "/secrets/" + name, true, nil
}
