package prefect_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

func TestMain(m *testing.M) { realtools.Main(m) }
