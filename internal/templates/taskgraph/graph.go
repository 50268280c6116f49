package taskgraph

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
)

// Of returns the tasks of a pipeline of p.
func Of(p *spec.Project, pl *spec.Pipeline) *Graph {
	b := builder{p: p, pl: pl, reads: reads(pl)}
	b.plain, b.secrets = trackers.Environment(p, pl)
	g := &Graph{Pipeline: pl, Reads: b.reads, Tasks: make([]Task, 0, len(pl.Steps)+programs)}
	if len(b.reads) > 0 {
		g.Tasks = append(g.Tasks, b.data())
	}
	for _, name := range pl.StepNames() {
		g.Tasks = append(g.Tasks, b.step(name))
	}
	if pl.Trains != nil {
		g.Tasks = append(g.Tasks, b.gate(ends(g.Tasks)), b.register())
	}
	return g
}

// programs is how many tasks of ours a graph has at most.
const programs = 3

// reads lists the datasets that a pipeline's steps read, by name.
func reads(pl *spec.Pipeline) []string {
	var names []string
	for _, s := range pl.Steps {
		for _, from := range s.Inputs {
			if source, name, _ := strings.Cut(from, "."); source == "dataset" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// builder makes the tasks of one pipeline.
type builder struct {
	p       *spec.Project
	pl      *spec.Pipeline
	reads   []string
	plain   map[string]string
	secrets map[string]spec.SecretKey
}

// program is a task of ours; talks says that it speaks with the registry.
func (b builder) program(name string, role Role, module string, talks bool) Task {
	t := Task{Name: name, Role: role, Image: catalog.ProgramsImage, Env: b.identity(), Secrets: map[string]spec.SecretKey{}}
	t.Command = append(literals("python", "-m", module, "--pipeline"), one(ConfigPath, ""))
	if talks {
		t.Image = b.registryImage()
		b.track(&t)
	}
	return t
}

// identity are the variables that say which run it is.
func (b builder) identity() map[string]Text {
	return map[string]Text{"MLOPS_PIPELINE": literal(b.pl.Name), "MLOPS_RUN_ID": one(RunID, "")}
}

// track gives a task the tracker's variables that it does not set itself.
func (b builder) track(t *Task) {
	for name, text := range b.plain {
		if !t.sets(name) {
			t.Env[name] = literal(text)
			t.Tracked = append(t.Tracked, name)
		}
	}
	for name, key := range b.secrets {
		if !t.sets(name) {
			t.Secrets[name] = key
			t.Tracked = append(t.Tracked, name)
		}
	}
	slices.Sort(t.Tracked)
}

func (t *Task) sets(variable string) bool {
	_, plain := t.Env[variable]
	_, secret := t.Secrets[variable]
	return plain || secret
}

// registryImage has the client of the registry: the programs' image for MLflow, and
// for every other system the image of the step that trains, which logs to it.
func (b builder) registryImage() string {
	r := b.p.TrackerOf(b.pl)
	if m := b.p.Model(b.pl.Trains.Model); m != nil {
		r = b.p.Registry(string(m.Registry))
	}
	if r == nil || r.Type == "mlflow" {
		return catalog.ProgramsImage
	}
	from, _, _ := strings.Cut(b.pl.Trains.Artifact, ".")
	return b.pl.ImageOf(from)
}

// DataSecrets are the variables with which the data task of a pipeline signs in where its
// datasets lie.
func DataSecrets(p *spec.Project, pl *spec.Pipeline) map[string]spec.SecretKey {
	out := map[string]spec.SecretKey{}
	for _, d := range p.Reads(pl) {
		if d.LakeFS == nil || d.LakeFS.Credentials == nil {
			continue
		}
		for variable, key := range d.LakeFS.Credentials.Keys {
			out[variable] = spec.SecretKey{Secret: d.LakeFS.Credentials.Secret, Key: key}
		}
	}
	return out
}

func (b builder) data() Task {
	t := b.program(DataTask, Data, "mlops.data", false)
	maps.Copy(t.Secrets, DataSecrets(b.p, b.pl))
	for _, name := range b.reads {
		t.Command = append(t.Command, literal("--output"), option(name, OutputPath, name))
		t.Outputs = append(t.Outputs, Output{Name: name})
	}
	t.Command = append(t.Command, literal("--versions"), one(OutputPath, VersionsOutput))
	t.Outputs = append(t.Outputs, Output{Name: VersionsOutput, File: true})
	sortOutputs(t.Outputs)
	return t
}

func sortOutputs(outputs []Output) {
	slices.SortFunc(outputs, func(a, b Output) int { return strings.Compare(a.Name, b.Name) })
}

func (b builder) step(name string) Task {
	s := b.pl.Steps[name]
	t := Task{
		Name: name, Role: Step, Image: b.pl.ImageOf(name), Env: b.identity(), Secrets: maps.Clone(s.SecretEnv),
		Needs: b.pl.Before(name), Resources: s.Resources, Pool: s.Pool,
		Retries: s.Retries, Timeout: s.Timeout, Cache: s.Cache == nil || *s.Cache,
	}
	if t.Secrets == nil {
		t.Secrets = map[string]spec.SecretKey{}
	}
	t.Command = make([]Text, 0, len(s.Command)+len(s.Args))
	for _, arg := range s.Command {
		t.Command = append(t.Command, parts(arg))
	}
	for _, arg := range s.Args {
		t.Command = append(t.Command, parts(arg))
	}
	for variable, text := range s.Env {
		t.Env[variable] = parts(text)
	}
	t.Params = t.names(Param)
	b.track(&t)
	for _, in := range slices.Sorted(maps.Keys(s.Inputs)) {
		t.Inputs = append(t.Inputs, b.input(in, s.Inputs[in]))
	}
	if len(b.reads) > 0 && len(t.Needs) == 0 {
		t.Needs = []string{DataTask} // bad data must not start anything
	} else if slices.ContainsFunc(t.Inputs, func(in Input) bool { return in.Task == DataTask }) {
		t.Needs = append([]string{DataTask}, t.Needs...)
	}
	for _, output := range s.Outputs {
		t.Outputs = append(t.Outputs, Output{Name: output})
	}
	if slices.Contains(t.names(OutputPath), MetricsOutput) {
		t.Outputs = append(t.Outputs, Output{Name: MetricsOutput, File: true})
	}
	sortOutputs(t.Outputs)
	return t
}

func (b builder) input(name, from string) Input {
	source, output, _ := strings.Cut(from, ".")
	if source == "dataset" {
		source = DataTask
	}
	return Input{Name: name, Task: source, Output: output}
}

func (b builder) gate(after []string) Task {
	t := b.program(GateTask, Gate, "mlops.gate", true)
	t.Needs = after
	if b.pl.Trains.Metrics != "" {
		t.Command = append(t.Command, literal("--metrics"), one(InputPath, MetricsOutput))
		t.Inputs = []Input{{MetricsOutput, b.pl.Trains.Metrics, MetricsOutput}}
	}
	t.Command = append(t.Command, literal("--verdict"), one(OutputPath, VerdictOutput))
	t.Outputs = []Output{{VerdictOutput, true}}
	return t
}

func (b builder) register() Task {
	t := b.program(RegisterTask, Register, "mlops.register", true)
	from, output, _ := strings.Cut(b.pl.Trains.Artifact, ".")
	take := func(flag, name, task, output string) {
		t.Command = append(t.Command, literal(flag), one(InputPath, name))
		t.Inputs = append(t.Inputs, Input{name, task, output})
	}
	t.Needs = []string{GateTask}
	take("--artifact", "artifact", from, output)
	if len(b.reads) > 0 {
		take("--data-versions", VersionsOutput, DataTask, VersionsOutput)
	}
	if b.pl.Trains.Metrics != "" {
		take("--metrics", MetricsOutput, b.pl.Trains.Metrics, MetricsOutput)
	}
	take("--verdict", VerdictOutput, GateTask, VerdictOutput)
	slices.SortFunc(t.Inputs, func(a, b Input) int { return strings.Compare(a.Name, b.Name) })
	t.Command = append(t.Command,
		literal("--pipeline-run-id"), one(RunID, ""), literal("--run-url"), one(RunURL, ""),
		literal("--result"), one(OutputPath, ResultOutput))
	t.Outputs = []Output{{ResultOutput, true}}
	t.Params = slices.Sorted(maps.Keys(b.pl.Parameters))
	for _, name := range t.Params {
		t.Command = append(t.Command, literal("--param"), option(name, Param, name))
	}
	t.Env["MLOPS_IMAGE"] = literal(b.pl.ImageOf(from))
	t.Tracked = append(t.Tracked, "MLOPS_IMAGE") // on a laptop the locked requirements are the environment
	slices.Sort(t.Tracked)
	return t
}

// ends lists the steps that no step waits for: a model is judged when all is done.
func ends(tasks []Task) []string {
	waited := map[string]bool{}
	for i := range tasks {
		for _, before := range tasks[i].Needs {
			waited[before] = true
		}
	}
	var out []string
	for i := range tasks {
		if t := &tasks[i]; t.Role == Step && !waited[t.Name] {
			out = append(out, t.Name)
		}
	}
	slices.Sort(out)
	return out
}
