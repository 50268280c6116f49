// Package starter seeds code that trains at once: a module of Python for each one
// that a step runs as `python -m <package>.<module>`. It knows the modules in code/,
// which are real files so that they are linted and tested as they are emitted; it
// knows nothing of how steps are run.
package starter

import (
	"embed"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

//go:embed code/*.py code/tests/*.py
var code embed.FS

// Target seeds src/<package>/ and a test of it.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "starter" }

// Render returns the files. All of them belong to the team afterwards.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if p.Repository.Starter != "sklearn" {
		return nil, nil
	}
	modules, faults := modulesOf(p)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if len(modules) == 0 {
		return nil, nil
	}
	wanted := map[string]string{"tests/test_starter.py": "tests/test_starter.py"}
	for _, m := range modules {
		m.files(wanted)
	}
	var files []tree.File
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		data, err := code.ReadFile("code/" + wanted[name])
		if err != nil {
			return nil, err
		}
		files = append(files, tree.File{Path: name, Data: data, Class: tree.Seeded})
	}
	return files, nil
}

// Warnings names the steps that get a skeleton, which somebody has to fill.
func Warnings(p *spec.Project) []spec.Fault {
	if p.Repository.Starter != "sklearn" {
		return nil
	}
	var warnings []spec.Fault
	modules, _ := modulesOf(p)
	for _, m := range modules {
		if !slices.Contains(written, m.name) {
			w := spec.Refuse(m.pipeline, m.at, "the starter has no code for %q: a skeleton is seeded, which copies inputs to outputs; put the step's own code into src/%s", m.full(), m.file())
			w.Warning = true
			warnings = append(warnings, w)
		}
	}
	return warnings
}

// written are the modules with real code; any other gets the skeleton.
var written = []string{"prepare", "train", "evaluate", "report", "example_data"}

// module is one that a step runs.
type module struct {
	folder, name string // "fraud", "prepare"
	pipeline     *spec.Pipeline
	at           spec.Path // of the step that names it
}

func (m module) full() string { return strings.ReplaceAll(m.folder, "/", ".") + "." + m.name }

func (m module) file() string { return m.folder + "/" + m.name + ".py" }

// files adds what m needs: itself, what it imports, and the marker of each package.
func (m module) files(wanted map[string]string) {
	for folder := m.folder; folder != "."; folder = path.Dir(folder) {
		wanted["src/"+folder+"/__init__.py"] = "__init__.py"
	}
	for _, name := range []string{"_table", "example_data"} {
		wanted["src/"+m.folder+"/"+name+".py"] = name + ".py"
	}
	source := "skeleton.py"
	if slices.Contains(written, m.name) {
		source = m.name + ".py"
	}
	wanted["src/"+m.file()] = source
	if m.name == "evaluate" { // measures as train does
		wanted["src/"+m.folder+"/train.py"] = "train.py"
	}
}

// modulesOf lists the modules that steps run, each once, in the order of pipelines
// and steps, with what is wrong about them.
func modulesOf(p *spec.Project) ([]module, spec.Faults) {
	var modules []module
	var faults spec.Faults
	seen := map[string]bool{}
	for _, pl := range p.Pipelines {
		for _, name := range pl.StepNames() {
			text, sound := pl.Steps[name].Module()
			top, _, _ := strings.Cut(text, ".")
			at := spec.At("steps").Key(name).Attr("command")
			switch {
			case text == "":
			case !sound || strings.HasSuffix(text, ".__init__") || strings.HasSuffix(text, "._table"):
				faults = append(faults, spec.Refuse(pl, at, "%q is not PACKAGE.MODULE of Python identifiers, so the starter cannot seed it; rename it, or set starter = \"none\"", text))
			case top == "mlops" || top == "tests":
				faults = append(faults, spec.Refuse(pl, at, "%q: the emitted repository has a package %q of its own; choose another name", text, top))
			case !seen[text]:
				seen[text] = true
				parts := strings.Split(text, ".")
				last := len(parts) - 1
				modules = append(modules, module{strings.Join(parts[:last], "/"), parts[last], pl, at})
			}
		}
	}
	return modules, append(faults, nested(modules)...)
}

// nested reports modules that are packages of others too: Python takes the package.
func nested(modules []module) spec.Faults {
	var faults spec.Faults
	for _, m := range modules {
		for _, other := range modules {
			if folder := m.folder + "/" + m.name; other.folder == folder || strings.HasPrefix(other.folder, folder+"/") {
				faults = append(faults, spec.Refuse(m.pipeline, m.at, "%q is a module, and %q needs it as a package: rename one", m.full(), other.full()))
				break
			}
		}
	}
	return faults
}
