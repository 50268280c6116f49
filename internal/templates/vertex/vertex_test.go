package vertex

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
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/starter"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) { templatestest.Run(t, Target{}, templatestest.Options{}) }

// object is what users write, as a case holds it.
type object = map[string]any

// project is the README's example on Vertex AI, after a change of its pipeline.
func project(t testing.TB, change func(pl object)) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["orchestrator"], c.Specs[0]["cloud"], c.Specs[0]["region"] = Orchestrator, "google", "europe-west1"
	c.Specs = slices.DeleteFunc(c.Specs, func(s object) bool { return s["kind"] == "endpoint" }) // served from volumes only
	c.Specs = append(c.Specs,
		object{"kind": "gpu_pool", "platform": "fraud", "name": "train-l4", "accelerator": object{"type": "nvidia-l4", "count": json.Number("1")}, "instance_type": "g2-standard-8",
			"nodes": object{"min": json.Number("0"), "max": json.Number("4")}},
		object{"kind": "secret", "platform": "fraud", "name": "tracker", "existing": "tracker-credentials"},
		object{"kind": "identity", "platform": "fraud", "name": "trainer", "subject": object{"kubernetes": object{"namespace": "fraud-training", "service_account": "trainer"}}})
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

// render gives the files of a project as texts.
func render(t testing.TB, p *spec.Project, targets ...templates.Target) map[string]string {
	t.Helper()
	files, err := templates.Render(append(targets, Target{}), p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files.Files() {
		texts[f.Path] = string(f.Data)
	}
	return texts
}

func repository(t testing.TB, change func(pl object)) map[string]string {
	t.Helper()
	return render(t, project(t, change), starter.Target{}, promotion.Target{})
}

// diamond has two outputs of one step, a fan-in of three, parameters of every type whose
// defaults look like others, and texts that every template engine would read.
func diamond(pl object) {
	python := func(script string, args ...any) object {
		return object{"command": append([]any{"python3", "-c", script}, args...)}
	}
	const copies = "import sys; out = open(sys.argv[1], 'w'); [out.write(open(p).read() + '|') for p in sys.argv[2:]]"
	with := func(o, more object) object { maps.Copy(o, more); return o }
	pl["trains"], pl["image"] = nil, "europe-docker.pkg.dev/acme/fraud/train:1"
	pl["parameters"] = object{
		"text": object{"type": "string", "default": "0.10"}, "yes": object{"type": "string", "default": "yes"},
		"rate": object{"type": "number", "default": json.Number("1e-3")}, "rounds": object{"type": "integer", "default": json.Number("0")}, "fast": object{"type": "boolean", "default": false},
	}
	brackets := "{{ x }} ${{ y }} ${z} $$(params.text) %{if} <% %> {# #} $HOME {"
	pl["steps"] = object{
		"prepare": with(python("import sys; [open(p, 'w').write(' '.join(sys.argv[3:])) for p in sys.argv[1:3]]",
			"$(outputs.one)", "$(outputs.two)", "$(params.text)", "$(params.yes)", "$(params.rate)", "$(params.rounds)", "$(params.fast)"), object{"outputs": []any{"one", "two"}}),
		"a": with(python(copies, "$(outputs.o)", "$(inputs.i)"), object{"inputs": object{"i": "prepare.one"}, "outputs": []any{"o"}}),
		"b-2": with(python("import os, sys; open(sys.argv[1], 'w').write(os.environ['TEXT'] + os.environ['MIX'] + os.environ['MLOPS_RUN_ID'])", "$(outputs.o)"),
			object{"inputs": object{"i": "prepare.two"}, "outputs": []any{"o"}, "env": object{"TEXT": brackets, "MIX": "{$(params.text)}"}, "cache": false}),
		"merge": with(python(copies, "$(outputs.all)", "$(inputs.a)", "$(inputs.b)", "$(inputs.c)"), object{"inputs": object{"a": "a.o", "b": "b-2.o", "c": "prepare.two"}, "outputs": []any{"all"}, "retries": json.Number("2")}),
		"config": with(python("import json, sys; json.dump({'n': 1}, open(sys.argv[1], 'w'))", "$(metrics)"), object{"needs": []any{"merge"},
			"resources": object{"cpu": "4", "memory": "16Gi", "accelerator": object{"type": "nvidia-a100-80gb", "count": json.Number("2")}}}),
	}
}

// checked is what Google's client read.
type checked struct{ RuntimeConfig, PipelineSpec, Job, Schedule object }

func check(t *testing.T, texts map[string]string, params object) checked {
	t.Helper()
	dir := realtools.WriteFiles(t, texts)
	script, err := filepath.Abs("testdata/check.py")
	if err != nil {
		t.Fatal(err)
	}
	given, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	names, err := json.Marshal(slices.Sorted(maps.Values(accelerators)))
	if err != nil {
		t.Fatal(err)
	}
	res := realtools.Run(t, "aiplatform", dir, nil, realtools.Python(t, "google"), script, "pipelines/train", string(given), string(names))
	res.Accept(t, "the client")
	var out checked
	if err := json.Unmarshal([]byte(res.Stdout), &out); err != nil {
		t.Fatalf("%v:\n%s", err, res.Out)
	}
	return out
}

func at(t *testing.T, v any, keys ...string) any {
	t.Helper()
	for _, key := range keys {
		below, ok := v.(object)[key]
		if !ok {
			t.Fatalf("no %q in %v", key, v)
		}
		v = below
	}
	return v
}

func compare(t *testing.T, what string, got any, want string) {
	t.Helper()
	data, err := json.Marshal(got)
	if err != nil || string(data) != want {
		t.Errorf("%s is %s, want %s (%v)", what, data, want, err)
	}
}

// launch runs the tasks of a pipeline's file as the service's launcher does.
type launch struct {
	texts map[string]string // the repository
	dir   string            // where it was written
	said  map[string]said
}

type said struct {
	Exit int
	Argv []string
	Env  map[string]string
	Out  string
}

func (l *launch) run(t *testing.T, params object) {
	t.Helper()
	if l.dir == "" {
		l.dir = realtools.WriteFiles(t, l.texts)
	}
	root := filepath.Join(l.dir, "run")
	if err := os.MkdirAll(root, 0o750); err != nil {
		t.Fatal(err)
	}
	all := object{files: "/gcs/fraud-artifacts/mlops/abc"}
	maps.Copy(all, params)
	settings, err := json.Marshal(object{
		"root": root, "path": filepath.Dir(realtools.Python(t, "train")) + ":" + os.Getenv("PATH"), "kubelet": false, "params": all,
		"maps":     [][]string{{"/gcs/fraud-artifacts/mlops/abc", l.dir}, {"/gcs/fraud-artifacts", l.dir}},
		"env":      object{"PYTHONPATH": filepath.Join(l.dir, "src"), "PYTHONDONTWRITEBYTECODE": "1"},
		"override": object{"MLFLOW_TRACKING_URI": "sqlite:///" + filepath.Join(l.dir, "ml.db")}, "secrets": object{},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(l.dir, "settings.json"), settings, 0o600)
	}
	script, absErr := filepath.Abs("../kfpir/testdata/launcher.py")
	if err != nil || absErr != nil {
		t.Fatal(err, absErr)
	}
	res := realtools.Run(t, "kfp launcher", l.dir, nil, realtools.Python(t, "kfp"), script, "pipelines/train/vertex_pipeline.json", "settings.json")
	res.Accept(t, "the launcher")
	l.said = nil
	if err := json.Unmarshal([]byte(res.Stdout), &l.said); err != nil {
		t.Fatalf("%v:\n%s", err, res.Out)
	}
}

// strict asks the SDK's proto types too.
func strict(t *testing.T, texts map[string]string) {
	t.Helper()
	script, err := filepath.Abs("../kfpir/testdata/reader.py")
	if err != nil {
		t.Fatal(err)
	}
	// The SDK's loader takes the representation as YAML, of which JSON is a part.
	dir := realtools.WriteFiles(t, map[string]string{"pipeline.yaml": texts["pipelines/train/vertex_pipeline.json"]})
	realtools.Run(t, "kfp", dir, nil, realtools.Python(t, "kfp"), script, "pipeline.yaml").Accept(t, "the proto types")
}

// TestDiamond: Google's client reads what was meant, and the tasks run.
func TestDiamond(t *testing.T) {
	texts := render(t, project(t, func(pl object) { diamond(pl); pl["identity"] = "trainer" }))
	strict(t, texts)
	got := check(t, texts, object{"text": "{{ a }} $(KEY)", files: "/gcs/x"})
	compare(t, "values", at(t, got.RuntimeConfig, "parameterValues"), `{"fast":false,"mlops_files":"/gcs/x","rate":0.001,"rounds":0,"text":"{{ a }} $(KEY)","yes":"yes"}`)
	compare(t, "root", at(t, got.RuntimeConfig, "gcsOutputDirectory"), `"gs://fraud-artifacts/runs/train"`)
	compare(t, "account", got.Job["serviceAccount"], `"trainer"`)
	compare(t, "resources", at(t, got.PipelineSpec, "deploymentSpec", "executors", "exec-config", "container", "resources"),
		`{"accelerator":{"count":"2","resourceCount":"2","resourceType":"NVIDIA_A100_80GB","type":"NVIDIA_A100_80GB"},"cpuLimit":4,"memoryLimit":17.179869184,"resourceCpuLimit":"4","resourceMemoryLimit":"16Gi"}`)
	compare(t, "cron", got.Schedule["cron"], `"TZ=Europe/Paris 0 3 * * *"`)
	compare(t, "runs at a time", got.Schedule["maxConcurrentRunCount"], `"1"`)

	l := launch{texts: texts}
	l.run(t, object{"text": "{{ a }} $(KEY)", "rate": json.Number("0.25")})
	made, err := os.ReadFile(filepath.Join(l.dir, "run/merge/all"))
	const values = "{{ a }} $(KEY) yes 0.25 0 false"
	const want = values + "||{{ x }} ${{ y }} ${z} $(params.text) %{if} <% %> {# #} $HOME {{{{ a }} $(KEY)}run-uuid|" + values + "|"
	if err != nil || string(made) != want {
		t.Errorf("merge read %q, want %q (%v): %v", made, want, err, l.said)
	}
	for name, one := range l.said {
		if _, told := one.Env["MLOPS_RUN_ID"]; told || (name != "b-2" && strings.Contains(fmt.Sprint(one.Argv), "run-uuid")) {
			t.Errorf("%s may be cached, and is told the run's id", name)
		}
	}
}

// TestHostile: texts come to the process as they were written.
func TestHostile(t *testing.T) {
	texts := append([]string{"{", "{{{", "{{{{x}}}}", "$", "$$", "$$$(x)", "a{", "{}{", "$$(x", "", "--", "sh"}, templatestest.HostileTexts...)
	args, env := []any{}, object{}
	for i, text := range texts {
		escaped := strings.ReplaceAll(text, "$(", "$$(")
		args = append(args, escaped)
		if i%2 == 0 {
			env[fmt.Sprintf("E%d", i)] = escaped
		}
	}
	rendered := render(t, project(t, func(pl object) {
		diamond(pl)
		pl["parameters"].(object)["text"].(object)["default"] = "\"\"\"' ${x} $(id) \\n\n- a: b"
		pl["steps"].(object)["b-2"] = object{"command": []any{"python3", "-c", `import json, os, sys; json.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1], "w"))`, "$(outputs.o)"}, "args": args, "env": env, "outputs": []any{"o"}}
	}))
	got := check(t, rendered, object{files: "/gcs/x"})
	compare(t, "the default", at(t, got.RuntimeConfig, "parameterValues", "text"), `"\"\"\"' ${x} $(id) \\n\n- a: b"`)
	l := launch{texts: rendered}
	l.run(t, nil)
	data, err := os.ReadFile(filepath.Join(l.dir, "run/b-2/o"))
	var argv []string
	var seen map[string]string
	if err == nil {
		err = json.Unmarshal(data, &[]any{&argv, &seen})
	}
	if err != nil || !slices.Equal(argv, texts) {
		t.Errorf("arguments came as %q (%v): %v", argv, err, l.said["b-2"].Out)
	}
	for i, text := range texts {
		if i%2 == 0 && seen[fmt.Sprintf("E%d", i)] != text {
			t.Errorf("variable %q came as %q", text, seen[fmt.Sprintf("E%d", i)])
		}
	}
}

// TestSchedules compares the firings of what stands behind the zone of each schedule
// with those of the original.
func TestSchedules(t *testing.T) {
	for _, s := range templatestest.Schedules {
		texts := render(t, project(t, func(pl object) { pl["triggers"] = object{"schedule": object{"cron": s.Cron, "timezone": s.Zone}} }))
		var made struct{ Cron string }
		if err := json.Unmarshal([]byte(texts["pipelines/train/vertex_schedule.json"]), &made); err != nil {
			t.Fatal(err)
		}
		zone, cron, _ := strings.Cut(strings.TrimPrefix(made.Cron, "TZ="), " ")
		if strings.ContainsAny(cron, "7") && strings.HasSuffix(cron, "7") {
			t.Errorf("%s: Sunday must be 0", made.Cron)
		}
		for _, begin := range templatestest.ScheduleStarts {
			got := templatestest.Firings(t, templatestest.Schedule{Cron: cron, Zone: zone}, begin, 10)
			if want := templatestest.Firings(t, s, begin, 10); !slices.Equal(got, want) {
				t.Errorf("%s fires at %v, want %v", made.Cron, got, want)
			}
		}
	}
}
