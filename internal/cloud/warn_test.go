package cloud_test

import (
	"context"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

func TestWarn(t *testing.T) {
	t.Parallel()
	var heard []string
	ctx := cloud.Warned(t.Context(), func(text string) { heard = append(heard, text) })
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	cloud.Warn(within, "%s: %d", "two", 2)
	cloud.Warn(t.Context(), "nobody listens")
	if want := []string{"two: 2"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}
