package kfpir

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// folders makes the folders of the paths before "--", and runs what stands behind it.
const folders = `while [ "$1" != -- ]; do mkdir -p "${1%/*}" || exit 1; shift; done; shift; exec "$@"`

// line is a task's command line and its variables. Placeholders are read in command
// lines only, so a variable whose text has one is set by env(1).
func (b builder) line(t *taskgraph.Task) (command []string, env []Variable) {
	vars := maps.Clone(t.Env)
	if b.o.Variables != nil {
		for name, text := range b.o.Variables(t) {
			if _, set := vars[name]; !set {
				vars[name] = text
			}
		}
	}
	env = append(make([]Variable, 0, len(b.o.Fixed)+len(vars)), b.o.Fixed...)
	command = make([]string, 0, len(t.Command))
	if b.o.MakeFolders && len(t.Outputs) > 0 {
		command = append(command, "sh", "-c", folders, "sh")
		for _, o := range t.Outputs {
			command = append(command, output(o.Name))
		}
		command = append(command, "--")
	}
	var set []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if b.o.Leave != nil && b.o.Leave(t, name) {
			continue
		}
		plain, all := vars[name].Plain()
		if all && !strings.Contains(plain, "{{") {
			env = append(env, Variable{name, b.literal(plain, true)})
			continue
		}
		set = append(set, name+"="+b.text(vars[name]))
	}
	if len(set) > 0 {
		command = append(append(command, "env"), set...)
	}
	for _, word := range t.Command {
		command = append(command, b.text(word))
	}
	return command, env
}

func output(name string) string { return "{{$.outputs.artifacts['" + name + "'].path}}" }

func (b builder) literal(text string, last bool) string {
	if b.o.Literal == nil {
		return text
	}
	return b.o.Literal(text, last)
}

func (b builder) text(x taskgraph.Text) string {
	out := ""
	for i, part := range x {
		out += b.part(part, i == len(x)-1)
	}
	return out
}

func (b builder) part(part taskgraph.Part, last bool) string {
	switch part.Kind {
	case taskgraph.Param:
		return Input(part.Text)
	case taskgraph.InputPath:
		return "{{$.inputs.artifacts['" + part.Text + "'].path}}"
	case taskgraph.OutputPath:
		return output(part.Text)
	case taskgraph.ConfigPath:
		return b.o.Config
	case taskgraph.RunID:
		return Input(RunID)
	case taskgraph.RunURL:
		return "" // neither system tells a task its address
	default:
		return b.literal(part.Text, last)
	}
}

// Faults are the settings that the representation cannot hold, for a system of a name.
func Faults(g *taskgraph.Graph, system string, taken ...string) spec.Faults {
	var out spec.Faults
	pl := g.Pipeline
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(pl, at, format, args...))
	}
	for i := range g.Tasks {
		t := &g.Tasks[i]
		if t.Program() {
			continue
		}
		at := spec.At("steps").Key(t.Name)
		for n, word := range t.Command {
			if opens(word) {
				refuse(at, "%s would read {{$ in word %d of the command line as a placeholder of its own and has no escape for it: leave {{$ out", system, n+1)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(t.Env)) {
			if opens(t.Env[name]) {
				refuse(at.Attr("env").Key(name), "%s would read {{$ as a placeholder of its own and has no escape for it: leave {{$ out", system)
			}
		}
		if program := t.Command[0]; slices.ContainsFunc(program, func(p taskgraph.Part) bool { return strings.Contains(p.Text, "=") }) {
			refuse(at.Attr("command"), "%s sets variables in front of the program, whose name must not hold \"=\": start it through a shell", system)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		out = append(out, parameterFaults(pl, name, system, append(taken, RunID))...)
	}
	return out
}

// opens reports whether text of the user opens a placeholder.
func opens(x taskgraph.Text) bool {
	return slices.ContainsFunc(x, func(p taskgraph.Part) bool { return p.Kind == taskgraph.Literal && strings.Contains(p.Text, "{{$") })
}

func parameterFaults(pl *spec.Pipeline, name, system string, taken []string) spec.Faults {
	var out spec.Faults
	at, p := spec.At("parameters").Key(name), pl.Parameters[name]
	if slices.Contains(taken, name) {
		out = append(out, spec.Refuse(pl, at, "%q is a parameter of the emitted repository itself on %s: choose another name", name, system))
	}
	if p.Default == nil {
		if pl.Triggers.Schedule != nil {
			out = append(out, spec.Refuse(pl, at.Attr("default"), "must be set: the schedule starts runs, and nobody is there to give it"))
		}
		return out
	}
	if p.Type == "string" || p.Type == "boolean" {
		if strings.Contains(*p.Default, "{{") {
			out = append(out, spec.Refuse(pl, at.Attr("default"), "%s would read {{ in a parameter as a template of its own: write the text in args", system))
		}
		return out
	}
	number, ok := new(big.Rat).SetString(*p.Default)
	if ok {
		float, exact := number.Float64()
		if float > 1.7e308 || float < -1.7e308 || p.Type == "integer" && !exact {
			out = append(out, spec.Refuse(pl, at.Attr("default"), "%s holds numbers as 64-bit floats, and %s is not one: make it a string", system, *p.Default))
		}
	}
	return out
}
