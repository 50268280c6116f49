package kubeflow

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

// project is the README's example on Kubeflow Pipelines, after a change of its pipeline.
func project(t testing.TB, change func(pl object)) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["orchestrator"] = Orchestrator
	c.Specs = append(c.Specs,
		object{"kind": "gpu_pool", "platform": "fraud", "name": "train-l4", "accelerator": object{"type": "nvidia-l4", "count": json.Number("1")}, "instance_type": "g6.xlarge",
			"nodes": object{"min": json.Number("0"), "max": json.Number("4")}, "taints": []any{object{"key": "dedicated", "value": "training", "effect": "NoSchedule"}}},
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
	brackets := "{{ x }} ${{ y }} ${z} $$(params.text) %{if} <% %> {# #} $HOME {"
	pl["steps"] = object{
		"prepare": with(python("import sys; [open(p, 'w').write(' '.join(sys.argv[3:])) for p in sys.argv[1:3]]",
			"$(outputs.one)", "$(outputs.two)", "$(params.text)", "$(params.yes)", "$(params.rate)", "$(params.rounds)", "$(params.fast)"), object{"outputs": []any{"one", "two"}}),
		"a": with(python(copies, "$(outputs.o)", "$(inputs.i)"), object{"inputs": object{"i": "prepare.one"}, "outputs": []any{"o"}, "timeout": "1h"}),
		"b-2": with(python("import os, sys; open(sys.argv[1], 'w').write(os.environ['TEXT'] + os.environ['MIX'] + os.environ['KEY'])", "$(outputs.o)"),
			object{"inputs": object{"i": "prepare.two"}, "outputs": []any{"o"}, "env": object{"TEXT": brackets, "MIX": "{$(params.text)}"}, "secret_env": object{"KEY": object{"secret": "tracker", "key": "api_key"}}, "cache": false}),
		"merge": with(python(copies, "$(outputs.all)", "$(inputs.a)", "$(inputs.b)", "$(inputs.c)"), object{"inputs": object{"a": "a.o", "b": "b-2.o", "c": "prepare.two"}, "outputs": []any{"all"}, "retries": json.Number("2")}),
		"config": with(python("import json, sys; json.dump({'n': 1}, open(sys.argv[1], 'w'))", "$(metrics)"), object{"needs": []any{"merge"}, "pool": "train-l4",
			"resources": object{"cpu": "500m", "memory": "16Gi", "accelerator": object{"type": "nvidia-l4", "count": json.Number("1")}}}),
	}
}

// reading is what the SDK reads, after a round trip through the proto types.
type reading struct {
	Spec     object
	Platform map[string]object
}

// read asks the SDK, strictly.
func read(t *testing.T, text string) reading {
	t.Helper()
	dir := realtools.WriteFiles(t, map[string]string{"pipeline.yaml": text})
	script, err := filepath.Abs("../kfpir/testdata/reader.py")
	if err != nil {
		t.Fatal(err)
	}
	res := realtools.Run(t, "kfp", dir, nil, realtools.Python(t, "kfp"), script, "pipeline.yaml")
	res.Accept(t, "the pipeline")
	var out reading
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

// TestDiamond: the SDK reads what was meant, and the tasks run as the launcher runs them.
func TestDiamond(t *testing.T) {
	p := project(t, func(pl object) { diamond(pl); pl["identity"] = "trainer" })
	text := render(t, p)["pipelines/train/pipeline.yaml"]
	got := read(t, text)
	compare(t, "parameters", at(t, got.Spec, "root", "inputDefinitions", "parameters"),
		`{"fast":{"defaultValue":false,"parameterType":"BOOLEAN"},"rate":{"defaultValue":0.001,"parameterType":"NUMBER_DOUBLE"},"rounds":{"defaultValue":200,"parameterType":"NUMBER_INTEGER"},`+
			`"text":{"defaultValue":"0.10","parameterType":"STRING"},"yes":{"defaultValue":"yes","parameterType":"STRING"}}`)
	tasks := at(t, got.Spec, "root", "dag", "tasks")
	compare(t, "retries", at(t, tasks, "merge", "retryPolicy"), `{"backoffDuration":"30s","backoffFactor":2,"backoffMaxDuration":"600s","maxRetryCount":2}`)
	compare(t, "needs of merge", at(t, tasks, "merge", "dependentTasks"), `["a","b-2","prepare"]`)
	compare(t, "cache of a", at(t, tasks, "a", "cachingOptions"), `{"enableCache":true}`)
	compare(t, "cache of b-2", at(t, tasks, "b-2", "cachingOptions"), `{}`)
	compare(t, "metrics", at(t, got.Spec, "components", "comp-config", "outputDefinitions"), `{"artifacts":{"metrics":{"artifactType":{"schemaTitle":"system.Metrics","schemaVersion":"0.0.1"}}}}`)
	compare(t, "resources", at(t, got.Spec, "deploymentSpec", "executors", "exec-config", "container", "resources"),
		`{"accelerator":{"count":"1","resourceCount":"1","resourceType":"nvidia.com/gpu","type":"nvidia.com/gpu"},"cpuRequest":0.5,"memoryLimit":17.179869184,"memoryRequest":17.179869184,`+
			`"resourceCpuRequest":"500m","resourceMemoryLimit":"16Gi","resourceMemoryRequest":"16Gi"}`)
	config, secret := got.Platform["exec-config"], got.Platform["exec-b-2"]
	compare(t, "node selector", config["nodeSelector"], `{"labels":{"mlops.dev/accelerator":"nvidia-l4","mlops.dev/pool":"train-l4"}}`)
	compare(t, "tolerations", config["tolerations"], `[{"effect":"NoSchedule","key":"nvidia.com/gpu","operator":"Exists"},{"effect":"NoSchedule","key":"dedicated","operator":"Equal","value":"training"}]`)
	compare(t, "secrets", secret["secretAsEnv"], `[{"keyToEnv":[{"envVar":"KEY","secretKey":"api_key"}],"secretName":"tracker-credentials","secretNameParameter":{"runtimeValue":{"constant":"tracker-credentials"}}}]`)
	compare(t, "timeout", got.Platform["exec-a"]["activeDeadlineSeconds"], `"3600"`)

	l := launch{texts: map[string]string{"pipelines/train/pipeline.yaml": text}}
	l.run(t, object{"rate": json.Number("0.25"), "text": "{{ a }} $(KEY)"})
	made, err := os.ReadFile(filepath.Join(l.dir, "run/merge/all"))
	const values = "{{ a }} $(KEY) yes 0.25 200 false"
	const want = values + "||{{ x }} ${{ y }} ${z} $(params.text) %{if} <% %> {# #} $HOME {{{{ a }} $(KEY)}s3cret|" + values + "|"
	if err != nil || string(made) != want {
		t.Errorf("merge read %q, want %q (%v): %v", made, want, err, l.said)
	}
	l.run(t, nil)
	if made, _ := os.ReadFile(filepath.Join(l.dir, "run/prepare/one")); string(made) != "0.10 yes 0.001 200 false" {
		t.Errorf("defaults came as %q", made)
	}
}

// launch runs the tasks of a pipeline's file as the launcher does.
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
	if params == nil {
		params = object{}
	}
	if l.dir == "" {
		l.dir = realtools.WriteFiles(t, l.texts)
	}
	python := filepath.Dir(realtools.Python(t, "train"))
	root := filepath.Join(l.dir, "run")
	if err := os.MkdirAll(root, 0o750); err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(object{
		"root": root, "path": python + ":" + os.Getenv("PATH"), "kubelet": true, "params": params,
		"maps":     [][]string{{"/opt/mlops", l.dir}, {"/mnt/fraud-artifacts", l.dir}},
		"env":      object{"PYTHONPATH": filepath.Join(l.dir, "src"), "PYTHONDONTWRITEBYTECODE": "1"},
		"override": object{"MLFLOW_TRACKING_URI": "sqlite:///" + filepath.Join(l.dir, "ml.db")},
		"secrets":  object{"KEY": "s3cret"},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(l.dir, "settings.json"), settings, 0o600)
	}
	script, absErr := filepath.Abs("../kfpir/testdata/launcher.py")
	if err != nil || absErr != nil {
		t.Fatal(err, absErr)
	}
	res := realtools.Run(t, "kfp launcher", l.dir, nil, realtools.Python(t, "kfp"), script, "pipelines/train/pipeline.yaml", "settings.json")
	res.Accept(t, "the launcher")
	l.said = nil
	if err := json.Unmarshal([]byte(res.Stdout), &l.said); err != nil {
		t.Fatalf("%v:\n%s", err, res.Out)
	}
}

// TestHostile: texts come to the process as they were written, through Argo Workflows'
// templates, the kubelet and the launcher.
func TestHostile(t *testing.T) {
	texts := append([]string{"{", "{{{", "{{{{x}}}}", "$", "$$", "$$$(x)", "$(MLOPS_BRACE)", "a{", "{}{", "$$(x", ""}, templatestest.HostileTexts...)
	args, env := []any{}, object{}
	for i, text := range texts {
		escaped := strings.ReplaceAll(text, "$(", "$$(")
		args = append(args, escaped)
		if i%2 == 0 {
			env[fmt.Sprintf("E%d", i)] = escaped
		}
	}
	p := project(t, func(pl object) {
		diamond(pl)
		pl["parameters"].(object)["text"].(object)["default"] = "\"\"\"' ${x} $(id) \\n\n- a: b"
		pl["steps"].(object)["b-2"] = object{"command": []any{"python3", "-c", `import json, os, sys; json.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1], "w"))`, "$(outputs.o)"}, "args": args, "env": env, "outputs": []any{"o"}}
	})
	text := render(t, p)["pipelines/train/pipeline.yaml"]
	if strings.Contains(strings.ReplaceAll(text, "{{$.", ""), "{{") {
		t.Error("Argo Workflows would read a text as a template")
	}
	got := read(t, text)
	compare(t, "the default", at(t, got.Spec, "root", "inputDefinitions", "parameters", "text", "defaultValue"), `"\"\"\"' ${x} $(id) \\n\n- a: b"`)
	l := launch{texts: map[string]string{"pipelines/train/pipeline.yaml": text}}
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

func TestTarget_refusals(t *testing.T) {
	step := func(pl object) object { return pl["steps"].(object)["train"].(object) }
	for want, change := range map[string]func(pl object){
		`triggers.manual: Kubeflow Pipelines cannot keep`: func(pl object) { pl["triggers"] = object{"manual": false} },
		`concurrency: Kubeflow Pipelines starts a run`:    func(pl object) { pl["concurrency"] = "replace" },
		`timeout: Kubeflow Pipelines has no limit`:        func(pl object) { pl["timeout"] = "6h" },
		`parameters["x"].default: must be set`:            func(pl object) { pl["parameters"].(object)["x"] = object{"type": "string"} },
		`parameters["x"].default: Kubeflow Pipelines would read {{`: func(pl object) {
			pl["parameters"].(object)["x"] = object{"type": "string", "default": "{{workflow.name}}"}
		},
		`parameters["x"].default: Kubeflow Pipelines holds numbers as 64-bit floats`: func(pl object) {
			pl["parameters"].(object)["x"] = object{"type": "integer", "default": json.Number("9007199254740993")}
		},
		`parameters["mlops_run_id"]: "mlops_run_id" is a parameter of the emitted`: func(pl object) {
			pl["parameters"].(object)["mlops_run_id"] = object{"type": "string", "default": ""}
		},
		`steps["train"]: Kubeflow Pipelines would read {{$ in word`:  func(pl object) { step(pl)["args"] = []any{"$(outputs.model)", "$(metrics)", "{{$.pipeline_root}}"} },
		`steps["train"].env["A"]: Kubeflow Pipelines would read {{$`: func(pl object) { step(pl)["env"] = object{"A": "{{$}}"} },
		`steps["train"].command: Kubeflow Pipelines sets variables`:  func(pl object) { step(pl)["command"] = []any{"A=b"} },
	} {
		_, err := Target{}.Render(project(t, change))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
	p := project(t, nil)
	p.Tags = map[string]string{"cost": "{{pod.name}}"}
	p.Platform.Owner = "{{x}}"
	_, err := Target{}.Render(p)
	for _, want := range []string{`owner: Kubeflow Pipelines runs in Argo`, `tags["cost"]: Kubeflow Pipelines runs in Argo`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// repository is what a run needs of the emitted repository.
func repository(t *testing.T, change func(pl object)) map[string]string {
	t.Helper()
	return render(t, project(t, change), starter.Target{}, promotion.Target{})
}
