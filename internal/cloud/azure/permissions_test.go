package azure_test

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// permissions are all that whoever applies needs. Source: Azure's list of the permissions
// of each resource provider.
var permissions = []string{
	"Microsoft.Authorization/roleAssignments/delete",
	"Microsoft.Authorization/roleAssignments/read",
	"Microsoft.Authorization/roleAssignments/write",
	"Microsoft.Authorization/roleDefinitions/delete",
	"Microsoft.Authorization/roleDefinitions/read",
	"Microsoft.Authorization/roleDefinitions/write",
	"Microsoft.ContainerService/managedClusters/agentPools/delete",
	"Microsoft.ContainerService/managedClusters/agentPools/read",
	"Microsoft.ContainerService/managedClusters/agentPools/write",
	"Microsoft.ContainerService/managedClusters/read",
	"Microsoft.ManagedIdentity/userAssignedIdentities/delete",
	"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
	"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
	"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
	"Microsoft.ManagedIdentity/userAssignedIdentities/read",
	"Microsoft.ManagedIdentity/userAssignedIdentities/write",
	"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
	"Microsoft.Storage/storageAccounts/blobServices/containers/delete",
	"Microsoft.Storage/storageAccounts/blobServices/containers/read",
	"Microsoft.Storage/storageAccounts/blobServices/containers/write",
	"Microsoft.Storage/storageAccounts/blobServices/read",
	"Microsoft.Storage/storageAccounts/blobServices/write",
	"Microsoft.Storage/storageAccounts/delete",
	"Microsoft.Storage/storageAccounts/managementPolicies/delete",
	"Microsoft.Storage/storageAccounts/managementPolicies/read",
	"Microsoft.Storage/storageAccounts/managementPolicies/write",
	"Microsoft.Storage/storageAccounts/read",
	"Microsoft.Storage/storageAccounts/write",
}

var (
	needs = regexp.MustCompile(`needs permission (\S+)`)
	id    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// denying denies the request number at.
type denying struct {
	at, n int
	fake  *azurefake.Azure
}

func (d *denying) RoundTrip(req *http.Request) (*http.Response, error) {
	d.n++
	if d.n-1 == d.at {
		return answer(cloudtest.Denied, req), nil
	}
	return d.fake.RoundTrip(req)
}

// lives makes an object, reads it, changes it and deletes it. It gives the first error.
func lives[S any](ctx context.Context, c cloudtest.Case[S], transport http.RoundTripper, change ...func(*azure.Config)) error {
	cfg := config(transport)
	for _, f := range change {
		f(&cfg)
	}
	store := c.Kind(azure.New(cfg)).Store
	id, err := store.Create(ctx, c.Before)
	if err != nil {
		return err
	}
	if _, err := store.Read(ctx, id, c.With(c.Before, id)); err != nil {
		return err
	}
	if err := store.Update(ctx, id, c.With(c.After, id)); err != nil {
		return err
	}
	return store.Delete(ctx, id, c.With(c.After, id))
}

func cluster() *azurefake.Azure {
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Issuer: "https://issuer.example/", Pools: map[string]*azurefake.Pool{}}
	return fake
}

// denied denies every request of a life in turn, and collects the permissions that errors name.
func denied[S any](t *testing.T, c cloudtest.Case[S], out map[string]bool) {
	t.Helper()
	for at := 0; ; at++ {
		d := &denying{at: at, fake: cluster()}
		err := lives(t.Context(), c, d)
		if d.n <= at {
			return
		}
		m := needs.FindStringSubmatch(id.ReplaceAllString(errorText(err), "GUID"))
		if m == nil {
			t.Errorf("request %d of a %s is denied: %v; want the permission", at+1, c.Name, err)
			continue
		}
		if !strings.Contains(m[1], "/get/status/") { // where the generated servers have their operations
			out[m[1]] = true
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Whatever is denied, the error names the one permission that is missing, by Azure's name.
func TestPermissions(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	b := bucketCase()
	b.After.KMSKey = ""
	denied(t, b, got)
	none := b
	none.After.Lifecycle = nil
	denied(t, none, got)
	denied(t, identityCase(), got)
	denied(t, poolCase(), got)
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, permissions) {
		t.Errorf("errors name %s", strings.Join(names, "\n"))
	}
}
