package mlflow

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	// Every setting of a managed registry is refused or fixed: TestExisting shows it.
	templatestest.Run(t, Target{}, templatestest.Options{})
}

func TestExisting(t *testing.T) {
	for _, c := range []struct {
		mlflow map[string]any
		files  int
		fault  string
	}{
		{map[string]any{"managed": true}, 1, ""},
		{map[string]any{"tracking_uri": "https://mlflow.example.com"}, 0, ""},
		{map[string]any{"managed": true, "tracking_uri": "https://mlflow.example.com"}, 0, `model_registry "main": mlflow.tracking_uri: "https://mlflow.example.com": the MLflow server that the repository deploys answers at http://mlflow.mlflow:5000`},
	} {
		project := templatestest.Quickstart(t)
		for _, s := range project.Specs {
			if s["kind"] == "model_registry" {
				s["mlflow"] = c.mlflow
			}
		}
		p, faults := project.Link()
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		files, err := Target{}.Render(p)
		if len(files) != c.files || (err == nil) != (c.fault == "") || (err != nil && !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%v: %d files, %v; want %d, %q", c.mlflow, len(files), err, c.files, c.fault)
		}
	}
}
