package azure_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
)

const (
	container = "Microsoft.Storage/storageAccounts/blobServices/containers"
	blob      = container + "/blobs"
	list      = "list" // reading with the suboperation Blob.List
)

// builtIn are the actions and data actions of built-in roles, as Azure documents them.
var builtIn = map[string][]string{
	"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": {container + "/read", blob + "/read"},
	"ba92f5b4-2d11-453d-a403-e96b0029c9fe": {
		container + "/delete", container + "/read", container + "/write",
		blob + "/read", blob + "/write", blob + "/delete", blob + "/move/action", blob + "/add/action",
	},
	"4633458b-17de-408a-b874-0445c86b69e6": {"Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"},
}

// shown is the policy of an identity, as it is shown.
type shown struct {
	RoleAssignments []struct{ RoleDefinitionID, Scope, Condition string }
	RoleDefinitions []struct {
		RoleDefinitionID, RoleName string
		AssignableScopes           []string
		Permissions                []struct{ Actions, DataActions, NotActions, NotDataActions []string }
	}
}

func shownAs(t *testing.T, policy string) (doc shown) {
	t.Helper()
	if err := json.Unmarshal([]byte(policy), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// actions are those of a role, which has to be built in or to be shown.
func (s shown) actions(t *testing.T, role string) []string {
	t.Helper()
	out, known := builtIn[role]
	for _, d := range s.RoleDefinitions {
		if d.RoleDefinitionID != role {
			continue
		}
		known = true
		for _, p := range d.Permissions {
			if len(p.NotActions)+len(p.NotDataActions) > 0 {
				t.Fatalf("role %s takes actions off, which is not read here", d.RoleName)
			}
			out = append(append(out, p.Actions...), p.DataActions...)
		}
	}
	if !known {
		t.Fatalf("nobody knows role %s", role)
	}
	return out
}

// asked is one request to Azure, of its data plane or of Resource Manager.
type asked struct {
	action, scope string // action "list" is List Blobs below path
	path          string
}

// allowed says what Azure would, by the assignments of a policy.
func allowed(t *testing.T, policy string, a asked) bool {
	t.Helper()
	doc := shownAs(t, policy)
	action, sub := a.action, ""
	if action == list {
		action, sub = blob+"/read", "Blob.List"
	}
	for _, r := range doc.RoleAssignments {
		if !slices.Contains(doc.actions(t, r.RoleDefinitionID), action) || !strings.HasPrefix(a.scope+"/", r.Scope+"/") {
			continue
		}
		request := map[string]string{}
		if sub == "" {
			request["@Resource["+blob+":path]"] = a.path
		} else {
			request["@Request["+blob+":prefix]"] = a.path
		}
		if r.Condition == "" || holds(t, r.Condition, action, sub, request) {
			return true
		}
	}
	return false
}

func TestPolicy_allows(t *testing.T) {
	t.Parallel()
	group := "/subscriptions/" + subscription + "/resourceGroups/rg"
	in := func(name string) string {
		return group + "/providers/Microsoft.Storage/storageAccounts/fraud/blobServices/default/containers/" + name
	}
	secretIn := func(name string) string { return group + "/providers/Microsoft.KeyVault/vaults/vault/secrets/" + name }
	policy, err := azure.New(config(nil)).Policy(identity(serviceAccount("a"), nil,
		cloud.Grant{Access: "read", Bucket: data(), Prefix: "churn"}, cloud.Grant{Access: "read", Bucket: data(), Prefix: "public/"},
		cloud.Grant{Access: "write", Bucket: artifacts(), Prefix: "models/churn/"}, secret("db")))
	if err != nil {
		t.Fatal(err)
	}
	const get = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
	for name, c := range map[string]struct {
		asked
		want bool
	}{
		"read own prefix":           {asked{blob + "/read", in("data"), "churn/a.csv"}, true},
		"read second prefix":        {asked{blob + "/read", in("data"), "public/a"}, true},
		"read sibling":              {asked{blob + "/read", in("data"), "churn-secret/a.csv"}, false},
		"read longer name":          {asked{blob + "/read", in("data"), "churn2/a.csv"}, false},
		"list longer name":          {asked{list, in("data"), "churn2/"}, false},
		"list without the slash":    {asked{list, in("data"), "churn"}, false},
		"write longer name":         {asked{blob + "/write", in("artifacts"), "models/churn2/1"}, false},
		"read other prefix":         {asked{blob + "/read", in("data"), "fraud/a.csv"}, false},
		"list own prefix":           {asked{list, in("data"), "churn/"}, true},
		"list sibling":              {asked{list, in("data"), "churn-"}, false},
		"list everything":           {asked{list, in("data"), ""}, false},
		"write what is read":        {asked{blob + "/write", in("data"), "churn/a.csv"}, false},
		"read of other bucket":      {asked{blob + "/read", in("other"), "churn/a.csv"}, false},
		"name that starts the same": {asked{blob + "/read", in("data-2"), "churn/a.csv"}, false},
		"write own prefix":          {asked{blob + "/write", in("artifacts"), "models/churn/1"}, true},
		"append own prefix":         {asked{blob + "/add/action", in("artifacts"), "models/churn/1"}, true},
		"read what is written":      {asked{blob + "/read", in("artifacts"), "models/churn/1"}, true},
		"list what is written":      {asked{list, in("artifacts"), "models/churn/"}, true},
		"write sibling":             {asked{blob + "/write", in("artifacts"), "models/other/1"}, false},
		"append sibling":            {asked{blob + "/add/action", in("artifacts"), "models/other/1"}, false},
		"delete own":                {asked{blob + "/delete", in("artifacts"), "models/churn/1"}, false},
		"move own":                  {asked{blob + "/move/action", in("artifacts"), "models/churn/1"}, false},
		"delete version":            {asked{blob + "/deleteBlobVersion/action", in("artifacts"), "models/churn/1"}, false},
		"delete for ever":           {asked{blob + "/permanentDelete/action", in("artifacts"), "models/churn/1"}, false},
		"delete container":          {asked{container + "/delete", in("artifacts"), ""}, false},
		"create container":          {asked{container + "/write", in("artifacts"), ""}, false},
		"create other container":    {asked{container + "/write", in("new"), ""}, false},
		"read container":            {asked{container + "/read", in("artifacts"), ""}, false},
		"delete what is read":       {asked{blob + "/delete", in("data"), "churn/a.csv"}, false},
		"delete container of data":  {asked{container + "/delete", in("data"), ""}, false},
		"sign for others":           {asked{"Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action", in("data"), ""}, false},
		"secret":                    {asked{get, secretIn("fraud-db"), ""}, true},
		"other secret":              {asked{get, secretIn("fraud-db2"), ""}, false},
	} {
		if got := allowed(t, policy, c.asked); got != c.want {
			t.Errorf("%s: allowed is %v, want %v", name, got, c.want)
		}
	}
	if strings.Contains(policy, "*") {
		t.Errorf("a wildcard in %s", policy)
	}
}

func TestPolicy_everything(t *testing.T) {
	t.Parallel()
	c := azure.New(config(nil))
	in := "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/fraud/blobServices/default/containers/artifacts"
	policy, err := c.Policy(identity(serviceAccount("a"), nil, cloud.Grant{Access: "write", Bucket: artifacts()}, cloud.Grant{Access: "write", Bucket: artifacts(), Prefix: "x"}))
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]bool{
		blob + "/write": true, blob + "/add/action": true, blob + "/read": true, list: true,
		blob + "/delete": false, blob + "/move/action": false, container + "/delete": false, container + "/write": false,
	} {
		if got := allowed(t, policy, asked{action, in, "any"}); got != want {
			t.Errorf("%s: allowed is %v, want %v", action, got, want)
		}
	}
	existing := data()
	existing.Existing = "abfss://shared@other.dfs.core.windows.net"
	if policy, err = c.Policy(identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Bucket: existing})); err != nil || !strings.Contains(policy, "/storageAccounts/other/blobServices/default/containers/shared\"") {
		t.Errorf("policy of a bucket that exists: %s, %v", policy, err)
	}
	vault := identity(serviceAccount("a"), nil, secret("db"))
	vault.On.Platform.SecretStore = "vault"
	if policy, err = c.Policy(vault); err != nil || policy != `{"roleAssignments":[],"roleDefinitions":[]}` {
		t.Errorf("a secret in Vault is nothing that Azure grants: %s, %v", policy, err)
	}
}

// Roles are shown with what they allow, and have the resource group in their names: Azure
// wants a name once in a directory.
func TestPolicy_definitions(t *testing.T) {
	t.Parallel()
	ids, names := map[string]bool{}, map[string]bool{}
	for _, group := range []string{"rg", "RG", "other"} {
		cfg := config(nil)
		cfg.ResourceGroup = group
		policy, err := azure.New(cfg).Policy(identity(serviceAccount("a"), nil,
			cloud.Grant{Access: "write", Bucket: artifacts()}, cloud.Grant{Access: "write", Bucket: data()}, cloud.Grant{Access: "read", Bucket: data(), Prefix: "x"}))
		if err != nil {
			t.Fatal(err)
		}
		doc := shownAs(t, policy)
		if len(doc.RoleDefinitions) != 2 || len(doc.RoleAssignments) != 3 {
			t.Fatalf("%d roles, %d assignments; want 2 and 3: %s", len(doc.RoleDefinitions), len(doc.RoleAssignments), policy)
		}
		for i, want := range []struct {
			name    string
			actions []string
		}{
			{"mlops reader fraud ", []string{blob + "/read"}},
			{"mlops writer fraud ", []string{blob + "/add/action", blob + "/read", blob + "/write"}},
		} {
			got := doc.RoleDefinitions[i]
			ids[got.RoleDefinitionID], names[got.RoleName] = true, true
			if got.RoleName != want.name+got.RoleDefinitionID[:8] || !slices.Equal(got.AssignableScopes, []string{"/subscriptions/" + subscription + "/resourceGroups/" + group}) {
				t.Errorf("role %q of %v", got.RoleName, got.AssignableScopes)
			}
			if !slices.Equal(doc.actions(t, got.RoleDefinitionID), want.actions) {
				t.Errorf("%s allows %v, want %v", got.RoleName, doc.actions(t, got.RoleDefinitionID), want.actions)
			}
		}
	}
	if len(ids) != 4 || len(names) != 4 {
		t.Errorf("%d ids and %d names; want 4: a resource group is one however it is written", len(ids), len(names))
	}
}
