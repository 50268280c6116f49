package kubeflow

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
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion/gatetest"
	emitted "github.com/gitops-ml/terraform-provider-mlops/internal/templates/repository"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/starter"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
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
func seed(t *testing.T, change func(pl object), program ...string) *launch {
	t.Helper()
	l := &launch{texts: repository(t, change)}
	l.dir = realtools.WriteFiles(t, l.texts)
	if err := os.MkdirAll(filepath.Join(l.dir, "data"), 0o750); err != nil {
		t.Fatal(err)
	}
	args := append(program, "data/transactions.csv")
	realtools.Run(t, "python", l.dir, []string{"PYTHONPATH=src"}, realtools.Python(t, "train"), args...).Accept(t, "the data")
	return l
}

// direct runs the steps as the laptop's own run of them does: one command after another.
func direct(t *testing.T, dir string) map[string]float64 {
	t.Helper()
	python := realtools.Python(t, "train")
	for _, line := range []string{
		"-m fraud.prepare --data data/transactions.csv --out laptop-features",
		"-m fraud.train --features laptop-features --learning-rate 0.05 --model laptop-model --metrics laptop.json",
	} {
		realtools.Run(t, "python", dir, []string{"PYTHONPATH=src", "MLFLOW_TRACKING_URI=sqlite:///laptop.db"}, python, strings.Fields(line)...).Accept(t, line)
	}
	return metrics(t, filepath.Join(dir, "laptop.json"))
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

// TestSeed trains, gates and registers by the command lines of the file alone.
func TestSeed(t *testing.T) {
	l := seed(t, nil, "-m", "fraud.example_data")
	want := direct(t, l.dir)
	l.run(t, nil)
	for _, task := range []string{"mlops-data", "prepare", "train", "gate", "register"} {
		if l.said[task].Exit != 0 || len(l.said[task].Argv) == 0 {
			t.Fatalf("%s ended with %d: %s", task, l.said[task].Exit, l.said[task].Out)
		}
	}
	got := metrics(t, filepath.Join(l.dir, "run/train/metrics"))
	if math.Abs(got["auc_roc"]-want["auc_roc"]) > 1e-12 || got["auc_roc"] < 0.92 {
		t.Errorf("auc_roc is %v, on the laptop %v", got["auc_roc"], want["auc_roc"])
	}
	if found, _ := filepath.Glob(filepath.Join(l.dir, "models/fraud-detector/1/*")); len(found) == 0 {
		t.Errorf("the model was not copied for serving: %s", l.said["register"].Out)
	}
	result, err := os.ReadFile(filepath.Join(l.dir, "run/register/result"))
	if err != nil || !strings.Contains(string(result), "fraud-detector") {
		t.Errorf("the result is %q: %v", result, err)
	}
}

// TestSeed_rejected: what was trained on noise fails the run and is not registered.
func TestSeed_rejected(t *testing.T) {
	l := seed(t, nil, "-c", noise)
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
	dir := realtools.WriteFiles(t, texts)
	argv := gateLine(t, texts)
	python := realtools.Python(t, "train")
	gatetest.Run(t, func(t *testing.T, metricsFile string, gates json.RawMessage) (int, string) {
		document, err := gatetest.WithGates([]byte(texts["pipelines/train/pipeline.json"]), gates)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "pipelines/train/pipeline.json"), document, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		line := strings.NewReplacer("/opt/mlops", dir, "{{$.inputs.artifacts['metrics'].path}}", metricsFile, "{{$.outputs.artifacts['verdict'].path}}", filepath.Join(t.TempDir(), "verdict"))
		var args []string
		for _, word := range argv[1:] {
			args = append(args, line.Replace(word))
		}
		cmd := exec.CommandContext(t.Context(), python, args...)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONDONTWRITEBYTECODE=1")
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	})
}

// gateLine is the gate's command line as it stands in the file.
func gateLine(t *testing.T, texts map[string]string) []string {
	t.Helper()
	got := read(t, texts["pipelines/train/pipeline.yaml"])
	var argv []string
	for _, word := range at(t, got.Spec, "deploymentSpec", "executors", "exec-gate", "container", "command").([]any) {
		argv = append(argv, word.(string))
	}
	if len(argv) < 4 || argv[0] != "python" {
		t.Fatalf("the gate's command line is %q", argv)
	}
	return argv
}

// cronProgram prints ten firings of each line "CRON|ZONE|EPOCH", as the controller of
// recurring runs computes them.
const cronProgram = `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/robfig/cron"
)

func main() {
	for s := bufio.NewScanner(os.Stdin); s.Scan(); fmt.Println() {
		f := strings.Split(s.Text(), "|")
		schedule, err := cron.Parse(f[0])
		zone, zoneErr := time.LoadLocation(f[1])
		if err != nil || zoneErr != nil {
			fmt.Print(err, zoneErr)
			continue
		}
		var epoch int64
		fmt.Sscan(f[2], &epoch)
		at := time.Unix(epoch, 0).In(zone)
		for i := 0; i < 10; i++ {
			at = schedule.Next(at)
			fmt.Print(at.Unix(), " ")
		}
	}
}
`

// TestSchedules compares the firings of the library that Kubeflow Pipelines uses,
// robfig/cron v1.2.0, with those of the original.
func TestSchedules(t *testing.T) {
	dir := realtools.WriteFiles(t, map[string]string{
		"main.go": cronProgram, "go.mod": "module firings\n\ngo 1.21\n\nrequire github.com/robfig/cron v1.2.0\n",
		"go.sum": "github.com/robfig/cron v1.2.0 h1:ZjScXvvxeQ63Dbyxy76Fj3AT3Ut0aKsyd2/tl3DTMuQ=\ngithub.com/robfig/cron v1.2.0/go.mod h1:JGuDeoQd7Z6yL4zQhZ3OPEVHB7fL6Ka6skscFHfmt2k=\n",
	})
	var asked, want []string
	for _, s := range templatestest.Schedules {
		for _, begin := range templatestest.ScheduleStarts {
			texts := render(t, project(t, func(pl object) { pl["triggers"] = object{"schedule": object{"cron": s.Cron, "timezone": s.Zone}} }))
			var made struct {
				Trigger struct {
					Cron struct{ Cron string } `json:"cron_schedule"`
				}
			}
			if err := json.Unmarshal([]byte(texts["pipelines/train/recurring_run.json"]), &made); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, fmt.Sprintf("%s|%s|%d", made.Trigger.Cron.Cron, s.Zone, begin.Unix()))
			line := ""
			for _, at := range templatestest.Firings(t, s, begin, 10) {
				line += fmt.Sprint(at) + " "
			}
			want = append(want, line)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off"), strings.NewReader(strings.Join(asked, "\n"))
	out, err := cmd.Output()
	got := strings.Split(string(out), "\n")
	if err != nil || len(got) != len(want)+1 {
		t.Fatalf("%v: %s", err, out)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s fires at %s, want %s", asked[i], got[i], want[i])
		}
	}
}

// TestSchedules_oneZone: a second time zone is refused by name.
func TestSchedules_oneZone(t *testing.T) {
	p := project(t, nil)
	second := *p.Pipelines[0]
	second.Name = "weekly"
	triggers := *second.Triggers
	schedule := *triggers.Schedule
	schedule.Timezone = "UTC"
	triggers.Schedule = &schedule
	second.Triggers = &triggers
	p.Pipelines = append(p.Pipelines, &second)
	_, err := Target{}.Render(p)
	if err == nil || !strings.Contains(err.Error(), `pipeline "weekly": triggers.schedule.timezone: Kubeflow Pipelines reads all schedules of a cluster in one time zone`) {
		t.Errorf("error is %v", err)
	}
}

// TestPrograms checks the emitted Python, and the objects against the API's own models.
func TestPrograms(t *testing.T) {
	texts := render(t, project(t, func(pl object) { diamond(pl) }), starter.Target{}, promotion.Target{}, emitted.Target{})
	dir := realtools.WriteFiles(t, texts)
	realtools.Yamllint(t, dir).Accept(t, "yamllint")
	realtools.Ruff(t, dir).Accept(t, "ruff")
	realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "mypy")
	realtools.Run(t, "kfp api", dir, nil, realtools.Python(t, "kfp"), "-c", `
import json
import kfp_server_api as api
def strict(model, value):
    names = {model.attribute_map[a]: a for a in model.openapi_types}
    assert set(value) <= set(names), set(value) - set(names)
    for key, below in value.items():
        kind = model.openapi_types[names[key]]
        if hasattr(api, kind) and isinstance(below, dict):
            strict(getattr(api, kind), below)
        elif kind in ("str", "bool"):
            assert type(below).__name__ == kind, (key, below)
for name, model in (("run", api.V2beta1Run), ("recurring_run", api.V2beta1RecurringRun)):
    strict(model, json.load(open(f"pipelines/train/{name}.json")))
`).Accept(t, "the API's models")
}
