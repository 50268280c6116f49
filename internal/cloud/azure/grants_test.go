package azure_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// A bucket where no role of Azure reaches is refused by its address, in the plan.
func TestPolicy_elsewhere(t *testing.T) {
	t.Parallel()
	c := azure.New(config(nil))
	for existing, scope := range map[string]string{
		"s3://acme-data":          "",
		"gs://acme-data/x":        "",
		"https://example.com":     "",
		"abfss://other.dfs/":      "",
		"/subscriptions/s/x/data": "",
		"shared":                  "/storageAccounts/fraud/blobServices/default/containers/shared",
		"https://other.blob.core.windows.net/shared":       "/storageAccounts/other/blobServices/default/containers/shared",
		"wasbs://shared@other.blob.core.windows.net":       "/storageAccounts/other/blobServices/default/containers/shared",
		"abfss://shared@other.dfs.core.windows.net/folder": "/storageAccounts/other/blobServices/default/containers/shared",
	} {
		i := identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Bucket: &spec.Bucket{Platform: "fraud", Name: "data", Existing: existing}})
		policy, err := c.Policy(i)
		switch {
		case scope == "" && (err == nil || !strings.Contains(err.Error(), existing) || !strings.Contains(err.Error(), "abfss://")):
			t.Errorf("%s: %s, %v; want it refused by its address", existing, policy, err)
		case scope != "" && (err != nil || !strings.Contains(policy, scope+`"`)):
			t.Errorf("%s: %s, %v; want the scope %s", existing, policy, err, scope)
		}
	}
}

// Roles are given within the resource group: the error says so where an account is not in it.
func TestPolicy_accountElsewhere(t *testing.T) {
	t.Parallel()
	r := open(t, refused(1000, http.MethodPut, "/roleAssignments/", http.StatusNotFound, "ResourceNotFound"))
	_, err := r.Cloud.Identities.Store.Create(t.Context(), called("trainer", "read"))
	if err == nil || errors.Is(err, cloud.ErrNotFound) || !strings.Contains(err.Error(), "resource group rg") {
		t.Errorf("create: %v; want the resource group, and not that the identity is not found", err)
	}
}

// Assignments of others stay, even when a list has more than was asked for.
func TestRoles_ofOtherPrincipals(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Issuer: "https://issuer.example/"}
	unfiltered := before(func(req *http.Request) error {
		if strings.HasSuffix(req.URL.Path, "/roleAssignments") {
			query := req.URL.Query()
			query.Del("$filter")
			req.URL.RawQuery = query.Encode()
		}
		return nil
	})
	id := "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleAssignments/x"
	fake.Roles[id] = &armauthorization.RoleAssignment{ID: &id, Name: to.Ptr("x"), Properties: &armauthorization.RoleAssignmentProperties{
		PrincipalID: to.Ptr("00000000-0000-0000-0000-00000000000a"), Scope: to.Ptr("/subscriptions/" + subscription), RoleDefinitionID: to.Ptr("/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
	}}
	store, i := azure.New(config(unfiltered.on(fake))).Identities.Store, called("trainer", "write")
	made, err := store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := store.Read(t.Context(), made, i); err != nil || strings.Contains(got["policy"], "8e3af657") {
		t.Errorf("an assignment of somebody else is read as ours: %v, %v", got["policy"], err)
	}
	if err := store.Delete(t.Context(), made, i); err != nil || fake.Roles[id] == nil || fake.Count() != 1 {
		t.Errorf("delete: %v, %d objects left, want the assignment of somebody else", err, fake.Count())
	}
}

// Without a principal nothing says whose assignments they are, and none is touched.
func TestIdentities_noPrincipal(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake, i := r.Cloud.Identities.Store, fakeOf(r), called("trainer", "write")
	id, err := store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	fake.Do(func() { fake.Identities["fraud-trainer"].Properties.PrincipalID, fake.Requests = nil, nil })
	for name, err := range map[string]error{
		"update": store.Update(t.Context(), id, i),
		"delete": store.Delete(t.Context(), id, i),
		"read":   func() error { _, err := store.Read(t.Context(), id, i); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), "names no principal") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, request := range fake.Requests {
		if strings.Contains(request, "/roleAssignments") {
			t.Errorf("sent %s", request)
		}
	}
}

// Blanks between the words of a condition mean nothing, those in a prefix do.
func TestPolicy_blanks(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake := r.Cloud.Identities.Store, fakeOf(r)
	i := identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Bucket: data(), Prefix: "two  blanks/"})
	id, err := store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := r.Cloud.Identities.Plan.Settings(i)
	for name, c := range map[string]struct {
		change func(string) string
		same   bool
	}{
		"as it was":  {func(s string) string { return s }, true},
		"layout":     {func(s string) string { return strings.ReplaceAll(s, " AND ", "\n AND\n  ") }, true},
		"one blank":  {func(s string) string { return strings.ReplaceAll(s, "two  blanks", "two blanks") }, false},
		"other case": {func(s string) string { return strings.ReplaceAll(s, "two  blanks", "Two  blanks") }, false},
	} {
		for _, a := range fake.Roles {
			was := a.Properties.Condition
			fake.Do(func() { a.Properties.Condition = to.Ptr(c.change(*was)) })
			if got, err := store.Read(t.Context(), id, i); err != nil || (got["policy"] == want["policy"]) != c.same {
				t.Errorf("%s: %v, %v; want %v", name, got["policy"], err, want["policy"])
			}
			fake.Do(func() { a.Properties.Condition = was })
		}
	}
}

// Names of assignments follow from what they are, and another condition is written over the
// one there is: the identity is not without its role in between.
func TestRoles_inPlace(t *testing.T) {
	t.Parallel()
	below := func(prefix string) cloud.Identity {
		return identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Bucket: data(), Prefix: prefix})
	}
	names := map[string]bool{}
	for range 2 {
		r := open(t, plain)
		store, fake := r.Cloud.Identities.Store, fakeOf(r)
		id, err := store.Create(t.Context(), below("one/"))
		if err != nil {
			t.Fatal(err)
		}
		fake.Do(func() { fake.Requests = nil })
		if err := store.Update(t.Context(), id, below("two/")); err != nil {
			t.Fatal(err)
		}
		for _, request := range fake.Requests {
			if strings.HasPrefix(request, "DELETE ") {
				t.Errorf("sent %s", request)
			}
		}
		for name, a := range fake.Roles {
			names[name] = true
			if !strings.Contains(*a.Properties.Condition, "'two/'") {
				t.Errorf("the condition is %s", *a.Properties.Condition)
			}
		}
	}
	if len(names) != 1 {
		t.Errorf("names are %v, want the same one twice", names)
	}
}

// An assignment that a list did not have yet, and that lets more than is granted, goes.
func TestRoles_widerAndLate(t *testing.T) {
	t.Parallel()
	fake, i := cluster(), identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Bucket: data(), Prefix: "churn/"})
	c := azure.New(config(fake))
	id, err := c.Identities.Store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	fake.Do(func() {
		for name, a := range fake.Roles {
			a.Properties.Condition, a.Properties.ConditionVersion = nil, nil
			delete(fake.Roles, name)
			a.ID = to.Ptr(name[:strings.LastIndex(name, "/")+1] + "00000000-0000-0000-0000-00000000000b")
			fake.Roles[*a.ID] = a
		}
	})
	lists := 0
	late := roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/roleAssignments") {
			if lists++; lists == 1 {
				return cloudtest.Reply(req, http.StatusOK, "application/json", `{"value":[]}`), nil
			}
		}
		return fake.RoundTrip(req)
	})
	if err := azure.New(config(late)).Identities.Store.Update(t.Context(), id, i); err != nil {
		t.Fatal(err)
	}
	for name, a := range fake.Roles {
		if a.Properties.Condition == nil {
			t.Errorf("%s lets the identity read everything", name)
		}
	}
	if len(fake.Roles) != 1 {
		t.Errorf("%d assignments, want 1", len(fake.Roles))
	}
}

// An issuer that nobody wrote down is the cluster's: another one by hand is seen and repaired.
func TestIdentities_issuerChanged(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake, i := r.Cloud.Identities.Store, fakeOf(r), identityCase().Before
	id, err := store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.Cloud.Identities.Plan.Settings(i)
	if err != nil {
		t.Fatal(err)
	}
	read := func() string {
		t.Helper()
		got, err := store.Read(t.Context(), id, i)
		if err != nil {
			t.Fatal(err)
		}
		return got["federatedCredentials"]
	}
	if got := read(); got != want["federatedCredentials"] {
		t.Errorf("without a change: %s, want %s", got, want["federatedCredentials"])
	}
	have := fake.Identities["fraud-trainer"].Credentials["kubernetes"]
	fake.Do(func() { have.Issuer = to.Ptr("https://elsewhere.example/") })
	if got := read(); got == want["federatedCredentials"] || !strings.Contains(got, "elsewhere.example") {
		t.Errorf("another issuer is not seen: %s", got)
	}
	if err := store.Update(t.Context(), id, i); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != want["federatedCredentials"] {
		t.Errorf("repaired: %s, want %s", got, want["federatedCredentials"])
	}
	fake.Do(func() { delete(fake.Clusters, "aks") })
	if got := read(); got == want["federatedCredentials"] {
		t.Error("the issuer of a cluster that is gone is not seen")
	}
}

// A secret in another vault than the one whose id is set is not granted in that one.
func TestPolicy_otherVault(t *testing.T) {
	t.Parallel()
	id := "/subscriptions/s/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/Acme"
	for reference, want := range map[string]string{
		"https://acme.vault.azure.net/secrets/fraud-db":  id + "/secrets/fraud-db",
		"https://other.vault.azure.net/secrets/fraud-db": "",
		"https://127.0.0.1:8443/secrets/fraud-db":        id + "/secrets/fraud-db", // a way to it that has no name
		"fraud-db": id + "/secrets/fraud-db",
	} {
		cfg, grant := config(nil), secret("db")
		cfg.VaultID, cfg.VaultURL, grant.Reference = id, "https://acme.vault.azure.net", reference
		policy, err := azure.New(cfg).Policy(identity(serviceAccount("a"), nil, grant))
		if want == "" && (err == nil || !strings.Contains(err.Error(), "key_vault_id")) || want != "" && (err != nil || !strings.Contains(policy, want)) {
			t.Errorf("%s: %s, %v; want %q", reference, policy, err, want)
		}
	}
}
