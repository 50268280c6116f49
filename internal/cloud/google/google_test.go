package google_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
)

func TestDialect(t *testing.T) {
	t.Parallel()
	cloudtest.Dialect(t, google.New(), "google", "gs://artifacts")
}
