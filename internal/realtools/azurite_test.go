package realtools_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// TestAzurite: the service takes a token that lasts, and refuses one that has expired, and none.
func TestAzurite(t *testing.T) {
	t.Parallel()
	azurite := realtools.Azurite(t)
	for name, tt := range map[string]struct {
		token string
		want  int
	}{
		"lasts":   {azurite.Token(t, time.Now().Add(time.Hour)), http.StatusCreated},
		"expired": {azurite.Token(t, time.Now().Add(-time.Hour)), http.StatusForbidden},
		"no one":  {"", http.StatusForbidden},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, azurite.Address+"/artifacts?restype=container", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Ms-Version", "2023-11-03")
		if tt.token != "" {
			req.Header.Set("Authorization", "Bearer "+tt.token)
		}
		resp, err := azurite.Client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, tt.want)
		}
	}
}
