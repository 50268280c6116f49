package kubernetes_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/kubernetes"
)

func TestDialect(t *testing.T) {
	t.Parallel()
	cloudtest.Dialect(t, kubernetes.New(), "kubernetes", "pvc://artifacts")
}
