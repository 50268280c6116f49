package all_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion/gatetest"
)

// gateLines take the gate's command line from what is emitted. METRICS, CONFIG and VERDICT
// stand for the paths that the system fills in. Airflow, Prefect, Kubeflow Pipelines and
// Vertex AI have the same test in their own packages, through their own readers.
var gateLines = map[string]func(t *testing.T, dir string) []string{
	"dagster": func(t *testing.T, dir string) []string {
		return lines(t, dir, realtools.Python(t, "dagster"), `
import json, definitions
from mlops.execution import Run, argv, here
p = definitions.load("train").PIPELINE
run = Run("train", "r")
base = here(run).task(run, "")
print(json.dumps([a.replace(base + "train/metrics.json", "METRICS").replace(base + "gate/verdict.json", "VERDICT").replace("pipelines/train/pipeline.json", "CONFIG") for a in argv(p.tasks["gate"], run, here(run), p.tasks)]))`)
	},
	"sagemaker_pipelines": func(t *testing.T, dir string) []string {
		return lines(t, dir, realtools.Python(t, "lint"), `
import json
[s] = [s for s in json.load(open("pipelines/train/definition.json"))["Steps"] if s["Name"] == "gate"]
app = s["Arguments"]["AppSpecification"]
names = {"/opt/ml/processing/input/metrics/metrics.json": "METRICS", "/opt/ml/processing/output/verdict/verdict.json": "VERDICT", "/opt/ml/processing/input/mlops-code/pipelines/train/pipeline.json": "CONFIG"}
print(json.dumps([names.get(a, a) for a in app["ContainerEntrypoint"] + app["ContainerArguments"]]))`)
	},
	"azureml_pipelines": func(t *testing.T, dir string) []string {
		return lines(t, dir, realtools.Python(t, "lint"), `
import json, shlex, yaml
words = shlex.split(yaml.safe_load(open("pipelines/train/azureml/components/gate.yml"))["command"])
assert words[0] == "env" and "PYTHONPATH=." in words, words
names = {"${{inputs.in_metrics}}/metrics.json": "METRICS", "${{outputs.out_verdict}}/verdict.json": "VERDICT", "pipelines/train/pipeline.json": "CONFIG"}
print(json.dumps([names.get(a, a) for a in words[words.index("python"):]]))`)
	},
	"argo_workflows": func(t *testing.T, dir string) []string {
		data, err := os.ReadFile(filepath.Join(dir, "pipelines/train/workflowtemplate.yaml"))
		var workflow struct {
			Spec struct {
				Templates []struct {
					Name      string
					Container struct{ Command, Args []string }
				}
			}
		}
		if err == nil {
			err = yaml.Unmarshal(data, &workflow)
		}
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, template := range workflow.Spec.Templates {
			if template.Name == "gate" {
				out = append(template.Container.Command, template.Container.Args...)
			}
		}
		for i, arg := range out {
			switch {
			case arg == "{{inputs.parameters.from-train}}/metrics.json":
				out[i] = "METRICS"
			case strings.HasSuffix(arg, "/pipeline.json"):
				out[i] = "CONFIG"
			case strings.HasSuffix(arg, "/verdict.json"):
				out[i] = "VERDICT"
			}
		}
		return out
	},
	"make": func(t *testing.T, dir string) []string {
		data, err := os.ReadFile(filepath.Join(dir, "Makefile"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if _, command, found := strings.Cut(line, "$(BIN)/python -m mlops.gate "); found {
				r := strings.NewReplacer("pipelines/train/pipeline.json", "CONFIG", "runs/train/train/metrics.json", "METRICS", "runs/train/gate/verdict.json", "VERDICT", "runs/train/verdict.json", "VERDICT")
				return append([]string{"python", "-m", "mlops.gate"}, strings.Fields(r.Replace(command))...)
			}
		}
		return nil
	},
}

// lines runs a program that prints a list of texts as JSON.
func lines(t *testing.T, dir, python, program string) (out []string) {
	t.Helper()
	res := realtools.Run(t, "python", dir, []string{"PYTHONDONTWRITEBYTECODE=1", "MLOPS_EXECUTION=local", "DAGSTER_HOME=" + t.TempDir()}, python, "-c", program)
	if err := json.Unmarshal([]byte(res.Stdout), &out); err != nil {
		t.Fatalf("%v:\n%s", err, res.Out)
	}
	return out
}

// judge runs the gate once for each row, in one process.
const judge = `
import contextlib, io, json, sys
from mlops import gate
out = []
for argv in json.load(open(sys.argv[1])):
    assert argv[:3] == ["python", "-m", "mlops.gate"], argv
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = gate.main(argv[3:])
    out.append({"Exit": code, "Said": said.getvalue()})
print(json.dumps(out))
`

// TestGate holds the gate of every orchestrator against one table of metric files.
func TestGate(t *testing.T) {
	t.Parallel()
	rows, err := gatetest.Offline()
	if err != nil || len(rows) < 40 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for name, take := range gateLines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			orchestrator := name
			if name == "make" {
				orchestrator = "argo_workflows"
			}
			dir := checkout(t, render(t, onto(t, orchestrator)))
			line := take(t, dir)
			if len(line) == 0 {
				t.Fatal("there is no gate")
			}
			got := judged(t, dir, line, rows)
			for i, row := range rows {
				if err := row.Check(got[i].Exit, got[i].Said); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

type outcomeOfGate struct {
	Exit int
	Said string
}

func judged(t *testing.T, dir string, line []string, rows []gatetest.Case) (got []outcomeOfGate) {
	t.Helper()
	pipeline, err := os.ReadFile(filepath.Join(dir, "pipelines/train/pipeline.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for _, row := range rows {
		folder := t.TempDir()
		metrics, err := row.Write(folder)
		if err != nil {
			t.Fatal(err)
		}
		config := filepath.Join(folder, "pipeline.json")
		changed, err := gatetest.WithGates(pipeline, row.Gates)
		if err == nil {
			err = os.WriteFile(config, changed, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		paths := map[string]string{"METRICS": metrics, "CONFIG": config, "VERDICT": filepath.Join(folder, "verdict.json")}
		var argv []string
		used := 0
		for _, arg := range line {
			if path, there := paths[arg]; there {
				arg = path
				used++
			}
			argv = append(argv, arg)
		}
		if used != len(paths) {
			t.Fatalf("the gate's command line lacks a path: %v", line)
		}
		all = append(all, argv)
	}
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rows.json")
	if err := os.WriteFile(file, in, 0o600); err != nil {
		t.Fatal(err)
	}
	res := realtools.Run(t, "gate", dir, []string{"PYTHONDONTWRITEBYTECODE=1"}, realtools.Python(t, "train"), "-c", judge, file)
	if err := json.Unmarshal([]byte(res.Stdout), &got); err != nil || len(got) != len(rows) {
		t.Fatalf("%d of %d rows: %v\n%s", len(got), len(rows), err, res.Out)
	}
	return got
}
