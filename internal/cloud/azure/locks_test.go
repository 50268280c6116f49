package azure_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
)

// A provider has a driver for each object. The last bucket that goes takes the account
// along, unless another one comes at that moment.
func TestLocks(t *testing.T) {
	t.Parallel()
	fake, locks := azurefake.New(), &azure.Locks{}
	cfg := config(fake)
	cfg.Locks = locks
	other := azure.New(cfg).Buckets.Store
	id, err := other.Create(t.Context(), bucket("first", nil))
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan error, 1)
	var once sync.Once
	cfg.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := fake.RoundTrip(req)
		if req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/containers") { // none is left
			once.Do(func() {
				go func() {
					_, err := other.Create(t.Context(), bucket("second", nil))
					came <- err
				}()
				time.Sleep(100 * time.Millisecond) // longer than the other needs
			})
		}
		return resp, err
	})
	if err := azure.New(cfg).Buckets.Store.Delete(t.Context(), id, bucket("first", nil)); err != nil {
		t.Error(err)
	}
	if err := <-came; err != nil {
		t.Error(err)
	}
	if account := fake.Accounts["fraud"]; account == nil || account.Containers["second"] == nil {
		t.Error("the bucket that came is gone with the account")
	}
}
