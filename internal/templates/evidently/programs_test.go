package evidently_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/evidently"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// The emitted tests run with a Python that has Evidently and pytest, on data with and
// without drift.
func TestPrograms(t *testing.T) {
	t.Parallel()
	python := realtools.Python(t, "evidently")
	p, faults := templatestest.Quickstart(t).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render([]templates.Target{evidently.Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, f := range files.Files() {
		path := filepath.Join(root, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	res := realtools.Run(t, "evidently", root, []string{"PYTHONPATH=" + root, "PYTHONDONTWRITEBYTECODE=1"}, python, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests")
	res.Accept(t, "the emitted tests of the monitor")
	if strings.Contains(res.Out, "skipped") || !strings.Contains(res.Out, " passed") {
		t.Errorf("not every test ran:\n%s", res.Out)
	}
}
