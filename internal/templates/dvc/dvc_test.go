package dvc

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindPipeline},
		Elsewhere: map[string]string{
			// What only a cluster has.
			"pipeline.image":             "argoworkflows",
			"pipeline.steps.*.image":     "argoworkflows",
			"pipeline.steps.*.resources": "argoworkflows",
			"pipeline.steps.*.retries":   "argoworkflows",
			"pipeline.steps.*.timeout":   "argoworkflows",
			"pipeline.timeout":           "argoworkflows",
			"pipeline.concurrency":       "argoworkflows",
			"pipeline.artifacts":         "argoworkflows",
			"pipeline.orchestrator":      "argoworkflows",
			"pipeline.triggers":          "argoworkflows, githubactions",
			// The Makefile runs gate and registration after the stages.
			"pipeline.parameters.*.type": "promotion",
			"pipeline.trains":            "promotion",
			"pipeline.tracking":          "promotion",

			"pipeline.identity":           "argoworkflows",
			"pipeline.steps.*.pool":       "argoworkflows",
			"pipeline.steps.*.secret_env": "argoworkflows, see TestStage",
		},
		// What a command names decides which folder of code it depends on.
		Verbatim: func(path string) bool { return strings.HasSuffix(path, "/dvc.yaml") },
	})
}

// object is what users write, as a case holds it.
type object = map[string]any

// pipeline decodes a pipeline of one step and what surrounds it.
func project(t *testing.T, pipeline object) *spec.Project {
	t.Helper()
	pipeline["name"], pipeline["image"], pipeline["artifacts"] = "p", "ghcr.io/acme/x:1", "b"
	c := templatestest.Case{Specs: []object{
		{"kind": "platform", "name": "x", "owner": "o", "environments": object{"staging": object{}}},
		{"kind": "bucket", "platform": "x", "name": "b"},
		{"kind": "dataset", "name": "d", "local": object{"path": "data/d.csv"}},
		pipeline,
	}}
	pipeline["kind"] = "pipeline"
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTarget_refusals(t *testing.T) {
	for text, want := range map[string]string{
		"it's":      `pipeline "p": parameters["s"].default: DVC, which runs the steps locally, writes parameters into a shell's single quotes`,
		`a \${b} c`: `pipeline "p": parameters["s"].default: DVC, which runs the steps locally, would read \${ as ${`,
	} {
		p := project(t, object{
			"parameters": object{"s": object{"type": "string", "default": text}},
			"steps":      object{"a": object{"command": []any{"true", "$(params.s)"}}},
		})
		if _, err := templates.Render([]templates.Target{Target{}}, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestStage(t *testing.T) {
	p := project(t, object{
		"parameters": object{"lr": object{"type": "number"}, "s": object{"type": "string", "default": "x"}},
		"steps": object{
			"a":    object{"command": []any{"run", ""}, "args": []any{"--lr=$(params.lr)", "a=${HOME}$(params.s)"}, "env": object{"T": "a b"}, "cache": false},
			"b":    object{"command": []any{"python", "-m", "team.job"}, "inputs": object{"d": "dataset.d"}, "needs": []any{"a"}},
			"both": object{"command": []any{"x", "$(metrics)", "$(outputs.o)"}, "outputs": []any{"o"}, "inputs": object{"d": "dataset.d"}, "needs": []any{"b"}},
			"last": object{"command": []any{"x"}, "needs": []any{"both"}},
		},
	})
	pl := p.Pipeline("p")
	a := pl.Steps["a"]
	a.SecretEnv = map[string]spec.SecretKey{"KEY": {Secret: "tracker", Key: "api\"key`"}}
	pl.Steps["a"] = a
	w := writer{p: p, pl: pl}

	want := []string{
		"mkdir -p runs/p/a",
		"test '${lr}' != None || { echo 'parameter lr has no value: set it in pipelines/p/params.yaml' >&2; exit 2; }",
		`: "\${KEY:?must be set: in a cluster it is key api_key_ of secret tracker}"`,
		`env T='a b' run '' --lr='${lr}' 'a=\${HOME}''${s}'`,
		"echo done >runs/p/a/.done",
	}
	if got := w.commands("a"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("commands are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for step, want := range map[string]string{
		"a": "", "b": "data/d.csv runs/p/a/.done src/team", "both": "data/d.csv runs/p/b/.done", "last": "runs/p/both/metrics.json runs/p/both/o",
	} {
		if got := strings.Join(w.stage(step).Deps, " "); got != want {
			t.Errorf("%s depends on %q, want %q", step, got, want)
		}
	}
	if !w.stage("a").AlwaysChanged || w.stage("b").AlwaysChanged {
		t.Error("cache = false must be always_changed, and nothing else")
	}
}

func TestPrintedAlike(t *testing.T) {
	for text, want := range map[string]bool{
		"0.05": true, "5.0": true, "200": true, "-3": true, "0.0001": true, "123456789012345678901234567890": true, "0.0": true,
		"0.050": false, "1e-7": false, "1e3": false, "-0": false, "0.00001": false, "1e400": false, "0.1000000000000000055": false, "12345678901234567.0": false,
	} {
		if got := printedAlike(text, false); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
