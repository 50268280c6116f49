package azure_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// scoped is a credential whose tokens say what they are for.
type scoped struct{}

func (scoped) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: strings.Join(o.Scopes, " "), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Every request says who asks, and is signed for the service that it goes to.
func TestRequests(t *testing.T) {
	t.Parallel()
	fake, seen, mu := azurefake.New(), map[string]bool{}, sync.Mutex{}
	watched := roundTrip(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		service, scope := "manager", "https://management.core.windows.net//.default"
		if strings.Contains(req.URL.Host, ".blob.") {
			service, scope = "blobs", "https://storage.azure.com/.default"
		}
		seen[service] = true
		if got := req.Header.Get("Authorization"); got != "Bearer "+scope {
			t.Errorf("%s %s is signed by %q, want %q", req.Method, req.URL, got, scope)
		}
		if got := req.UserAgent(); !strings.HasPrefix(got, "mlops-test ") {
			t.Errorf("%s %s is of %q", req.Method, req.URL, got)
		}
		return fake.RoundTrip(req)
	})
	if err := lives(t.Context(), bucketCase(), watched, func(c *azure.Config) { c.Credential = scoped{} }); err != nil {
		t.Error(err)
	}
	if len(seen) != 2 {
		t.Errorf("requests went to %v", seen)
	}
}

// A resource provider is nothing that is registered on the way: it is for everybody.
func TestRequests_register(t *testing.T) {
	t.Parallel()
	var asked []string
	cfg := config(roundTrip(func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.Method+" "+req.URL.Path)
		return cloudtest.Reply(req, http.StatusConflict, "application/json", `{"error":{"code":"MissingSubscriptionRegistration","message":"The subscription is not registered to use namespace 'Microsoft.Storage'."}}`), nil
	}))
	_, err := azure.New(cfg).Buckets.Store.Create(t.Context(), bucket("artifacts", nil))
	if err == nil || !strings.Contains(err.Error(), "az provider register --namespace Microsoft.Storage") {
		t.Errorf("%v; want the command that registers it", err)
	}
	if slices.ContainsFunc(asked, func(r string) bool { return !strings.Contains(r, "/storageAccounts/") }) {
		t.Errorf("asked for %q", asked)
	}
}

// A token goes to no blob service in the clear, even when Azure names it so.
func TestRequests_plain(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	store := azure.New(config(before(func(req *http.Request) error {
		if req.URL.Scheme != "https" {
			t.Errorf("sent %s %s", req.Method, req.URL)
		}
		return nil
	}).on(fake))).Buckets.Store
	id, err := store.Create(t.Context(), bucket("artifacts", nil))
	if err != nil {
		t.Fatal(err)
	}
	fake.Do(func() {
		*fake.Accounts["fraud"].Properties.PrimaryEndpoints.Blob = "http://fraud.blob.core.windows.net/"
	})
	if err := store.Delete(t.Context(), id, bucket("artifacts", nil)); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("delete: %v; want that it has to be https", err)
	}
}
