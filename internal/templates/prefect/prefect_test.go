package prefect_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/execution"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/prefect"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, prefect.Target{}, templatestest.Options{})
}

// object is what users write, as a case holds it.
type object = map[string]any

// changed is the README's example on Prefect, after a change of its pipeline.
func changed(t *testing.T, change func(pl object, c *templatestest.Case)) *templatestest.Case {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["orchestrator"] = prefect.Orchestrator
	for _, s := range c.Specs {
		if s["kind"] == "pipeline" && change != nil {
			change(s, c)
		}
	}
	return c
}

func linked(t *testing.T, c *templatestest.Case) *spec.Project {
	t.Helper()
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func projectOf(t *testing.T, change func(pl object)) *spec.Project {
	t.Helper()
	return linked(t, changed(t, func(pl object, _ *templatestest.Case) {
		if change != nil {
			change(pl)
		}
	}))
}

// textsOf are the files that Prefect and what it starts read.
func textsOf(t *testing.T, p *spec.Project) map[string]string {
	t.Helper()
	files, err := templates.Render([]templates.Target{prefect.Target{}, execution.Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"mlops/__init__.py": "", "src/x.py": ""}
	for _, f := range files.Files() {
		out[f.Path] = string(f.Data)
	}
	for _, name := range []string{"config", "errors", "files", "lineage", "params", "repository", "start", "web"} {
		data, err := os.ReadFile("../promotion/programs/mlops/" + name + ".py")
		if err != nil {
			t.Fatal(err)
		}
		out["mlops/"+name+".py"] = string(data)
	}
	return out
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
	pl["timeout"] = "2h"
	pl["parameters"] = object{
		"text": object{"type": "string", "default": "0.10"}, "yes": object{"type": "string", "default": "yes"},
		"learning-rate": object{"type": "number", "default": json.Number("1e-3")}, "rounds": object{"type": "integer", "default": json.Number("200")}, "fast": object{"type": "boolean", "default": false},
	}
	brackets := "{{ x }} ${{ y }} ${z} $$(params.text) %{if} <% %> {# #}"
	pl["steps"] = object{
		"prepare": with(python("import sys, time; time.sleep(2); [open(p, 'w').write(' '.join(sys.argv[3:])) for p in sys.argv[1:3]]",
			"$(outputs.one)", "$(outputs.two)", "$(params.text)", "$(params.yes)", "$(params.learning-rate)", "$(params.rounds)", "$(params.fast)"), object{"outputs": []any{"one", "two"}}),
		"a":     with(python(copies, "$(outputs.o)", "$(inputs.i)"), object{"inputs": object{"i": "prepare.one"}, "outputs": []any{"o"}, "timeout": "1h"}),
		"b-2":   with(python("import os, sys; open(sys.argv[1], 'w').write(os.environ['TEXT'])", "$(outputs.o)"), object{"inputs": object{"i": "prepare.two"}, "outputs": []any{"o"}, "env": object{"TEXT": brackets}, "cache": false}),
		"merge": with(python(copies, "$(outputs.all)", "$(inputs.a)", "$(inputs.b)", "$(inputs.c)"), object{"inputs": object{"a": "a.o", "b": "b-2.o", "c": "prepare.two"}, "outputs": []any{"all"}, "retries": json.Number("2")}),
		"config": with(python("import json, sys; json.dump({'n': 1}, open(sys.argv[1], 'w'))", "$(metrics)"), object{"needs": []any{"merge"},
			"resources": object{"cpu": "2", "memory": "4Gi", "accelerator": object{"type": "nvidia-l4", "count": json.Number("1")}}}),
	}
}

func TestTarget_refusals(t *testing.T) {
	parameter := func(name string, of object) func(pl object, _ *templatestest.Case) {
		return func(pl object, _ *templatestest.Case) { pl["parameters"].(object)[name] = of }
	}
	number := func(text string) object { return object{"type": "number", "default": json.Number(text)} }
	for want, change := range map[string]func(pl object, c *templatestest.Case){
		`triggers.manual: Prefect cannot keep`:             func(pl object, _ *templatestest.Case) { pl["triggers"] = object{"manual": false} },
		`concurrency: Prefect queues or cancels`:           func(pl object, _ *templatestest.Case) { pl["concurrency"] = "replace" },
		`parameters["x"].default: must be set`:             parameter("x", object{"type": "string"}),
		`parameters["class"]: a parameter is an argument`:  parameter("class", number("1")),
		`parameters["_x"]: a parameter is an argument`:     parameter("_x", number("1")),
		`parameters["model-config"]: a parameter is an`:    parameter("model-config", number("1")),
		`parameters["x"].default: 1e400 does not fit into`: parameter("x", number("1e400")),
		`parameters["x"].default: 9223372036854775808 doe`: parameter("x", object{"type": "integer", "default": json.Number("9223372036854775808")}),
		`owner: Prefect would read {{ in a tag`:            func(_ object, c *templatestest.Case) { c.Specs[0]["owner"] = "{{ x }}" },
		`tags["k"]: Prefect would read {{ in a tag`:        func(_ object, c *templatestest.Case) { c.Tags = map[string]string{"k": "{{x}}"} },
		`Prefect would read {{ in the repository's addr`:   func(_ object, c *templatestest.Case) { c.Repository.Branch = "{{ $HOME }}" },
	} {
		_, err := prefect.Target{}.Render(linked(t, changed(t, change)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// TestStyle holds the emitted programs against the emitted settings of ruff and mypy.
func TestStyle(t *testing.T) {
	texts := textsOf(t, projectOf(t, diamond))
	settings, err := os.ReadFile("../repository/pyproject.toml")
	if err != nil {
		t.Fatal(err)
	}
	texts["pyproject.toml"] = string(settings)
	dir := realtools.WriteFiles(t, texts)
	realtools.Ruff(t, dir).Accept(t, "ruff")
	realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "mypy")
}

// TestExisting: for a Prefect that exists, the job template is a file of its own.
func TestExisting(t *testing.T) {
	files, err := templates.Render([]templates.Target{prefect.Target{}}, linked(t, changed(t, func(_ object, c *templatestest.Case) {
		c.Specs[0]["packages"] = object{prefect.Orchestrator: object{"existing": true}}
	})))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files.Files() {
		if strings.HasPrefix(f.Path, "platform/") {
			paths = append(paths, filepath.Base(f.Path))
		}
	}
	if got := strings.Join(paths, " "); got != "base-job-template.json" {
		t.Errorf("files of the platform are %q", got)
	}
}
