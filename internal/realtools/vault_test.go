package realtools_test

import (
	"net/http"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// TestVault: the server takes its root token, and no other.
func TestVault(t *testing.T) {
	t.Parallel()
	address, token := realtools.Vault(t)
	for with, want := range map[string]int{token: http.StatusOK, token + "x": http.StatusForbidden, "": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/v1/sys/internal/ui/mounts/secret", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Vault-Token", with)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a token of %d characters: %d, want %d", len(with), resp.StatusCode, want)
		}
	}
}
