package airflow_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/airflow"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestDump(t *testing.T) {
	c := templatestest.Diamond(t)
	c.Specs[0]["orchestrator"] = "airflow"
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	others := slices.DeleteFunc(all.Targets(), func(target templates.Target) bool { return target.Name() == "airflow" })
	files, err := templates.Render(append(others, airflow.Target{}), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files.Files() {
		path := filepath.Join("/tmp/afrepo", f.Path)
		os.MkdirAll(filepath.Dir(path), 0o755)
		os.WriteFile(path, f.Data, 0o644)
	}
}
