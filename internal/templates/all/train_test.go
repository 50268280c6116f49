package all_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// way is how somebody runs the README's example, without a cluster.
type way struct {
	choices map[string]any // of the platform
	run     func(t *testing.T, dir string, env []string) realtools.Result
}

// ways are the systems that run a whole repository on one machine. Each trains the very
// same model.
var ways = map[string]way{
	"dvc": {nil, func(t *testing.T, dir string, env []string) realtools.Result {
		return realtools.Run(t, "dvc", dir, env, "make", "STAMP=.stamp", "train-train")
	}},
	"dagster": {map[string]any{"orchestrator": "dagster"}, func(t *testing.T, dir string, env []string) realtools.Result {
		home := filepath.Join(dir, ".mlops", "dagster")
		if err := os.MkdirAll(home, 0o750); err != nil {
			t.Fatal(err)
		}
		return realtools.Run(t, "dagster", dir, append(env, "DAGSTER_HOME="+home), realtools.Script(t, "dagster", "dagster"), "job", "execute", "-f", "definitions.py", "-j", "train")
	}},
	"airflow": {map[string]any{"orchestrator": "airflow"}, func(t *testing.T, dir string, env []string) realtools.Result {
		home := filepath.Join(dir, ".mlops", "airflow")
		env = append(env, "AIRFLOW_HOME="+home, "AIRFLOW__CORE__DAGS_FOLDER="+filepath.Join(dir, "pipelines"), "AIRFLOW__CORE__LOAD_EXAMPLES=False", "PYTHONPATH="+dir)
		airflow := realtools.Script(t, "airflow", "airflow")
		for _, args := range [][]string{{"db", "migrate"}, {"dags", "reserialize"}} {
			if res := realtools.Run(t, "airflow", dir, env, airflow, args...); res.Err != nil {
				return res
			}
		}
		return realtools.Run(t, "airflow", dir, env, airflow, "dags", "test", "fraud.train")
	}},
	"prefect": {map[string]any{"orchestrator": "prefect"}, func(t *testing.T, dir string, env []string) realtools.Result {
		env = append(env, "PREFECT_HOME="+t.TempDir(), "DO_NOT_TRACK=1", "PREFECT_SERVER_ANALYTICS_ENABLED=false")
		return realtools.Run(t, "prefect", dir, env, realtools.Python(t, "prefect"), "-c", "from prefect.flows import load_flow_from_entrypoint as load; load('pipelines/train/flow.py:pipeline')()")
	}},
	"gitlab": {map[string]any{"ci": "gitlab_ci"}, func(t *testing.T, dir string, env []string) realtools.Result {
		return realtools.GitLabCILocal(t, dir, append(env, "MAKEFLAGS=STAMP=.stamp"), "--variable", "CI_PIPELINE_SOURCE=web", "--variable", "TRAIN=train", "train-train")
	}},
}

// TestTraining trains the seed example in every way, into one real MLflow: all reach the
// same version with the same metrics, and all reject noise.
func TestTraining(t *testing.T) {
	t.Parallel()
	uri := realtools.MLflow(t)
	first, from := "", ""
	for _, name := range append([]string{"dvc"}, others(ways, "dvc")...) {
		w := ways[name]
		dir := laptop(t, w.choices)
		env := []string{"MLFLOW_TRACKING_URI=" + uri, "MLOPS_EXECUTION=local", "PYTHONDONTWRITEBYTECODE=1", "DVC_NO_ANALYTICS=1", "DVC_SITE_CACHE_DIR=" + t.TempDir()}
		w.run(t, dir, env).Accept(t, name+" trains")
		got := challenger(t, uri)
		if first == "" {
			first, from = got, name
			if !strings.Contains(got, `"version": "1"`) || !strings.Contains(got, `"auc_roc": 0.98`) {
				t.Fatalf("%s registered %s", name, got)
			}
		}
		if got != first {
			t.Errorf("%s registered %s, and %s %s", name, got, from, first)
		}
		noise(t, filepath.Join(dir, "data", "transactions.csv"))
		w.run(t, dir, env).Refuse(t, name+" on noise", "auc_roc")
		if got := challenger(t, uri); got != first {
			t.Errorf("%s on noise changed the registry: %s", name, got)
		}
	}
}

func others(ways map[string]way, but string) (names []string) {
	for name := range ways {
		if name != but {
			names = append(names, name)
		}
	}
	return names
}

// laptop is a clone of the repository of the README's example, prepared as `make setup`
// prepares it.
func laptop(t *testing.T, choices map[string]any) string {
	t.Helper()
	c := templatestest.Quickstart(t)
	for key, value := range choices {
		c.Specs[0][key] = value
	}
	dir := checkout(t, render(t, c))
	python := realtools.Python(t, "train")
	if err := os.Symlink(filepath.Dir(filepath.Dir(python)), filepath.Join(dir, ".venv")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{python, "-m", "fraud.example_data", "data/transactions.csv"},
		{"git", "init", "-q", "-b", "main"}, {"git", "add", "-A"}, {"git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"},
		{"git", "remote", "add", "origin", "https://git.example.com/acme/fraud-gitops.git"}, {"git", "update-ref", "refs/remotes/origin/main", "HEAD"}, {"git", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"},
		{"touch", ".stamp"},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PYTHONPATH=src:.", "PYTHONDONTWRITEBYTECODE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// challenger is what the registry holds: the version, its metrics and parameters.
func challenger(t *testing.T, uri string) string {
	t.Helper()
	const program = `
import json
from mlflow import MlflowClient
c = MlflowClient()
v = c.get_model_version_by_alias("fraud-detector", "challenger")
r = c.get_run(v.run_id)
n = len(c.search_model_versions("name = 'fraud-detector'"))
print(json.dumps({"version": v.version, "versions": n, "metrics": r.data.metrics, "parameters": r.data.params, "digest": v.tags["mlops.digest"] != ""}, sort_keys=True))
`
	cmd := exec.CommandContext(t.Context(), realtools.Python(t, "train"), "-c", program)
	cmd.Env = append(os.Environ(), "MLFLOW_TRACKING_URI="+uri)
	out, err := cmd.Output()
	if err != nil || !json.Valid(out) {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// noise replaces the labels by others that have nothing to do with the data.
func noise(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	label := -1
	for i, name := range strings.Split(lines[0], ",") {
		if name == "label" {
			label = i
		}
	}
	state := uint32(7)
	for i := 1; i < len(lines); i++ {
		cells := strings.Split(lines[i], ",")
		state = state*1664525 + 1013904223
		cells[label] = fmt.Sprint(state >> 31)
		lines[i] = strings.Join(cells, ",")
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
