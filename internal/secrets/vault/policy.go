package vault

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// tokenTTL is how long a workload may use one login.
const tokenTTL = 3600

// audience is whom a service account's token must be made for.
const audience = "vault"

// name of the policy and of the role of an identity. Both are in small letters anyway.
func name(i cloud.Identity) string { return i.On.Platform.Name + "-" + i.Name }

// mark is the first line of a policy of ours: policies have no metadata.
func mark(i cloud.Identity) string {
	return fmt.Sprintf("# %s %s %s/%s", cloud.MarkManager, cloud.Manager, i.On.Platform.Name, i.Name)
}

// plainPath has nothing that a policy reads as more than itself: no wildcard, no template,
// no quotes.
var plainPath = pattern.New(`^[A-Za-z0-9_.,:=@+-]+(/[A-Za-z0-9_.,:=@+-]+)*$`)

// policy lets an identity read the secrets of its grants, each by its exact path. Grants of
// buckets are no matter of Vault, and neither is a Kubernetes Secret that exists.
func policy(i cloud.Identity) (string, error) {
	paths := map[string]bool{}
	for _, g := range i.Grants {
		if g.Secret == nil || g.Secret.Existing != "" {
			continue
		}
		if g.Access != "read" {
			return "", fmt.Errorf("identity %s: access %q to secret %s: workloads read secrets and write none", i.Name, g.Access, g.Secret.Name)
		}
		p := place{strings.Trim(g.Secret.Mount(), "/"), g.Secret.StorePath()}
		if !plainPath.MatchString(p.id()) || slices.Contains(strings.Split(p.id(), "/"), "+") {
			return "", fmt.Errorf("identity %s: the path %q of secret %s cannot stand in a policy of Vault as it is: use letters, digits and - _ . , : = @ between slashes", i.Name, p.id(), g.Secret.Name)
		}
		paths[p.data()], paths[p.metadata()] = true, true
	}
	var b strings.Builder
	b.WriteString(mark(i) + "\n")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		fmt.Fprintf(&b, "path %q {\n  capabilities = [\"read\"]\n}\n", path)
	}
	return b.String(), nil
}

// role is what a role of the Kubernetes login is set to. Those that are empty could give
// more than was asked for, so they are held empty.
type role struct {
	Names       []string `json:"bound_service_account_names"`
	Namespaces  []string `json:"bound_service_account_namespaces"`
	Selector    string   `json:"bound_service_account_namespace_selector"`
	Audience    string   `json:"audience"`
	AliasSource string   `json:"alias_name_source"`
	Policies    []string `json:"token_policies"`
	TTL         int64    `json:"token_ttl"`
	MaxTTL      int64    `json:"token_max_ttl"`
	Period      int64    `json:"token_period"`
}

func roleOf(i cloud.Identity) (role, error) {
	if i.Subject == nil || i.Subject.Kubernetes == nil {
		return role{}, fmt.Errorf("identity %s: Vault lets only subjects of Kubernetes read secrets here: %w", i.Name, cloud.ErrUnsupported)
	}
	k := i.Subject.Kubernetes
	return role{
		Names: []string{k.ServiceAccount}, Namespaces: []string{k.Namespace}, Audience: audience,
		AliasSource: "serviceaccount_uid", Policies: []string{name(i)}, TTL: tokenTTL,
	}, nil
}

// text is the canonical form.
func (r role) text() string {
	for _, list := range [][]string{r.Names, r.Namespaces, r.Policies} {
		slices.Sort(list)
	}
	data, _ := json.Marshal(r) // texts and numbers can always be written
	return string(data)
}

// accessPlan knows where the login of the workloads is mounted.
type accessPlan struct{ mount string }

// Fixed is the mount: a role elsewhere is another one.
func (accessPlan) Fixed() []string { return []string{"mount"} }

// Settings are the policy and the role.
func (p accessPlan) Settings(i cloud.Identity) (cloud.Settings, error) {
	text, err := policy(i)
	if err != nil {
		return nil, err
	}
	r, err := roleOf(i)
	if err != nil {
		return nil, err
	}
	return cloud.Settings{"mount": p.mount, "policy": text, "role": r.text()}, nil
}
