package starter

import (
	"bytes"
	"path"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// names is the target with the names of its sources instead of their text, of which
// a golden would be a second copy.
type names struct{ Target }

func (n names) Render(p *spec.Project) ([]tree.File, error) {
	files, err := n.Target.Render(p)
	for i, f := range files {
		for _, source := range []string{"skeleton.py", path.Base(f.Path), "tests/" + path.Base(f.Path)} {
			if data, err := code.ReadFile("code/" + source); err == nil && bytes.Equal(data, f.Data) {
				files[i].Data = []byte("code/" + source + "\n")
			}
		}
	}
	return files, err
}

func TestTarget(t *testing.T) {
	templatestest.Run(t, names{}, templatestest.Options{})
}

// project is a pipeline whose steps run the commands.
func project(t *testing.T, commands ...string) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	steps := map[string]any{}
	for i, command := range commands {
		var words []any
		for _, word := range strings.Fields(command) {
			words = append(words, word)
		}
		steps[string(rune('a'+i))] = map[string]any{"command": words}
	}
	for _, s := range c.Specs {
		if s["kind"] == "pipeline" {
			s["steps"] = steps
			delete(s, "trains")
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestModules(t *testing.T) {
	for _, c := range []struct{ commands, files, fault, warning string }{
		{"python -m fraud.train", "src/fraud/__init__.py src/fraud/_table.py src/fraud/example_data.py src/fraud/train.py tests/test_starter.py", "", ""},
		{"python -m acme.fraud.evaluate", "src/acme/__init__.py src/acme/fraud/__init__.py src/acme/fraud/_table.py src/acme/fraud/evaluate.py src/acme/fraud/example_data.py src/acme/fraud/train.py tests/test_starter.py", "", ""},
		{"python3 -m fraud.enrich", "src/fraud/__init__.py src/fraud/_table.py src/fraud/enrich.py src/fraud/example_data.py tests/test_starter.py", "", `skeleton is seeded`},
		{"python -m json.tool;sh -c true;python -m compileall", "", "", ""},
		{"python -m fraud-x.train", "", `"fraud-x.train" is not PACKAGE.MODULE`, ""},
		{"python -m mlops.train", "", `has a package "mlops" of its own`, ""},
		{"python -m fraud.a;python -m fraud.a.b", "", `"fraud.a" is a module, and "fraud.a.b" needs it as a package`, "skeleton"},
	} {
		p := project(t, strings.Split(c.commands, ";")...)
		files, err := Target{}.Render(p)
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
			if f.Class != tree.Seeded {
				t.Errorf("%s: %s is not seeded", c.commands, f.Path)
			}
		}
		if strings.Join(got, " ") != c.files {
			t.Errorf("%s: %v, want %s", c.commands, got, c.files)
		}
		if (err == nil) != (c.fault == "") || (err != nil && !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v, want %q", c.commands, err, c.fault)
		}
		warnings := spec.Faults(Warnings(p)).Error()
		if (warnings == "") != (c.warning == "") || !strings.Contains(warnings, c.warning) {
			t.Errorf("%s: warnings %q, want %q", c.commands, warnings, c.warning)
		}
	}
}
