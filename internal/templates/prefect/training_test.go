package prefect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// noisy is data that no model learns well enough from.
const noisy = `
import sys
import pandas as pd
from sklearn.datasets import make_classification
x, y = make_classification(n_samples=2000, n_features=20, n_informative=4, class_sep=0.6, flip_y=0.2, random_state=7)
table = pd.DataFrame(x, columns=[f"x{i}" for i in range(20)])
table["label"] = y
table.to_csv(sys.argv[1], index=False)
`

// versions lists what the registry has; its client takes longer to import than to ask.
const versions = `
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("""
select v.version, t.value, m.value from model_versions v
join model_version_tags t on t.name = v.name and t.version = v.version and t.key = 'pipeline_run_id'
join latest_metrics m on m.run_uuid = v.run_id and m.key = 'auc_roc' where v.name = 'fraud-detector'""")
print(json.dumps([[str(cell) for cell in row] for row in rows]))
`

// train runs a program where the training's packages are.
func (s *server) train(t *testing.T, args ...string) string {
	t.Helper()
	res := realtools.Run(t, "python", s.checkout, append(s.env, "PYTHONPATH=src"), realtools.Python(t, "train"), args...)
	res.Accept(t, args[0])
	return strings.TrimSpace(res.Stdout)
}

// training trains the README's example for real: once on data that it learns from, as
// DVC does it, and once on noise.
func (s *server) training(t *testing.T) {
	data := filepath.Join(s.data, "data", "transactions.csv")
	s.train(t, "-m", "fraud.example_data", data)
	run := s.started(t, "train")
	if state := s.ended(t, run); state["type"] != "COMPLETED" {
		t.Fatalf("the run ended as %v:\n%s", state, s.log(t, run))
	}
	measured := auc(t, s.output(t, "train/"+run+"/train/metrics.json"))
	if measured < 0.98972 || measured > 0.98974 {
		t.Errorf("the area under the curve is %v", measured)
	}
	if again := s.repro(t, data); again != measured {
		t.Errorf("DVC measures %v, Prefect %v", again, measured)
	}
	var registered [][3]string
	registry := func() {
		t.Helper()
		if err := json.Unmarshal([]byte(s.train(t, "-c", versions, s.registry)), &registered); err != nil {
			t.Fatal(err)
		}
	}
	if registry(); len(registered) != 1 || registered[0] != [3]string{"1", run, fmt.Sprint(measured)} {
		t.Errorf("the registry has %v", registered)
	}
	s.train(t, "-c", noisy, data)
	res := s.start(t, "train", "--wait")
	res.Refuse(t, "a run on noise", "gate: exit code 3")
	_, id, _ := strings.Cut(res.Stdout, "run: ")
	run, _, _ = strings.Cut(id, "\n")
	if state := s.ended(t, run); state["type"] != "FAILED" || !strings.Contains(s.log(t, run), "must be >= 0.92") {
		t.Errorf("the run ended as %v:\n%s", state, s.log(t, run))
	}
	if registry(); len(registered) != 1 {
		t.Errorf("the registry has %v", registered)
	}
}

func auc(t *testing.T, metrics string) float64 {
	t.Helper()
	var read map[string]float64
	if err := json.Unmarshal([]byte(metrics), &read); err != nil {
		t.Fatal(err)
	}
	return read["auc_roc"]
}

// repro trains with DVC in the repository, and gives what it measures.
func (s *server) repro(t *testing.T, data string) float64 {
	t.Helper()
	text, err := os.ReadFile(data)
	if err == nil {
		err = os.MkdirAll(filepath.Join(s.checkout, "data"), 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(s.checkout, "data", "transactions.csv"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	env := append(s.env, "MLOPS_DATA_ROOT=.", "PYTHONPATH=src:.", "DVC_NO_ANALYTICS=1", "DVC_SITE_CACHE_DIR="+t.TempDir())
	realtools.Run(t, "dvc", s.checkout, env, realtools.Script(t, "train", "dvc"), "repro", "pipelines/train/dvc.yaml:train").Accept(t, "dvc repro")
	metrics, err := filepath.Glob(filepath.Join(s.checkout, "runs/train/train/metrics*"))
	if err != nil || len(metrics) != 1 {
		t.Fatalf("metrics are %v, %v", metrics, err)
	}
	text, err = os.ReadFile(metrics[0])
	if err != nil {
		t.Fatal(err)
	}
	return auc(t, string(text))
}

// later registers a repository that has lost a schedule, a limit and three pipelines.
func (s *server) later(t *testing.T, c *templatestest.Case) {
	var left []map[string]any
	for _, of := range c.Specs {
		switch {
		case of["kind"] != "pipeline":
			left = append(left, of)
		case of["name"] == "train":
			of["concurrency"] = "allow"
			delete(at(of, "triggers"), "schedule")
			left = append(left, of)
		}
	}
	c.Specs = left
	s.commit(t, repository(t, c))
	res := s.python(t, "-m", "mlops.deploy_prefect")
	res.Accept(t, "the deployments")
	if !strings.Contains(res.Stdout, "removed: pipelines/diamond/flow.py:pipeline\n") {
		t.Errorf("nothing is said of what is removed:\n%s", res.Out)
	}
	train := s.read(t, "deployments/name/train/fraud")
	if schedules, _ := train["schedules"].([]any); len(schedules) != 0 || train["global_concurrency_limit"] != nil {
		t.Errorf("schedules are %v, the limit %v", train["schedules"], train["global_concurrency_limit"])
	}
	for _, name := range []string{"diamond", "hostile", "slow"} {
		if code := s.ask(t, http.MethodGet, "deployments/name/"+name+"/fraud", nil, nil); code != http.StatusNotFound {
			t.Errorf("deployment %s: status %d", name, code)
		}
	}
}

// monorepo runs the pull steps of a repository that is a folder of a larger one.
func (s *server) monorepo(t *testing.T) {
	c := changed(t, nil)
	c.Repository.Path = "teams/fraud"
	texts := textsOf(t, linked(t, c))
	below := map[string]string{}
	for path, text := range texts {
		below["teams/fraud/"+path] = text
	}
	other := &server{checkout: t.TempDir()}
	other.commit(t, below)
	env := append(slices.Clone(s.env), "GIT_CONFIG_KEY_0=url.file://"+other.checkout+".insteadOf")
	dir := realtools.WriteFiles(t, map[string]string{"prefect.yaml": texts["prefect.yaml"]})
	res := realtools.Run(t, "prefect", dir, env, realtools.Python(t, "prefect"), "-c", `
import asyncio, os, yaml
start = os.getcwd()
from prefect.deployments.steps.core import run_steps
asyncio.run(run_steps(yaml.safe_load(open("prefect.yaml"))["pull"], print_function=lambda *_: None))
print(os.path.relpath(os.getcwd(), start), os.path.exists("pipelines/train/flow.py"))
`)
	res.Accept(t, "the pull steps")
	if !strings.HasSuffix(res.Stdout, "fraud-gitops-main/teams/fraud True\n") {
		t.Errorf("a run begins in %s", res.Out)
	}
}
