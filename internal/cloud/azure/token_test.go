package azure_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// A token that somebody else got is sent as it is, by requests at once, too.
func TestToken(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	cfg := config(before(func(req *http.Request) error {
		if got := req.Header.Get("Authorization"); got != "Bearer theirs" {
			t.Errorf("%s %s is signed by %q", req.Method, req.URL.Path, got)
		}
		return nil
	}).on(fake))
	cfg.Credential = azure.Token("theirs")
	store := azure.New(cfg).Buckets.Store
	id, err := store.Create(t.Context(), bucket("artifacts", nil))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := store.Read(t.Context(), id, bucket("artifacts", nil)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// A token is for one service: the error says which one the blobs want.
func TestToken_ofAnotherService(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	cfg := config(roundTrip(func(req *http.Request) (*http.Response, error) {
		if strings.Contains(req.URL.Host, ".blob.") {
			return answer(cloudtest.Expired, req), nil
		}
		return fake.RoundTrip(req)
	}))
	cfg.Credential = azure.Token("theirs")
	store := azure.New(cfg).Buckets.Store
	id, err := store.Create(t.Context(), bucket("artifacts", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(t.Context(), id, bucket("artifacts", nil)); err == nil || !strings.Contains(err.Error(), "https://storage.azure.com") || strings.Contains(err.Error(), "theirs") {
		t.Errorf("delete: %v; want the service that the token has to be for", err)
	}
}
