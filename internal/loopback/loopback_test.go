package loopback_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/loopback"
)

func TestIs(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.1.2.3": true, "::1": true,
		"": false, "localhost.example.com": false, "10.0.0.1": false, "0.0.0.0": false, "example.com": false,
	} {
		if loopback.Is(host) != want {
			t.Errorf("%q is this machine: %v", host, !want)
		}
	}
}
