package azureml

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// object is what users write, as a case holds it.
type object = map[string]any

// project is the README's example on Azure, after a change of its pipeline.
func project(t *testing.T, change func(pl object)) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs = slices.DeleteFunc(c.Specs, func(s object) bool { return s["kind"] == "endpoint" })
	c.Specs[0]["cloud"], c.Specs[0]["region"], c.Specs[0]["orchestrator"] = "azure", "westeurope", Orchestrator
	for _, s := range c.Specs {
		if s["kind"] == "pipeline" && change != nil {
			change(s)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// checkout writes what is emitted for Azure ML, and the programs it imports.
func checkout(t *testing.T, p *spec.Project) string {
	t.Helper()
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"pipelines/train/pipeline.json": `{"version": 1, "pipeline": "train", "spec": "x", "concurrency": "forbid", "parameters": {"learning_rate": {"type": "number", "default": "0.05"}}}`}
	for _, f := range files {
		texts[f.Path] = string(f.Data)
	}
	modules, err := filepath.Glob("../promotion/programs/mlops/*.py")
	if err != nil || len(modules) == 0 {
		t.Fatal("no programs", err)
	}
	for _, path := range modules {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts["mlops/"+filepath.Base(path)] = string(data)
	}
	return realtools.WriteFiles(t, texts)
}

const image = "acme.azurecr.io/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// diamond has two outputs of one step, a fan-in of three, parameters of every type whose
// defaults look like others, and texts that template engines would read.
func diamond(pl object) {
	python := func(script string, args ...any) object {
		return object{"command": append([]any{"python3", "-c", script}, args...)}
	}
	const copies = "import sys; out = open(sys.argv[1], 'w'); [out.write(open(p).read() + '|') for p in sys.argv[2:]]"
	with := func(o object, key string, v any, more ...any) object {
		o[key] = v
		for i := 0; i < len(more); i += 2 {
			o[fmt.Sprint(more[i])] = more[i+1]
		}
		return o
	}
	pl["trains"], pl["image"] = nil, image
	pl["parameters"] = object{
		"text": object{"type": "string", "default": "0.10"}, "yes": object{"type": "string", "default": "yes"},
		"rate": object{"type": "number", "default": json.Number("1e-3")}, "rounds": object{"type": "integer", "default": json.Number("200")}, "fast": object{"type": "boolean", "default": false},
	}
	pl["steps"] = object{
		"prepare": with(python("import sys; [open(p, 'w').write(' '.join(sys.argv[3:])) for p in sys.argv[1:3]]",
			"$(outputs.one)", "$(outputs.two)", "$(params.text)", "$(params.yes)", "$(params.rate)", "$(params.rounds)", "$(params.fast)"), "outputs", []any{"one", "two"}),
		"a":     with(python(copies, "$(outputs.o)", "$(inputs.i)"), "inputs", object{"i": "prepare.one"}, "outputs", []any{"o"}, "timeout", "1h"),
		"b-2":   with(python("import os, sys; open(sys.argv[1], 'w').write(os.environ['TEXT'])", "$(outputs.o)"), "inputs", object{"i": "prepare.two"}, "outputs", []any{"o"}, "env", object{"TEXT": "{{ x }} ${z} $$(params.text) %{if}"}, "cache", false),
		"merge": with(python(copies, "$(outputs.all)", "$(inputs.a)", "$(inputs.b)", "$(inputs.c)"), "inputs", object{"a": "a.o", "b": "b-2.o", "c": "prepare.two"}, "outputs", []any{"all"}, "retries", json.Number("2")),
		"last": with(python("import json, sys; json.dump({'n': 1}, open(sys.argv[1], 'w'))", "$(metrics)"), "needs", []any{"merge"},
			"resources", object{"cpu": "4", "memory": "16Gi", "accelerator": object{"type": "nvidia-t4", "count": json.Number("1")}}),
	}
}

func TestTarget(t *testing.T) { templatestest.Run(t, Target{}, templatestest.Options{}) }

// load reads the job and the schedule with the SDK, and lets it validate them.
const load = `
import json, re, sys
from azure.ai.ml import load_job
from azure.ai.ml.entities._load_functions import load_schedule  # not exported by 1.35
import logging
logging.disable(logging.CRITICAL)
from pathlib import Path
folder = Path(sys.argv[1])
faults = []
def check(thing):
    result = thing._validate()
    if not result.passed:
        faults.append(repr(result))
check(job := load_job(folder / "pipeline.yml"))
if (folder / "schedule.yml").exists():
    check(schedule := load_schedule(folder / "schedule.yml"))
    assert schedule.create_job.jobs.keys() == job.jobs.keys()
for name, node in job.jobs.items():
    check(node.component)
    for key, value in node.inputs.items():
        bound = re.fullmatch(r"\$\{\{parent\.jobs\.(\w+)\.outputs\.(\w+)\}\}", str(value._data))
        if bound and (bound[1] not in job.jobs or bound[2] not in job.jobs[bound[1]].component.outputs):
            faults.append(f"{name}.{key} is bound to {value._data}, which is nothing")
        if key not in node.component.inputs:
            faults.append(f"{name}.{key} is no input of its component")
    missing = set(node.component.inputs) - set(node.inputs)
    if missing:
        faults.append(f"{name} lacks {missing}")
print("\n".join(faults))
sys.exit(bool(faults))
`

func TestJob(t *testing.T) {
	read := func(dir string) realtools.Result {
		return realtools.Run(t, "azure-ai-ml", dir, []string{"PYTHONWARNINGS=ignore"}, realtools.Python(t, "azure"), "-c", load, "pipelines/train/azureml")
	}
	for name, change := range map[string]func(object){"quickstart": nil, "diamond": diamond} {
		read(checkout(t, project(t, change))).Accept(t, name)
	}
	dir := checkout(t, project(t, nil))
	path := filepath.Join(dir, "pipelines/train/azureml/pipeline.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "outputs.out_features", "outputs.out_feature", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	read(dir).Refuse(t, "a binding to nothing", "out_feature}}, which is nothing")
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "default_compute: serverless", "default_computes: serverless", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	read(dir).Refuse(t, "a job without compute", "Compute not set")
}

// TestRun takes the command lines from the artefact as the SDK reads it, and runs them in
// order with bash, as Azure ML does.
func TestRun(t *testing.T) {
	dir := checkout(t, project(t, diamond))
	work := t.TempDir()
	const launcher = `
import os, re, subprocess, sys
from pathlib import Path
from azure.ai.ml import load_job
job, work = load_job(Path(sys.argv[1]) / "pipeline.yml"), Path(sys.argv[2])
text = lambda v: str(v)
given = {k: v._data if hasattr(v, "_data") else v for k, v in job.inputs.items()}
waiting, ended = dict(job.jobs), set()
while waiting:
    for name, node in list(waiting.items()):
        bindings = {k: v._data if hasattr(v, "_data") else v for k, v in node.inputs.items()}
        sources = {m[1] for v in bindings.values() for m in [re.fullmatch(r"\$\{\{parent\.jobs\.(\w+)\.outputs\.(\w+)\}\}", str(v))] if m}
        if not sources <= ended:
            continue
        def resolve(v):
            v = str(v)
            if m := re.fullmatch(r"\$\{\{parent\.jobs\.(\w+)\.outputs\.(\w+)\}\}", v):
                return str(work / m[1] / m[2])
            if m := re.fullmatch(r"\$\{\{parent\.inputs\.(\w+)\}\}", v):
                return str(given[m[1]])
            return v
        inputs = {k: resolve(v) for k, v in bindings.items()}
        for o in node.component.outputs:
            (work / name / o).mkdir(parents=True)
        command = re.sub(r"\$\{\{inputs\.(\w+)\}\}", lambda m: inputs[m[1]], node.component.command)
        command = re.sub(r"\$\{\{outputs\.(\w+)\}\}", lambda m: str(work / name / m[1]), command)
        env = {**os.environ, **(node.environment_variables or {}), "AZUREML_RUN_ID": "run-1"}
        subprocess.run(["bash", "-c", command], check=True, env=env)
        ended.add(name)
        del waiting[name]
`
	realtools.Run(t, "azure-ai-ml launcher", dir, []string{"PYTHONWARNINGS=ignore"}, realtools.Python(t, "azure"), "-c", launcher, "pipelines/train/azureml", work).Accept(t, "the tasks")
	got, err := os.ReadFile(filepath.Join(work, "merge/out_all/all"))
	const want = "0.10 yes 1e-3 200 false||{{ x }} ${z} $(params.text) %{if}|0.10 yes 1e-3 200 false|"
	if err != nil || string(got) != want {
		t.Errorf("merge read %q, %v; want %q", got, err, want)
	}
}

// TestZones compares the table with another copy of the same facts, and with the names that
// the SDK knows.
func TestZones(t *testing.T) {
	in, err := json.Marshal(zones())
	if err != nil {
		t.Fatal(err)
	}
	dir := realtools.WriteFiles(t, map[string]string{"zones.json": string(in)})
	realtools.Run(t, "tzlocal", dir, nil, realtools.Python(t, "train"), "-c", `
import json, sys
from tzlocal.windows_tz import tz_win
wrong = {k: v for k, v in json.load(open("zones.json")).items() if tz_win.get(k, "").lower() != v.lower()}
sys.exit(str(wrong) if wrong else 0)
`).Accept(t, "CLDR")
	realtools.Run(t, "azure-ai-ml", dir, nil, realtools.Python(t, "azure"), "-c", `
import json, sys
from azure.ai.ml.constants import TimeZone
wrong = set(json.load(open("zones.json")).values()) - {z.value for z in TimeZone}
sys.exit(str(wrong) if wrong else 0)
`).Accept(t, "the SDK's names")
	if n := len(zones()); n < 400 {
		t.Errorf("only %d zones", n)
	}
}

// TestSchedules computes the next times of what is written, in the city that stands for the
// Windows zone, and compares them with the original's.
func TestSchedules(t *testing.T) {
	dir := t.TempDir()
	res := realtools.Run(t, "tzlocal", dir, nil, realtools.Python(t, "train"), "-c", "import json; from tzlocal.windows_tz import win_tz; print(json.dumps({k.lower(): v for k, v in win_tz.items()}))")
	var cities map[string]string
	if err := json.Unmarshal([]byte(res.Stdout), &cities); err != nil {
		t.Fatal(err, res.Out)
	}
	written := 0
	for _, s := range templatestest.Schedules {
		trigger, why := triggerOf(&spec.Schedule{Cron: s.Cron, Timezone: s.Zone})
		if why != "" {
			continue
		}
		written++
		for _, start := range templatestest.ScheduleStarts {
			if got, want := next(t, trigger, cities, start, 10), templatestest.Firings(t, s, start, 10); !slices.Equal(got, want) {
				t.Errorf("%v as %+v fires at %v, want %v", s, trigger, got, want)
			}
		}
	}
	if written < 12 {
		t.Errorf("only %d schedules were written", written)
	}
}

// next walks minute by minute, as Azure documents its triggers: days and months of a cron
// are ignored.
func next(t *testing.T, trigger any, cities map[string]string, after time.Time, n int) (out []int64) {
	t.Helper()
	var windows string
	var fires func(l time.Time) bool
	switch trigger := trigger.(type) {
	case cronTrigger:
		windows = trigger.TimeZone
		fields := strings.Fields(trigger.Expression)
		allows := func(i, value int) bool {
			return fields[i] == "*" || slices.Contains(strings.Split(fields[i], ","), fmt.Sprint(value))
		}
		fires = func(l time.Time) bool {
			return allows(0, l.Minute()) && allows(1, l.Hour()) && allows(4, int(l.Weekday()))
		}
	case recurrenceTrigger:
		windows = trigger.TimeZone
		fires = func(l time.Time) bool {
			return slices.Contains(trigger.Pattern.Minutes, l.Minute()) && slices.Contains(trigger.Pattern.Hours, l.Hour()) && slices.Contains(trigger.Pattern.MonthDays, l.Day())
		}
	}
	zone, err := time.LoadLocation(cities[strings.ToLower(windows)])
	if err != nil || windows == "" {
		t.Fatalf("%s: %v", windows, err)
	}
	for at := after.Truncate(time.Minute).Add(time.Minute); len(out) < n; at = at.Add(time.Minute) {
		if fires(at.In(zone)) {
			out = append(out, at.Unix())
		}
	}
	return out
}

func TestTriggerOf(t *testing.T) {
	for cron, want := range map[string]string{
		"0 3 * * *": "{cron 0 3 * * * Romance Standard Time}", "0 6 * * MON-FRI": "{cron 0 6 * * 1,2,3,4,5 Romance Standard Time}", "0 6 * * 7": "{cron 0 6 * * 0 Romance Standard Time}",
		"5 4 1,15 * *": "{recurrence month 1 {[4] [5] [1 15]} Romance Standard Time}", "0 0 1 JAN *": "<nil>", "0 6 13 * 5": "<nil>",
	} {
		got, why := triggerOf(&spec.Schedule{Cron: cron, Timezone: "Europe/Paris"})
		if fmt.Sprint(got) != want || (want == "<nil>") != (why != "") {
			t.Errorf("%s: %v %s, want %s", cron, got, why, want)
		}
	}
	if _, why := triggerOf(&spec.Schedule{Cron: "0 3 * * *", Timezone: "Antarctica/Troll"}); !strings.Contains(why, "time zones of Windows") {
		t.Errorf("a zone that Windows lacks: %s", why)
	}
}

func TestTarget_refusals(t *testing.T) {
	step := func(change func(s object)) func(pl object) {
		return func(pl object) { change(pl["steps"].(object)["train"].(object)) }
	}
	for want, change := range map[string]func(pl object){
		`triggers.manual: Azure ML leaves it`:                      func(pl object) { pl["triggers"] = object{"manual": false} },
		`concurrency: Azure ML does not stop`:                      func(pl object) { pl["concurrency"] = "replace" },
		`timeout: a pipeline job of Azure ML has no timeout`:       func(pl object) { pl["timeout"] = "6h" },
		`triggers.schedule: Azure ML's schedules cannot choose`:    func(pl object) { pl["triggers"] = object{"schedule": object{"cron": "0 6 1 1 *"}} },
		`parameters["x"].default: must be set`:                     func(pl object) { pl["parameters"].(object)["x"] = object{"type": "string"} },
		`parameters["x"].default: Azure ML writes parameters into`: func(pl object) { pl["parameters"].(object)["x"] = object{"type": "string", "default": "it's"} },
		`steps["train"].args[8]: Azure ML would read ${{`:          step(func(s object) { s["args"] = append(s["args"].([]any)[:8:8], "${{ x }}") }),
		`steps["train"].env["A"]: Azure ML would read ${{`:         step(func(s object) { s["env"] = object{"A": "${{ x }}"} }),
		`steps["train"].resources: no virtual machine of Azure`:    step(func(s object) { s["resources"] = object{"accelerator": object{"type": "nvidia-l4"}} }),
	} {
		_, err := Target{}.Render(project(t, change))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// TestHostile hands hostile arguments to a step, through the SDK's reader and bash.
func TestHostile(t *testing.T) {
	var args, want []any
	for _, text := range templatestest.HostileTexts {
		if !strings.Contains(text, "${{") {
			args, want = append(args, strings.ReplaceAll(text, "$(", "$$(")), append(want, text)
		}
	}
	dir := checkout(t, project(t, func(pl object) {
		pl["trains"], pl["parameters"] = nil, nil
		pl["steps"] = object{"a": object{"command": append([]any{"python3", "-c", "import json, sys; json.dump(sys.argv[1:], open('seen.json', 'w'))"}, args...)}}
	}))
	realtools.Run(t, "azure-ai-ml launcher", dir, []string{"PYTHONWARNINGS=ignore"}, realtools.Python(t, "azure"), "-c",
		`import subprocess; from azure.ai.ml import load_job; subprocess.run(["bash", "-c", load_job("pipelines/train/azureml/pipeline.yml").jobs["a"].component.command], check=True)`).Accept(t, "the step")
	data, err := os.ReadFile(filepath.Join(dir, "seen.json"))
	var got []any
	if err == nil {
		err = json.Unmarshal(data, &got)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the step saw %q, %v", got, err)
	}
}
