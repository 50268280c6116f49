package evidently_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/evidently"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// The emitted tests run with a Python that has Evidently and pytest, on data with and
// without drift: MLOPS_EVIDENTLY_PYTHON names it.
func TestPrograms(t *testing.T) {
	t.Parallel()
	python := os.Getenv("MLOPS_EVIDENTLY_PYTHON")
	if python == "" {
		t.Skip("MLOPS_EVIDENTLY_PYTHON names no Python")
	}
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
	cmd := exec.CommandContext(t.Context(), python, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "PYTHONPATH="+root, "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "skipped") || !strings.Contains(string(out), " passed") {
		t.Errorf("%v\n%s", err, out)
	}
}
