package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/loopback"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager"
)

// services are the keys of `endpoints`, by section: those that the drivers ask.
var services = map[string][]string{
	"aws":    {"eks", "iam", "s3", awssecretsmanager.Endpoint, "sts"},
	"google": {google.ResourceManager, google.Container, google.SecretManager, google.Storage},
	"azure":  {"authority", "blob", "resource_manager"},
}

// checks gathers what is wrong with the provider's configuration.
type checks struct {
	*settings
	out diag.Diagnostics
}

// malformed is what is wrong whatever the resources are. What is late is checked when it
// is known.
func (s *settings) malformed() diag.Diagnostics {
	c := &checks{settings: s}
	c.amazon()
	c.google()
	c.azure()
	c.vault()
	return c.out
}

func (c *checks) fault(name, format string, args ...any) {
	at := path.Empty()
	for i, part := range strings.SplitN(name, ".", 3) {
		switch {
		case i == 0:
			at = path.Root(part)
		case i == 2 && strings.Contains(name, ".endpoints."):
			at = at.AtMapKey(part)
		default:
			at = at.AtName(part)
		}
	}
	c.out.AddAttributeError(at, "Invalid Provider Configuration", name+": "+fmt.Sprintf(format, args...)+".")
}

// given reports whether a value is there, or may be there after apply.
func (c *checks) given(name string, value types.String) bool {
	return value.ValueString() != "" || c.isLate(name)
}

// form checks a value that is there.
func (c *checks) form(name string, value types.String, form *pattern.Pattern, must string) {
	if text := value.ValueString(); text != "" && !form.MatchString(text) {
		c.fault(name, "%q must be %s", text, must)
	}
}

// pair checks two values that go together.
func (c *checks) pair(section, one, other string, a, b types.String) {
	at := func(name string) string { return section + "." + name }
	hasOne, hasOther := c.given(at(one), a), c.given(at(other), b)
	if hasOne && !hasOther {
		c.fault(at(other), "%s is missing: it goes with %s", other, one)
	}
	if hasOther && !hasOne {
		c.fault(at(one), "%s is missing: it goes with %s", one, other)
	}
}

var (
	accountID    = pattern.New(`^\d{12}$`)
	roleARN      = pattern.New(`^arn:aws[a-z0-9-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)
	policyARN    = pattern.New(`^arn:aws[a-z0-9-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$`)
	digits       = pattern.New(`^\d+$`)
	workloadPool = pattern.New(`^projects/\d+/locations/global/workloadIdentityPools/[^/]+$`)
	keyIdentity  = pattern.New(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+$`)
	keyVaultID   = pattern.New(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+$`)
)

func (c *checks) amazon() {
	a := c.AWS
	if a == nil {
		return
	}
	c.pair("aws", "access_key", "secret_key", a.AccessKey, a.SecretKey)
	if c.given("aws.token", a.Token) && !c.given("aws.access_key", a.AccessKey) {
		c.fault("aws.access_key", "access_key is missing: a session token goes with the keys that it was given out with")
	}
	c.form("aws.account_id", a.Account, accountID, "the 12 digits of an account")
	c.form("aws.permissions_boundary", a.PermissionsBoundary, policyARN, "the ARN of a policy, such as arn:aws:iam::123456789012:policy/boundary")
	if r := a.AssumeRole; r != nil {
		if !c.given("aws.assume_role.role_arn", r.RoleARN) {
			c.fault("aws.assume_role.role_arn", "role_arn is missing: it names the role to take")
		}
		c.form("aws.assume_role.role_arn", r.RoleARN, roleARN, "the ARN of a role, such as arn:aws:iam::123456789012:role/deployer")
	}
	c.endpoints("aws", a.Endpoints)
}

func (c *checks) google() {
	g := c.Google
	if g == nil {
		return
	}
	c.form("google.project_number", g.ProjectNumber, digits, "the number of a project, which is not its id")
	c.form("google.workload_identity_pool", g.WorkloadPool, workloadPool, "projects/NUMBER/locations/global/workloadIdentityPools/POOL")
	c.endpoints("google", g.Endpoints)
}

func (c *checks) azure() {
	a := c.Azure
	if a == nil {
		return
	}
	c.form("azure.key_identity", a.KeyIdentity, keyIdentity, "the resource id of a user-assigned identity: /subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME")
	c.form("azure.key_vault_id", a.VaultID, keyVaultID, "the resource id of a key vault: /subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/NAME")
	c.address("azure.vault_url", a.VaultURL, "https://acme-ml.vault.azure.net")
	c.endpoints("azure", a.Endpoints)
}

func (c *checks) vault() {
	v := c.Vault
	if v == nil {
		return
	}
	c.address("vault.address", v.Address, "https://vault.example.com:8200", "unix")
	var ways []string
	if v.Token.ValueString() != "" {
		ways = append(ways, "token")
	}
	if r := v.AppRole; r != nil {
		ways = append(ways, "app_role")
		c.both("vault.app_role", "role_id", "secret_id", r.RoleID, r.SecretID)
	}
	if r := v.Kubernetes; r != nil {
		ways = append(ways, "kubernetes")
		c.must("vault.kubernetes", "role", r.Role)
	}
	if r := v.JWT; r != nil {
		ways = append(ways, "jwt")
		c.must("vault.jwt", "token", r.Token)
	}
	if r := v.Userpass; r != nil {
		ways = append(ways, "userpass")
		c.both("vault.userpass", "username", "password", r.Username, r.Password)
	}
	if len(ways) > 1 {
		c.fault("vault", "there is more than one way to log in (%s): leave all but one out", strings.Join(ways, ", "))
	}
}

// both are two values of a login.
func (c *checks) both(section, one, other string, a, b types.String) {
	c.must(section, one, a)
	c.must(section, other, b)
}

func (c *checks) must(section, name string, value types.String) {
	if !c.given(section+"."+name, value) {
		c.fault(section+"."+name, "%s is missing: nobody can log in without it", name)
	}
}

func (c *checks) endpoints(section string, given map[string]types.String) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		at := section + ".endpoints." + name
		if !slices.Contains(services[section], name) {
			c.fault(at, "there is no such service here; there are: %s", strings.Join(services[section], ", "))
			continue
		}
		c.address(at, given[name], "https://"+name+".example.com")
	}
}

func (c *checks) address(name string, value types.String, example string, also ...string) {
	if err := safeAddress("the address", value.ValueString(), example, also...); err != nil {
		c.fault(name, "%s", err)
	}
}

// safeAddress refuses what is no address, what holds a password, and what would send
// credentials and values in clear text to another machine. The address itself is shown only
// where it cannot hold a password.
func safeAddress(what, address, example string, also ...string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if scheme, _, ok := strings.Cut(address, "://"); ok && slices.Contains(also, scheme) {
		return nil
	}
	switch {
	case strings.Contains(address, "@"):
		return fmt.Errorf("%s must not carry user:password@, which would be in plans, states and logs: leave that out, and set the credentials where they belong", what)
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%s %q must be a URL with its scheme, such as %s", what, address, example)
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New(what + " must be without query and fragment, such as " + example)
	case u.Scheme == "http" && !loopback.Is(u.Hostname()):
		return fmt.Errorf("%s %q: http is for this machine only, since credentials and values are sent to it: use https", what, address)
	}
	return nil
}
