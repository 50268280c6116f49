package argoworkflows

import (
	"os"
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

// TestWorkspace runs the program of the first task with the programs it imports: folders,
// versions as a whole and one by one, columns.
func TestWorkspace(t *testing.T) {
	dir := realtools.WriteFiles(t, map[string]string{
		"data.csv": "x\n1\n", "t/a.csv": "x\n1\n",
		"pipeline.json": `{"version": 1, "pipeline": "p", "spec": "x", "datasets": {"d": {"kind": "local", "path": "data.csv"},
			"b": {"kind": "bucket", "bucket": "artifacts", "prefix": "t", "columns": {"x": {"type": "integer", "max": 1}}}}}`,
	})
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	run := func(args ...string) realtools.Result {
		args = append([]string{"-c", workspaceProgram, "--run", in("run"), "--split", dir}, args...)
		return realtools.Run(t, "python", dir, []string{"PYTHONPATH=" + programsFolder(t), "PYTHONDONTWRITEBYTECODE=1", "MLOPS_DATA_ROOT=" + dir}, realtools.Python(t, "lint"), args...)
	}
	run("--folder", "a", "--folder", "b").Accept(t, "folders alone")
	for _, folder := range []string{"a", "b"} {
		if info, err := os.Stat(in("run", folder)); err != nil || !info.IsDir() {
			t.Errorf("folder %s was not made: %v", folder, err)
		}
	}
	versions := in("run", "mlops-data", "mlops_versions.json")
	fetch := func() realtools.Result {
		return run("--versions", versions, "--", "--pipeline", in("pipeline.json"), "--output", "b="+in("run", "mlops-data", "b"), "--output", "d="+in("run", "mlops-data", "d"), "--versions", versions, "--link")
	}
	fetch().Accept(t, "data of two kinds")
	const want = "sha256:daff832f802000e645771a60983c76c963f6ee602a6230e45237bd360e91cc1a"
	if version := readFile(t, in("d")); version != want {
		t.Errorf("version is %q, want %s", version, want)
	}
	if all := readFile(t, versions); !strings.Contains(all, `"b": "sha256:`) || !strings.Contains(all, `"d": "`+want+`"`) {
		t.Errorf("versions are %s", all)
	}
	if data := readFile(t, in("run", "mlops-data", "b", "a.csv")); data != "x\n1\n" {
		t.Errorf("fetched is %q", data)
	}
	if err := os.WriteFile(in("t", "a.csv"), []byte("x\n2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fetch().Refuse(t, "bad data", "rejected: b: ")
	if err := os.Remove(in("data.csv")); err != nil {
		t.Fatal(err)
	}
	fetch().Refuse(t, "a dataset that is not there", "put the data there first")
}

func programsFolder(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../promotion/programs")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestLint_datasets: data of every kind is fetched and checked before the first step, and
// read from the run's folder.
func TestLint_datasets(t *testing.T) {
	for kind, source := range map[string]object{
		"local":  {"path": "data/transactions.csv"},
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
		const at = "/mnt/fraud-artifacts/runs/train/{{workflow.name}}/mlops-data/"
		text := file(t, files, "pipelines/train/workflowtemplate.yaml")
		for _, want := range []string{"- transactions=" + at + "transactions\n", "--data-versions\"\n          - " + at + "mlops_versions.json", "inputs.parameters['data-transactions']", "- " + at + "transactions\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s", kind, want)
			}
		}
	}
}

// TestLint_trackers: what talks to a tracker that is not MLflow has its variables and the
// image with its client.
func TestLint_trackers(t *testing.T) {
	files, err := changed(t, func(_ object, c *templatestest.Case) {
		r := c.Object(t, "model_registry", "main")
		delete(r, "mlflow")
		r["type"], r["weights_and_biases"] = "weights_and_biases", object{"entity": "acme", "project": "fraud"}
		r["credentials"] = object{"secret": "wandb", "keys": object{"WANDB_API_KEY": "api_key"}}
		c.Specs = append(c.Specs, object{"kind": "secret", "platform": "fraud", "name": "wandb", "existing": "wandb-key"})
	})
	if err != nil {
		t.Fatal(err)
	}
	realtools.ArgoLint(t, ".", workflows(t, files)...).Accept(t, "weights and biases")
	text := file(t, files, "pipelines/train/workflowtemplate.yaml")
	_, register, _ := strings.Cut(text, "- name: register\n      inputs:")
	for _, want := range []string{"ghcr.io/acme/trainer@sha256:", "name: WANDB_API_KEY\n            valueFrom:\n              secretKeyRef:\n                name: wandb-key", "name: WANDB_ENTITY\n            value: acme"} {
		if !strings.Contains(register, want) {
			t.Errorf("register has no %q:\n%s", want, register)
		}
	}
}

func file(t *testing.T, files *tree.Tree, path string) string {
	t.Helper()
	for _, f := range files.Files() {
		if f.Path == path {
			return string(f.Data)
		}
	}
	t.Fatalf("%s is not there", path)
	return ""
}
