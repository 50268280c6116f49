package spec_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestMonth(t *testing.T) {
	t.Parallel()
	for hourly, want := range map[spec.Number]spec.Number{
		"": "", "0": "0", "1": "730", "0.526": "383.98", "21.957642": "16029.07866", "0.1": "73", "0.000000000001": "0.00000000073", "123456789.123456789": "90123456060.12345597",
	} {
		if got := spec.Month(hourly); got != want {
			t.Errorf("Month(%q) = %q, want %q", hourly, got, want)
		}
	}
}
