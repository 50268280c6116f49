package vertex

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion/gatetest"
)

// noise is a table from which nothing can be learned well enough.
const noise = `import sys
from sklearn.datasets import make_classification
x, y = make_classification(n_samples=2000, n_features=20, n_informative=4, class_sep=0.6, flip_y=0.2, random_state=7)
with open(sys.argv[1], "w") as out:
    out.write(",".join([f"f{i}" for i in range(20)] + ["label"]) + "\n")
    for row, label in zip(x, y):
        out.write(",".join([repr(float(v)) for v in row] + [str(label)]) + "\n")
`

// seed is the emitted repository with data in it.
func seed(t *testing.T, program ...string) *launch {
	t.Helper()
	l := &launch{texts: repository(t, nil)}
	l.dir = realtools.WriteFiles(t, l.texts)
	if err := os.MkdirAll(filepath.Join(l.dir, "data"), 0o750); err != nil {
		t.Fatal(err)
	}
	realtools.Run(t, "python", l.dir, []string{"PYTHONPATH=src"}, realtools.Python(t, "train"), append(program, "data/transactions.csv")...).Accept(t, "the data")
	return l
}

func metrics(t *testing.T, path string) map[string]float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	out := map[string]float64{}
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSeed trains, gates and registers by the command lines of the file alone, and
// comes to what the steps come to on a laptop.
func TestSeed(t *testing.T) {
	l := seed(t, "-m", "fraud.example_data")
	for _, line := range []string{
		"-m fraud.prepare --data data/transactions.csv --out laptop-features",
		"-m fraud.train --features laptop-features --learning-rate 0.05 --model laptop-model --metrics laptop.json",
	} {
		realtools.Run(t, "python", l.dir, []string{"PYTHONPATH=src", "MLFLOW_TRACKING_URI=sqlite:///laptop.db"}, realtools.Python(t, "train"), strings.Fields(line)...).Accept(t, line)
	}
	l.run(t, nil)
	for _, task := range []string{"mlops-data", "prepare", "train", "gate", "register"} {
		if l.said[task].Exit != 0 || len(l.said[task].Argv) == 0 {
			t.Fatalf("%s ended with %d: %s", task, l.said[task].Exit, l.said[task].Out)
		}
	}
	got, want := metrics(t, filepath.Join(l.dir, "run/train/metrics")), metrics(t, filepath.Join(l.dir, "laptop.json"))
	if math.Abs(got["auc_roc"]-want["auc_roc"]) > 1e-12 || got["auc_roc"] < 0.92 {
		t.Errorf("auc_roc is %v, on the laptop %v", got["auc_roc"], want["auc_roc"])
	}
	if found, _ := filepath.Glob(filepath.Join(l.dir, "models/fraud-detector/1/*")); len(found) == 0 {
		t.Errorf("the model was not copied for serving: %s", l.said["register"].Out)
	}
	if !strings.Contains(fmt.Sprint(l.said["register"].Argv), "--pipeline-run-id run-uuid") {
		t.Errorf("register is not told the run: %q", l.said["register"].Argv)
	}
}

// TestSeed_rejected: what was trained on noise fails the run and is not registered.
func TestSeed_rejected(t *testing.T) {
	l := seed(t, "-c", noise)
	l.run(t, nil)
	if gate := l.said["gate"]; gate.Exit != 3 || !strings.Contains(gate.Out, "rejected: ") {
		t.Errorf("the gate ended with %d: %s", gate.Exit, gate.Out)
	}
	if register, ran := l.said["register"]; ran {
		t.Errorf("register ran: %v", register)
	}
}

// TestGate runs the conformance table of the gate by the file's own command line.
func TestGate(t *testing.T) {
	texts := repository(t, nil)
	var file struct {
		DeploymentSpec struct {
			Executors map[string]struct{ Container struct{ Command []string } }
		}
	}
	if err := json.Unmarshal([]byte(texts["pipelines/train/vertex_pipeline.json"]), &file); err != nil {
		t.Fatal(err)
	}
	argv := file.DeploymentSpec.Executors["exec-gate"].Container.Command
	dir := realtools.WriteFiles(t, texts)
	python := filepath.Dir(realtools.Python(t, "train"))
	gatetest.Run(t, func(t *testing.T, metricsFile string, gates json.RawMessage) (int, string) {
		document, err := gatetest.WithGates([]byte(texts["pipelines/train/pipeline.json"]), gates)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "pipelines/train/pipeline.json"), document, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		line := strings.NewReplacer("{{$.inputs.parameters['mlops_files']}}", dir, "{{$.inputs.parameters['mlops_run_id']}}", "run",
			"{{$.inputs.artifacts['metrics'].path}}", metricsFile, "{{$.outputs.artifacts['verdict'].path}}", filepath.Join(t.TempDir(), "verdict"))
		var args []string
		for _, word := range argv {
			args = append(args, line.Replace(word))
		}
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "PATH="+python+":"+os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1")
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	})
}

// TestPrograms checks the emitted Python.
func TestPrograms(t *testing.T) {
	texts := repository(t, nil)
	settings, err := os.ReadFile("../repository/pyproject.toml")
	if err != nil {
		t.Fatal(err)
	}
	texts["pyproject.toml"] = string(settings)
	dir := realtools.WriteFiles(t, texts)
	realtools.Ruff(t, dir).Accept(t, "ruff")
	realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "mypy")
}
