package opencost_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/opencost"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	templatestest.Run(t, opencost.Target{}, templatestest.Options{})
}

func TestTarget_needsPrometheus(t *testing.T) {
	t.Parallel()
	c := templatestest.Quickstart(t)
	c.Specs[0]["observability"] = map[string]any{"metrics": []any{}, "dashboards": []any{}}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	_, err := opencost.Target{}.Render(p)
	if want := `platform "fraud": observability.cost: OpenCost reads from Prometheus what pods use: add "prometheus" to observability.metrics, or leave cost empty`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
