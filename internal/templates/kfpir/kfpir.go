// Package kfpir writes a pipeline's tasks in the intermediate representation that
// Kubeflow Pipelines and Vertex AI Pipelines run: ml_pipelines.PipelineSpec, schema
// 2.1.0 (kfp-pipeline-spec 2.17). Every output of a task is an artifact. It knows
// neither of the two systems: what they read differently is in Options.
package kfpir

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// RunID is the parameter of tasks whose command line names the run. The placeholder of
// the run's id is read in constants that tasks hand over, and nowhere else.
const RunID = "mlops_run_id"

const runUUID = "{{$.pipeline_job_uuid}}"

// Options are what the systems read differently.
type Options struct {
	// Literal writes text so that nothing between the file and the process reads
	// anything in it; last says that no placeholder follows. Nil: text stands as it is.
	Literal func(text string, last bool) string
	// Config is the path of the pipeline's pipeline.json, placeholders included.
	Config string
	// Variables are what a task gets beside its own variables; Fixed go into env first.
	Variables func(*taskgraph.Task) map[string]taskgraph.Text
	Fixed     []Variable
	// Leave says that a variable of a task is not written: the target has another way.
	Leave func(t *taskgraph.Task, variable string) bool
	// Parameters are those of the run that are not the user's, with the tasks' command lines that name them.
	Parameters map[string]Parameter
	// Resources are what a task asks for.
	Resources func(*taskgraph.Task) *Resources
	// MakeFolders wraps tasks so that the folders of their outputs are made first.
	MakeFolders bool
}

// Build writes the graph of a pipeline.
func Build(g *taskgraph.Graph, o Options) PipelineSpec {
	b := builder{g: g, o: o, parameters: parameters(g.Pipeline, o)}
	out := PipelineSpec{
		PipelineInfo: PipelineInfo{Name: g.Pipeline.Name}, SchemaVersion: "2.1.0", SDKVersion: "kfp-2.17.0",
		Components: map[string]Component{}, DeploymentSpec: Deployment{Executors: map[string]Executor{}},
		Root: Component{DAG: &DAG{Tasks: map[string]Task{}}},
	}
	if len(b.parameters) > 0 {
		out.Root.Inputs = &Inputs{Parameters: b.parameters}
	}
	for i := range g.Tasks {
		t := &g.Tasks[i]
		name := spec.K8sName(t.Name)
		command, env := b.line(t)
		reads := b.reads(command)
		out.Root.DAG.Tasks[name] = b.task(t, reads)
		out.Components["comp-"+name] = b.component(t, reads)
		out.DeploymentSpec.Executors[Executable(t)] = Executor{Container{Image: t.Image, Command: command, Env: env, Resources: b.resources(t)}}
	}
	return out
}

// Executable is the name of a task's executor.
func Executable(t *taskgraph.Task) string { return "exec-" + spec.K8sName(t.Name) }

type builder struct {
	g          *taskgraph.Graph
	o          Options
	parameters map[string]Parameter // of the run
}

var types = map[string]string{"string": "STRING", "number": "NUMBER_DOUBLE", "integer": "NUMBER_INTEGER", "boolean": "BOOLEAN"}

func parameters(pl *spec.Pipeline, o Options) map[string]Parameter {
	out := maps.Clone(o.Parameters)
	if out == nil {
		out = map[string]Parameter{}
	}
	for name, p := range pl.Parameters {
		out[name] = Parameter{Type: types[p.Type], Default: Value(p)}
	}
	return out
}

// Value is a parameter's default as a value of its type; nil when it has none.
func Value(p spec.Parameter) any {
	switch {
	case p.Default == nil:
		return nil
	case p.Type == "string":
		return *p.Default
	case p.Type == "boolean":
		return *p.Default == "true"
	}
	return number(*p.Default)
}

// number writes a number so that readers of YAML 1.1 take it for one too: Google's client
// reads JSON as YAML, for which 1e-3 is a text and 1.0e-3 is not.
func number(text string) encode.Decimal {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	if !scientific {
		return encode.Decimal(text)
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if !strings.HasPrefix(exponent, "-") && !strings.HasPrefix(exponent, "+") {
		exponent = "+" + exponent
	}
	return encode.Decimal(mantissa + "e" + exponent)
}

// reads are the parameters that a command line names, each with its type.
func (b builder) reads(command []string) map[string]string {
	out := map[string]string{}
	for _, arg := range command {
		for _, after, opened := strings.Cut(arg, inputOpens); opened; _, after, opened = strings.Cut(after, inputOpens) {
			name, _, closed := strings.Cut(after, inputCloses)
			p, is := b.parameters[name]
			switch {
			case !closed:
			case name == RunID:
				out[name] = "STRING"
			case is:
				out[name] = p.Type
			}
		}
	}
	return out
}

const inputOpens, inputCloses = "{{$.inputs.parameters['", "']}}"

// Input is the placeholder of a parameter.
func Input(parameter string) string { return inputOpens + parameter + inputCloses }

func (b builder) task(t *taskgraph.Task, reads map[string]string) Task {
	name := spec.K8sName(t.Name)
	out := Task{Info: Named{name}, Component: Named{"comp-" + name}, Caching: Caching{t.Cache}}
	in := TaskInputs{Parameters: map[string]TaskParameter{}, Artifacts: map[string]TaskArtifact{}}
	for parameter := range reads {
		in.Parameters[parameter] = TaskParameter{FromGraph: parameter}
		if parameter == RunID {
			in.Parameters[parameter] = TaskParameter{Runtime: &RuntimeValue{runUUID}}
		}
	}
	for _, need := range t.Needs {
		out.Needs = append(out.Needs, spec.K8sName(need))
	}
	for _, i := range t.Inputs {
		in.Artifacts[i.Name] = TaskArtifact{TaskOutput{spec.K8sName(i.Task), i.Output}}
		out.Needs = append(out.Needs, spec.K8sName(i.Task))
	}
	slices.Sort(out.Needs)
	out.Needs = slices.Compact(out.Needs)
	if len(in.Parameters)+len(in.Artifacts) > 0 {
		out.Inputs = &in
	}
	if t.Retries > 0 {
		out.Retry = &Retry{Max: t.Retries, Duration: "30s", Factor: "2", Cap: "600s"}
	}
	return out
}

func (b builder) component(t *taskgraph.Task, reads map[string]string) Component {
	out := Component{ExecutorLabel: Executable(t)}
	in := Inputs{Parameters: map[string]Parameter{}, Artifacts: map[string]Artifact{}}
	for name, kind := range reads {
		in.Parameters[name] = Parameter{Type: kind}
	}
	for _, i := range t.Inputs {
		in.Artifacts[i.Name] = b.artifact(i.Task, i.Output)
	}
	if len(in.Parameters)+len(in.Artifacts) > 0 {
		out.Inputs = &in
	}
	if len(t.Outputs) > 0 {
		out.Outputs = &Outputs{Artifacts: map[string]Artifact{}}
	}
	for _, o := range t.Outputs {
		out.Outputs.Artifacts[o.Name] = b.artifact(t.Name, o.Name)
	}
	return out
}

// artifact is the type of a task's output.
func (b builder) artifact(task, output string) Artifact {
	title := "system.Artifact"
	trains := b.g.Pipeline.Trains
	switch {
	case trains != nil && trains.Artifact == task+"."+output:
		title = "system.Model"
	case output == taskgraph.MetricsOutput:
		title = "system.Metrics"
	case task == taskgraph.DataTask && output != taskgraph.VersionsOutput:
		title = "system.Dataset"
	}
	return Artifact{ArtifactType{title, "0.0.1"}}
}

func (b builder) resources(t *taskgraph.Task) *Resources {
	if b.o.Resources == nil {
		return nil
	}
	return b.o.Resources(t)
}

// Cores and GB write a quantity as numbers of the old fields do.
func Cores(q spec.Quantity) encode.Decimal { return decimal(q, one) }

// GB is an amount of memory in 10^9 bytes.
func GB(q spec.Quantity) encode.Decimal { return decimal(q, billion) }

var one, billion = big.NewRat(1, 1), big.NewRat(1e9, 1)

func decimal(q spec.Quantity, unit *big.Rat) encode.Decimal {
	amount, ok := q.Rat()
	if !ok {
		return ""
	}
	text := amount.Quo(amount, unit).FloatString(12)
	return encode.Decimal(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// Accelerate asks for n accelerators of a type.
func Accelerate(kind string, n int64) *Accelerator { return &Accelerator{Type: kind, Count: count(n)} }
