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
	config := write("pipeline.json", `{"version": 1, "pipeline": "p", "spec": "x", "datasets": {"b": {"kind": "bucket", "bucket": "artifacts", "prefix": "t", "columns": {"x": {"type": "integer", "max": 1}}}}}`)
	fetch := func() (string, error) {
		return run("--pipeline", config, "--fetch", "b="+filepath.Join(dir, "run/mlops-data/b"))
	}
	t.Setenv("MLOPS_DATA_ROOT", dir)
	if out, err := fetch(); err == nil || !strings.Contains(out, "copy the data into bucket artifacts first") {
		t.Errorf("data that is not in the bucket: %v, %s", err, out)
	}
	if err := os.Mkdir(filepath.Join(dir, "t"), 0o750); err != nil {
		t.Fatal(err)
	}
	write("t/a.csv", "x\n1\n")
	if out, err := fetch(); err != nil || !strings.Contains(out, "dataset b: sha256:") || !strings.Contains(out, "has 1 rows, all as declared") {
		t.Errorf("data in the bucket: %v, %s", err, out)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "run/mlops-data/b/a.csv")); err != nil || string(data) != "x\n1\n" {
		t.Errorf("fetched is %q, %v", data, err)
	}
	write("t/a.csv", "x\n2\n")
	if out, err := fetch(); err == nil || !strings.Contains(out, "rejected: b: ") {
		t.Errorf("bad data: %v, %s", err, out)
	}
}

// TestLint_datasets: data that is fetched is checked before the first step, and read
// from the run's folder.
func TestLint_datasets(t *testing.T) {
	for kind, source := range map[string]object{
		"bucket": {"name": "fraud-artifacts", "prefix": "transactions/"},
		"dvc":    {"bucket": "fraud-artifacts", "path": "transactions", "revision": "v1.4"},
		"lakefs": {"endpoint": "https://lakefs.example.com", "repository": "payments", "ref": "main", "path": "transactions/"},
	} {
		files, err := changed(t, func(_ object, c *templatestest.Case) {
			d := c.Object(t, "dataset", "transactions")
			delete(d, "local")
			d[kind] = source
		})
		if err != nil {
			t.Fatal(err)
		}
		realtools.ArgoLint(t, ".", workflows(t, files)...).Accept(t, kind)
		text := ""
		for _, f := range files.Files() {
			text += string(f.Data)
		}
		for _, want := range []string{"--fetch", "/mlops-data/transactions"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s", kind, want)
			}
		}
	}
}
