package argoworkflows

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// TestLint runs Argo's own lint, strict, on the full case and on hostile text.
func TestLint(t *testing.T) {
	lint := func(t *testing.T, change func(object)) (string, error) {
		t.Helper()
		files, err := changed(t, func(pl object, _ *templatestest.Case) { change(pl) })
		if err != nil {
			t.Fatal(err)
		}
		res := realtools.ArgoLint(t, ".", workflows(t, files)...)
		return res.Out, res.Err
	}
	t.Run("full", func(t *testing.T) {
		if out, err := lint(t, func(object) {}); err != nil {
			t.Error(out)
		}
	})
	t.Run("hostile", func(t *testing.T) {
		out, err := lint(t, func(pl object) {
			var args []any
			for _, text := range templatestest.HostileTexts {
				args = append(args, strings.ReplaceAll(text, "$(", "$$("))
			}
			at(pl, "steps", "train")["args"] = args
			at(pl, "steps", "train", "env")["TEXT"] = "{{inputs.parameters.none}} $(params.tag){"
		})
		if err != nil {
			t.Error(out)
		}
	})
}

// workflows writes the files that the lint reads.
func workflows(t *testing.T, files *tree.Tree) []string {
	t.Helper()
	var paths []string
	for _, f := range files.Files() {
		if base := filepath.Base(f.Path); base == "workflowtemplate.yaml" || base == "cronworkflow.yaml" {
			path := filepath.Join(t.TempDir(), base)
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		t.Fatal("there is no workflow")
	}
	return paths
}

// TestWorkspace runs the program of the first step with the programs it imports.
func TestWorkspace(t *testing.T) {
	python := realtools.Python(t, "lint")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), python, append([]string{"-c", workspaceProgram, "--run", filepath.Join(dir, "run"), "--versions", dir}, args...)...)
		cmd.Env = append(os.Environ(), "PYTHONPATH=../promotion/programs", "PYTHONDONTWRITEBYTECODE=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("--folder", "a", "--folder", "b", "--dataset", "d="+write("data.csv", "x\n1\n")); err != nil {
		t.Fatal(out)
	}
	for _, folder := range []string{"a", "b"} {
		if info, err := os.Stat(filepath.Join(dir, "run", folder)); err != nil || !info.IsDir() {
			t.Errorf("folder %s was not made: %v", folder, err)
		}
	}
	version, err := os.ReadFile(filepath.Join(dir, "d"))
	const want = "sha256:daff832f802000e645771a60983c76c963f6ee602a6230e45237bd360e91cc1a"
	if err != nil || string(version) != want {
		t.Errorf("version is %q, %v; want %s", version, err, want)
	}
	if out, err := run("--dataset", "d="+filepath.Join(dir, "none.csv")); err == nil || !strings.Contains(out, "copy it into the bucket first") {
		t.Errorf("a dataset that is not there: %v, %s", err, out)
	}
}
