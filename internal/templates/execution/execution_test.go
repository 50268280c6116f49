package execution

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// project is the README's example on an orchestrator that uses the module.
func project(t *testing.T, change func(c *templatestest.Case)) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["orchestrator"] = "airflow"
	if change != nil {
		change(c)
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTarget(t *testing.T) {
	files, err := Target{}.Render(project(t, nil))
	if err != nil || len(files) != 1 || files[0].Path != "mlops/execution.py" {
		t.Errorf("files are %v, %v", files, err)
	}
	files, err = Target{}.Render(project(t, func(c *templatestest.Case) { c.Specs[0]["orchestrator"] = "argo_workflows" }))
	if err != nil || files != nil {
		t.Errorf("nobody needs the module, but files are %v, %v", files, err)
	}
}

// folder writes the module and a program that defines the tasks of the pipeline.
func folder(t *testing.T, p *spec.Project) string {
	t.Helper()
	pl := p.Pipelines[0]
	tasks, err := Tasks(p, taskgraph.Of(p, pl), "    ")
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := Cluster(p, pl)
	if err != nil {
		t.Fatal(err)
	}
	return realtools.WriteFiles(t, map[string]string{
		"mlops/__init__.py":  "",
		"mlops/execution.py": string(module),
		"tasks.py": "from mlops.execution import Cluster, Task\n\nCLUSTER = " + cluster +
			"\n\nTASKS = {\n" + tasks + "}\n",
		"src/x.py": "",
	})
}

// TestHostile reads every text back through the very literals and tokens that a run reads.
func TestHostile(t *testing.T) {
	var args []any
	for _, text := range templatestest.HostileTexts {
		args = append(args, strings.ReplaceAll(text, "$(", "$$("))
	}
	dir := folder(t, project(t, func(c *templatestest.Case) {
		for _, object := range c.Specs {
			if object["kind"] == "pipeline" {
				object["steps"].(map[string]any)["prepare"].(map[string]any)["args"] = args
			}
		}
	}))
	const program = `
import json, sys
from tasks import CLUSTER, TASKS
from mlops.execution import Run, argv, here, pod
run = Run("train", "r")
print(json.dumps([argv(TASKS["prepare"], run, here(run), TASKS), pod(TASKS["prepare"], run, CLUSTER, TASKS)["containers"][0]["command"]]))
`
	res := realtools.Run(t, "python", dir, nil, realtools.Python(t, "lint"), "-c", program)
	res.Accept(t, "argv")
	var got [2][]string
	if err := json.Unmarshal([]byte(res.Stdout), &got); err != nil {
		t.Fatal(err, res.Out)
	}
	for i, text := range templatestest.HostileTexts {
		if got[0][i+3] != text {
			t.Errorf("argument %q came back as %q", text, got[0][i+3])
		}
		if want := strings.ReplaceAll(text, "$", "$$"); got[1][i+3] != want {
			t.Errorf("in a pod, argument %q is %q, want %q", text, got[1][i+3], want)
		}
	}
}

// TestModule runs the tests of the module itself.
func TestModule(t *testing.T) {
	dir := folder(t, project(t, nil))
	text, err := os.ReadFile(filepath.Join("testdata", "test_execution.py"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "test_execution.py"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := os.ReadFile("../repository/pyproject.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	realtools.Run(t, "pytest", dir, []string{"PYTHONDONTWRITEBYTECODE=1"}, realtools.Python(t, "train"), "-m", "pytest", "-q", "-p", "no:cacheprovider", ".").Accept(t, "the module")
	realtools.Run(t, "ruff", dir, nil, realtools.Script(t, "lint", "ruff"), "check", "mlops").Accept(t, "the module")
	realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "the module")
}

// TestPod asks Kubernetes what it says to the pods.
func TestPod(t *testing.T) {
	dir := folder(t, project(t, nil))
	const program = `
import json
from tasks import CLUSTER, TASKS
from mlops.execution import Run, pod
run = Run("train", "manual__2026-01-02T03:04:05+00:00", {"learning_rate": "0.05"}, "https://x.example/y")
items = [
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": CLUSTER.namespace}, "spec": pod(task, run, CLUSTER, TASKS)}
    for name, task in TASKS.items()
]
print("---\n".join(json.dumps(item) + "\n" for item in items))
`
	res := realtools.Run(t, "python", dir, nil, realtools.Python(t, "lint"), "-c", program)
	res.Accept(t, "pods")
	pods := filepath.Join(dir, "pods.yaml")
	if err := os.WriteFile(pods, []byte(res.Stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	realtools.KubeValidate(t, pods).Accept(t, "pods")
}
