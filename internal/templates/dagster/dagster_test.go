package dagster

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/execution"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{})
}

// object is what users write, as a case holds it.
type object = map[string]any

// project is the README's example on Dagster, after a change of its pipeline.
func project(t *testing.T, change func(pl object)) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["orchestrator"] = Orchestrator
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

// checkout writes what Dagster reads to a folder.
func checkout(t *testing.T, p *spec.Project) string {
	t.Helper()
	files, err := templates.Render([]templates.Target{Target{}, execution.Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"mlops/__init__.py": "", "src/x.py": ""}
	for _, f := range files.Files() {
		texts[f.Path] = string(f.Data)
	}
	dir := realtools.WriteFiles(t, texts)
	if err := os.Mkdir(filepath.Join(dir, "home"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "home", "dagster.yaml"), []byte(texts["dagster.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func environment(dir string) []string {
	return []string{"DAGSTER_HOME=" + filepath.Join(dir, "home"), "PYTHONDONTWRITEBYTECODE=1", "MLOPS_EXECUTION=local", "DAGSTER_DISABLE_TELEMETRY=yes"}
}

// python runs a program beside the definitions, and parses what it prints last.
func python(t *testing.T, dir, program string, into any) {
	t.Helper()
	res := realtools.Run(t, "dagster", dir, environment(dir), realtools.Python(t, "dagster"), "-c", program)
	res.Accept(t, "the program")
	lines := strings.Split(strings.TrimSpace(res.Stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), into); err != nil {
		t.Fatalf("%v:\n%s", err, res.Out)
	}
}

// diamond has two outputs of one step, a fan-in of three, parameters of every type whose
// defaults look like others, and texts that every template engine would read.
func diamond(pl object) {
	python := func(script string, args ...any) object {
		return object{"command": append([]any{"python3", "-c", script}, args...)}
	}
	const copies = "import sys; out = open(sys.argv[1], 'w'); [out.write(open(p).read() + '|') for p in sys.argv[2:]]"
	with := func(o, more object) object { maps.Copy(o, more); return o }
	pl["trains"], pl["image"] = nil, "ghcr.io/acme/fraud:1"
	pl["parameters"] = object{
		"text": object{"type": "string", "default": "0.10"}, "yes": object{"type": "string", "default": "yes"},
		"rate": object{"type": "number", "default": json.Number("1e-3")}, "rounds": object{"type": "integer", "default": json.Number("200")}, "fast": object{"type": "boolean", "default": false},
	}
	brackets := "{{ x }} ${{ y }} ${z} $$(params.text) %{if} <% %> {# #}"
	pl["steps"] = object{
		"prepare": with(python("import sys; [open(p, 'w').write(' '.join(sys.argv[3:])) for p in sys.argv[1:3]]",
			"$(outputs.one)", "$(outputs.two)", "$(params.text)", "$(params.yes)", "$(params.rate)", "$(params.rounds)", "$(params.fast)"), object{"outputs": []any{"one", "two"}}),
		"a":     with(python(copies, "$(outputs.o)", "$(inputs.i)"), object{"inputs": object{"i": "prepare.one"}, "outputs": []any{"o"}, "timeout": "1h"}),
		"b-2":   with(python("import os, sys; open(sys.argv[1], 'w').write(os.environ['TEXT'])", "$(outputs.o)"), object{"inputs": object{"i": "prepare.two"}, "outputs": []any{"o"}, "env": object{"TEXT": brackets}, "cache": false}),
		"merge": with(python(copies, "$(outputs.all)", "$(inputs.a)", "$(inputs.b)", "$(inputs.c)"), object{"inputs": object{"a": "a.o", "b": "b-2.o", "c": "prepare.two"}, "outputs": []any{"all"}, "retries": json.Number("2")}),
		"config": with(python("import json, sys; json.dump({'n': 1}, open(sys.argv[1], 'w'))", "$(metrics)"), object{"needs": []any{"merge"},
			"resources": object{"cpu": "2", "memory": "4Gi", "accelerator": object{"type": "nvidia-l4", "count": json.Number("1")}}}),
	}
}

// TestDiamond validates the definitions with Dagster's own tool, and runs the job.
func TestDiamond(t *testing.T) {
	dir := checkout(t, project(t, diamond))
	run := func(args ...string) realtools.Result {
		return realtools.Run(t, "dagster", dir, environment(dir), realtools.Script(t, "dagster", "dagster"), args...)
	}
	run("definitions", "validate", "-w", "workspace.yaml").Accept(t, "definitions")
	res := run("job", "execute", "-f", "definitions.py", "-j", "train")
	res.Accept(t, "the job")
	found, err := filepath.Glob(filepath.Join(dir, "runs/train/*/merge/all"))
	if err != nil || len(found) != 1 {
		t.Fatalf("outputs are %v, %v\n%s", found, err, res.Out)
	}
	got, err := os.ReadFile(found[0])
	const want = "0.10 yes 1e-3 200 false||{{ x }} ${{ y }} ${z} $(params.text) %{if} <% %> {# #}|0.10 yes 1e-3 200 false|"
	if err != nil || string(got) != want {
		t.Errorf("merge read %q, want %q", got, want)
	}
	config := filepath.Join(dir, "run.yaml")
	if err := os.WriteFile(config, []byte("resources: {parameters: {config: {rate: 0.25, text: 'a b'}}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("job", "execute", "-f", "definitions.py", "-j", "train", "-c", config).Accept(t, "the job with parameters")
	merged, _ := filepath.Glob(filepath.Join(dir, "runs/train/*/prepare/one"))
	var texts []string
	for _, path := range merged {
		text, _ := os.ReadFile(path)
		texts = append(texts, string(text))
	}
	if !slices.Contains(texts, "a b yes 0.25 200 false") {
		t.Errorf("parameters came as %q", texts)
	}
	realtools.Ruff(t, styled(t, dir)).Accept(t, "ruff")
}

// styled puts the emitted settings of ruff beside the files.
func styled(t *testing.T, dir string) string {
	t.Helper()
	settings, err := os.ReadFile("../repository/pyproject.toml")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pyproject.toml"), settings, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSchedules compares the next times of Dagster's own scheduler with those of the
// original. A clock's change is between them.
func TestSchedules(t *testing.T) {
	type asked struct {
		Cron, Zone string
		After      int64
	}
	var all []asked
	want := map[string][]int64{}
	for _, s := range templatestest.Schedules {
		for _, start := range templatestest.ScheduleStarts {
			dir := project(t, func(pl object) {
				pl["triggers"] = object{"schedule": object{"cron": s.Cron, "timezone": s.Zone}}
			})
			made := dir.Pipelines[0].Triggers.Schedule
			all = append(all, asked{made.Cron, made.Timezone, start.Unix()})
			want[fmt.Sprint(s, start.Unix())] = templatestest.Firings(t, s, start, 10)
		}
	}
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	dir := realtools.WriteFiles(t, map[string]string{"asked.json": string(in), "home/dagster.yaml": ""})
	var got [][]int64
	python(t, dir, `
import itertools, json
import dagster as dg
out = []
for a in json.load(open("asked.json")):
    s = dg.ScheduleDefinition(name="s", job_name="j", cron_schedule=a["Cron"], execution_timezone=a["Zone"])
    out.append([int(d.timestamp()) for d in itertools.islice(s.get_execution_time_iterator(a["After"]) if hasattr(s, "get_execution_time_iterator") else __import__("dagster._utils.schedules", fromlist=["x"]).schedule_execution_time_iterator(a["After"], a["Cron"], a["Zone"]), 10)])
print(json.dumps(out))
`, &got)
	for i, a := range all {
		s := templatestest.Schedules[i/len(templatestest.ScheduleStarts)]
		if w := want[fmt.Sprint(s, a.After)]; !slices.Equal(got[i], w) {
			t.Errorf("%v after %d fires at %v, want %v", s, a.After, got[i], w)
		}
	}
}

// TestHostile imports a job whose every text is hostile, and reads the tasks back.
func TestHostile(t *testing.T) {
	var args []any
	for _, text := range templatestest.HostileTexts {
		args = append(args, strings.ReplaceAll(text, "$(", "$$("))
	}
	dir := checkout(t, project(t, func(pl object) {
		diamond(pl)
		pl["steps"].(object)["b-2"].(object)["args"] = args
		pl["parameters"].(object)["text"].(object)["default"] = `"""' {{ x }} \n`
	}))
	var got struct {
		Argv    []string
		Default string
	}
	python(t, dir, `
import json, definitions
from mlops.execution import Run, argv, here
pipeline = definitions.load("train").PIPELINE
run = Run("train", "r")
print(json.dumps({"Argv": argv(pipeline.tasks["b-2"], run, here(run), pipeline.tasks), "Default": pipeline.parameters["text"].value}))
`, &got)
	if got.Default != `"""' {{ x }} \n` {
		t.Errorf("the default came back as %q", got.Default)
	}
	if back := got.Argv[len(got.Argv)-len(args):]; !slices.Equal(back, templatestest.HostileTexts) {
		t.Errorf("arguments came back as %q", back)
	}
}

func TestTarget_refusals(t *testing.T) {
	for want, change := range map[string]func(pl object){
		`triggers.manual: Dagster cannot keep`: func(pl object) { pl["triggers"] = object{"manual": false} },
		`concurrency: Dagster queues or skips`: func(pl object) { pl["concurrency"] = "replace" },
		`parameters["x"].default: must be set`: func(pl object) { pl["parameters"].(object)["x"] = object{"type": "string"} },
	} {
		_, err := Target{}.Render(project(t, change))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// modules copies the modules that the start program imports.
func modules(t *testing.T, dir, config string) {
	t.Helper()
	for _, name := range []string{"config", "errors", "files", "lineage", "params", "repository", "start", "web"} {
		data, err := os.ReadFile("../promotion/programs/mlops/" + name + ".py")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "mlops", name+".py"), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pipelines/train/pipeline.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestStart starts runs through the real web server and daemon: one to its end, one that
// is refused while another is under way.
func TestStart(t *testing.T) {
	dir := checkout(t, project(t, func(pl object) {
		pl["trains"] = nil
		pl["parameters"] = object{"rate": object{"type": "number", "default": json.Number("1e-3")}}
		pl["steps"] = object{"wait": object{"command": []any{"python3", "-c", "import sys, time; time.sleep(float(sys.argv[1]))", "$(params.rate)"}}}
	}))
	modules(t, dir, `{"version": 1, "pipeline": "train", "spec": "x", "concurrency": "forbid", "parameters": {"rate": {"type": "number", "default": "1e-3"}}}`)
	base := realtools.Serve(t, "dagster", dir, environment(dir), "/server_info", realtools.Script(t, "dagster", "dagster"), "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", "PORT")
	start := func(args ...string) realtools.Result {
		env := append(environment(dir), "DAGSTER_WEBSERVER_URL="+base)
		return realtools.Run(t, "dagster", dir, env, realtools.Python(t, "lint"), append([]string{"-m", "mlops.start_dagster", "--pipeline", "pipelines/train/pipeline.json"}, args...)...)
	}
	res := start("--wait")
	res.Accept(t, "a run")
	if !strings.Contains(res.Stdout, "url: "+base+"/runs/") {
		t.Errorf("the run's address is missing:\n%s", res.Out)
	}
	start("--param", "rate=x").Refuse(t, "a parameter of another type", "rate: 'x' is not of type number")
	start("--param", "rate=30").Accept(t, "a long run")
	start().Refuse(t, "a second run", "pipeline train allows one run at a time, and run ")
}
