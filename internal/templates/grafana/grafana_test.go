package grafana_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/grafana"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	templatestest.Run(t, grafana.Target{}, templatestest.Options{})
}
