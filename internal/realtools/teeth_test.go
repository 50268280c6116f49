package realtools_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// files maps paths to texts.
type files = map[string]string

// tooth is one artefact that a tool accepts, and one change to it that the tool must refuse.
type tooth struct {
	good files
	old  string // what the change takes out of every file
	bad  string // what it puts there
	says string // what the tool must say then
	tool func(t *testing.T, dir string) realtools.Result
}

// bite runs the tool on the good artefact and on the bad one.
func bite(t *testing.T, teeth map[string]tooth) {
	t.Helper()
	for name, c := range teeth {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.tool(t, realtools.WriteFiles(t, c.good)).Accept(t, "the good one")
			changed, worse := 0, files{}
			for path, text := range c.good {
				worse[path] = strings.Replace(text, c.old, c.bad, 1)
				if worse[path] != text {
					changed++
				}
			}
			if changed == 0 {
				t.Fatalf("%q stands in no file: the bad one is the good one", c.old)
			}
			c.tool(t, realtools.WriteFiles(t, worse)).Refuse(t, "the bad one", c.says)
		})
	}
}

const workflowTemplate = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: train, namespace: ml}
spec:
  entrypoint: main
  templates:
    - name: main
      dag:
        tasks:
          - {name: prepare, template: step}
          - {name: fit, template: step, depends: prepare.Succeeded}
    - name: step
      container: {image: "python:3.11", command: [python], args: ["{{workflow.name}}"]}
`

const cronWorkflow = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: train, namespace: ml}
spec:
  schedules: ["0 3 * * *"]
  workflowSpec: {workflowTemplateRef: {name: train}}
`

func TestArgoLint(t *testing.T) {
	t.Parallel()
	good := files{"template.yaml": workflowTemplate, "cron.yaml": cronWorkflow}
	lint := func(t *testing.T, dir string) realtools.Result { return realtools.ArgoLint(t, dir, ".") }
	bite(t, map[string]tooth{
		"unknown field":       {good, "entrypoint:", "entryPoint:", "unknown field", lint},
		"unknown task":        {good, "prepare.Succeeded", "prepares.Succeeded", "prepares", lint},
		"unknown template":    {good, "{name: prepare, template: step}", "{name: prepare, template: stop}", "stop", lint},
		"unresolved variable": {good, "{{workflow.name}}", "{{inputs.parameters.rows}}", "failed to resolve", lint},
		"reference to nobody": {good, "workflowTemplateRef: {name: train}", "workflowTemplateRef: {name: trains}", "trains", lint},
		"removed schedule":    {good, `schedules: ["0 3 * * *"]`, `schedule: "0 3 * * *"`, "schedule", lint},
		"wrong cron":          {good, "0 3 * * *", "0 25 * * *", "25", lint},
	})
}

const workflow = `---
name: train
on:
  schedule:
    - cron: "0 3 * * *"
permissions: {}
jobs:
  train:
    runs-on: [self-hosted, gpu]
    timeout-minutes: 30
    env:
      TITLE: ${{ github.event.head_commit.message }}
    steps:
      - run: echo "$TITLE"
`

func TestActionsTools(t *testing.T) {
	t.Parallel()
	good := files{".github/workflows/train.yml": workflow, ".github/actionlint.yaml": "self-hosted-runner:\n  labels: [gpu]\n"}
	schema := func(t *testing.T, dir string) realtools.Result {
		return realtools.CheckJSONSchema(t, dir, "vendor.github-workflows", ".github/workflows/train.yml")
	}
	actionlint := func(t *testing.T, dir string) realtools.Result { return realtools.Actionlint(t, dir) }
	zizmor := func(t *testing.T, dir string) realtools.Result { return realtools.Zizmor(t, dir) }
	bite(t, map[string]tooth{
		"actionlint: wrong cron":       {good, "0 3 * * *", "0 25 * * *", "cron", actionlint},
		"actionlint: unknown label":    {good, "labels: [gpu]", "labels: [cpu]", `label "gpu" is unknown`, actionlint},
		"actionlint: unknown key":      {good, "timeout-minutes", "timeout_minutes", "timeout_minutes", actionlint},
		"actionlint: untrusted input":  {good, `echo "$TITLE"`, "echo ${{ github.event.head_commit.message }}", "untrusted", actionlint},
		"actionlint: unknown job":      {good, "    timeout-minutes: 30", "    timeout-minutes: 30\n    needs: prepare", "prepare", actionlint},
		"zizmor: template injection":   {good, `echo "$TITLE"`, "echo ${{ github.event.head_commit.message }}", "template-injection", zizmor},
		"zizmor: action without a pin": {good, `run: echo "$TITLE"`, "uses: actions/checkout@v7", "unpinned-uses", zizmor},
		"zizmor: dangerous trigger":    {good, "schedule:\n    - cron: \"0 3 * * *\"", "pull_request_target:", "dangerous-triggers", zizmor},
		"schema: unknown key":          {good, "timeout-minutes", "timeout_minutes", "timeout_minutes", schema},
	})
}

func TestTextTools(t *testing.T) {
	t.Parallel()
	yaml, python := files{"a.yaml": "---\na: 1\nb: 2\n"}, files{"p/__init__.py": "", "p/m.py": "import os\n\n\ndef home() -> str:\n    return os.sep\n"}
	yamllint := func(t *testing.T, dir string) realtools.Result { return realtools.Yamllint(t, dir) }
	mypy := func(t *testing.T, dir string) realtools.Result { return realtools.Mypy(t, dir, "lint", "p") }
	ruff := func(t *testing.T, dir string) realtools.Result { return realtools.Ruff(t, dir) }
	bite(t, map[string]tooth{
		"yamllint: key twice":   {yaml, "b: 2", "a: 2", "duplication", yamllint},
		"yamllint: indentation": {yaml, "b: 2", "b:\n   - c:\n     - 1\n", "indentation", yamllint},
		"ruff: unused import":   {python, "import os", "import os\nimport sys", "F401", ruff},
		"mypy: wrong type":      {python, "-> str", "-> int", "Incompatible return value", mypy},
		"mypy: no type":         {python, "() -> str", "()", "no-untyped-def", mypy},
	})
}

const rules = `groups:
  - name: serving
    rules:
      - alert: Slow
        expr: histogram_quantile(0.95, sum by (le) (rate(latency_bucket[5m]))) > 0.5
        for: 5m
        labels: {severity: page}
`

const ruleTests = `rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'latency_bucket{le="0.1"}', values: 0+0x30}
      - {series: 'latency_bucket{le="2"}', values: 0+60x30}
      - {series: 'latency_bucket{le="+Inf"}', values: 0+60x30}
    alert_rule_test:
      - eval_time: 20m
        alertname: Slow
        exp_alerts: [{exp_labels: {severity: page}}]
`

func TestPromtool(t *testing.T) {
	t.Parallel()
	good := files{"rules.yaml": rules, "rules_test.yaml": ruleTests}
	check := func(t *testing.T, dir string) realtools.Result { return realtools.PromtoolRules(t, dir, "rules.yaml") }
	behave := func(t *testing.T, dir string) realtools.Result {
		return realtools.PromtoolTests(t, dir, "rules_test.yaml")
	}
	bite(t, map[string]tooth{
		"check: bad expression":  {good, "sum by (le) (", "sum by (le ", "parse", check},
		"check: unknown field":   {good, "for: 5m", "fro: 5m", "fro", check},
		"check: bad duration":    {good, "for: 5m", "for: 5 minutes", "duration", check},
		"test: does not fire":    {good, "> 0.5", "> 50", "Slow", behave},
		"test: fires too early":  {good, "for: 5m", "for: 25m", "Slow", behave},
		"test: other label then": {good, "        labels: {severity: page}", "        labels: {severity: ticket}", "ticket", behave},
	})
	realtools.PromQL(t, "sum(rate(a[5m])) by (b)").Accept(t, "an expression")
	realtools.PromQL(t, "sum(rate(a[5m]) by (b)").Refuse(t, "an expression without its bracket", "parse")
	realtools.PromQL(t, "rate(a)").Refuse(t, "a function of the wrong type", "range vector")
}

func TestKustomize(t *testing.T) {
	t.Parallel()
	good := files{
		"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
		"a.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n",
		"p.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: w}\n",
	}
	build := func(t *testing.T, dir string) realtools.Result { return realtools.Kustomize(t, dir) }
	bite(t, map[string]tooth{
		"file that is not there": {good, "[a.yaml]", "[b.yaml]", "b.yaml", build},
		"patch without target":   {good, "name: a}\ndata: {k: w", "name: b}\ndata: {k: w", "no matches", build},
		"unknown field":          {good, "resources", "resource", "resource", build},
		"deprecated field":       {good, "patches: [{path: p.yaml}]", "patchesStrategicMerge: [p.yaml]", "deprecated", build},
	})
	if out := realtools.Kustomize(t, realtools.WriteFiles(t, good)).Stdout; !strings.Contains(out, "k: w") {
		t.Errorf("the patch is not in the objects:\n%s", out)
	}
}

func TestDVC(t *testing.T) {
	t.Parallel()
	good := files{
		"params.yaml": "rows: 3\n",
		"dvc.yaml":    "stages:\n  count:\n    cmd: echo 3 > n.txt\n    params: [rows]\n    outs: [n.txt]\n",
	}
	repro := func(t *testing.T, dir string) realtools.Result {
		realtools.DVC(t, dir, "init", "--quiet", "--no-scm").Accept(t, "dvc init")
		return realtools.DVC(t, dir, "repro")
	}
	bite(t, map[string]tooth{
		"unknown key":       {good, "outs:", "out:", "out", repro},
		"missing parameter": {good, "[rows]", "[lines]", "lines", repro},
		"step that fails":   {good, "echo 3 > n.txt", "exit 3", "failed", repro},
	})
}

// TestPython: every environment holds what it is made for, and the drift report tells moved data from data that stayed.
func TestPython(t *testing.T) {
	t.Parallel()
	for env, text := range map[string]string{
		"lint":   "import yaml, ruamel.yaml",
		"train":  "import dvc.api, mlflow, numpy, pandas, pytest, sklearn, skops, yaml",
		"mlflow": "import flask_wtf, mlflow.server, skops, sklearn.ensemble",
		"evidently": `import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
def drifted(shift):
    a = pd.DataFrame({"x": [i / 100 for i in range(500)]})
    result = Report([DataDriftPreset(method="psi")]).run(a + shift, a).dict()
    return next(m["value"]["count"] for m in result["metrics"] if "DriftedColumnsCount" in m["metric_name"])
assert (drifted(0), drifted(3)) == (0, 1), (drifted(0), drifted(3))`,
	} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			realtools.Run(t, "python "+env, t.TempDir(), nil, realtools.Python(t, env), "-c", text).Accept(t, env)
		})
	}
}

func TestKServeValidate(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, dir string) realtools.Result {
		return realtools.KServeValidate(t, filepath.Join(dir, "service.yaml"))
	}
	good := files{"service.yaml": inferenceService}
	bite(t, map[string]tooth{
		"unknown field":        {good, "minReplicas", "minReplica", "minReplica", check},
		"minimum over maximum": {good, "minReplicas: 1", "minReplicas: 4", "'MinReplicas' cannot be greater than MaxReplicas", check},
		"canary in old mode":   {good, "deploymentMode: Standard", "deploymentMode: RawDeployment", "canary is only supported in Standard", check},
		"canary over all":      {good, "trafficPercent: 10", "trafficPercent: 110", "between 0 and 100", check},
		"name is no label":     {good, "name: fraud", "name: Fraud", "Fraud", check},
		"no InferenceService":  {good, "InferenceService", "ServingRuntime", "no InferenceService found", check},
	})
}
