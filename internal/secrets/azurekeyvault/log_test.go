package azurekeyvault_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

// Azure's clients tell a log what they send when AZURE_SDK_GO_LOGGING says so: no value and
// no token is in it, whatever the vault answers.
func TestNoLog(t *testing.T) { //nolint:paralleltest // it listens to all clients
	var mu sync.Mutex
	said := strings.Builder{}
	azlog.SetListener(func(_ azlog.Event, text string) {
		mu.Lock()
		defer mu.Unlock()
		said.WriteString(text)
	})
	defer azlog.SetListener(nil)
	store, _, rec := fresh(t)
	s := sample(func(s *secrets.Secret) { s.Values = secrets.ValuesOf(map[string]string{"password": "canary"}) })
	made(t, store, s)
	if _, err := store.Values(t.Context(), id, s, ""); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{400, 403, 500} {
		rec.spoil = func(req *http.Request, resp *http.Response) (*http.Response, error) {
			if req.Method == http.MethodPut {
				return cloudtest.Reply(req, status, "application/json", `{"error":{"code":"canary-code","message":"{'password':'canary'}"}}`), nil
			}
			return resp, nil
		}
		if err := store.Store.Update(t.Context(), id, s); err == nil && status < 500 {
			t.Errorf("%d is no error", status)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if text := said.String(); !strings.Contains(text, "/secrets/suite-tracker") || strings.Contains(text, "canary") {
		t.Errorf("a log of %d bytes shows a secret, or there is none", len(text))
	}
}
