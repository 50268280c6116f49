package azure_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

func TestDialect(t *testing.T) {
	t.Parallel()
	cloudtest.Dialect(t, azure.New(), "azure", "abfss://artifacts@suite.dfs.core.windows.net")
}
