// Package taskgraph turns a pipeline into the tasks that every orchestrator runs: the
// data check, the team's steps, the gate and the registration, each with its command
// line in parts that a target rewrites into its own placeholders. It knows no
// orchestrator: not where files lie, not how a run is named.
package taskgraph

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Names of the tasks that are not the team's.
const (
	DataTask     = "mlops-data" // fetches the datasets, writes their versions down, checks their columns
	GateTask     = "gate"
	RegisterTask = "register"
)

// Names of files that tasks hand on beside the outputs of steps.
const (
	MetricsOutput  = "metrics"        // of the steps that write $(metrics): one JSON object
	VersionsOutput = "mlops_versions" // of DataTask: one JSON object, dataset → version; no dataset can have this name
	VerdictOutput  = "verdict"        // of GateTask
	ResultOutput   = "result"         // of RegisterTask: the version that was registered
)

// Role says what a task is.
type Role int

// The roles, in the order in which they run.
const (
	Data Role = iota
	Step
	Gate
	Register
)

// Graph is a pipeline's tasks, each after those it needs.
type Graph struct {
	Pipeline *spec.Pipeline
	Tasks    []Task
	Reads    []string // the datasets that the pipeline reads, by name
}

// Task is one command in one image.
type Task struct {
	Name    string // unique in the graph, also when written as spec.K8sName
	Role    Role
	Image   string
	Command []Text                    // the whole command line; the first is the program
	Env     map[string]Text           // without secrets
	Secrets map[string]spec.SecretKey // variable → key of a secret
	Tracked []string                  // the variables of Env and Secrets that only a cluster needs set, by name: a run on a laptop brings its own tracker
	Needs   []string                  // tasks that must have ended well, by name
	Inputs  []Input                   // what it reads, by Name
	Outputs []Output                  // what it writes, by Name
	Params  []string                  // the parameters that its command line and environment read, by name

	Resources *spec.Resources // nil: the target's default for programs or steps
	Pool      string          // the name of an mlops_gpu_pool, or ""
	Retries   int64
	Timeout   spec.Duration // "" is none
	Cache     bool          // an equal task's outputs may be taken instead of running it
}

// Input is a path that a task reads: an output of another task.
type Input struct {
	Name   string // as the command line calls it
	Task   string
	Output string
}

// Output is a path that a task writes.
type Output struct {
	Name string
	File bool // a single JSON file of ours; else whatever the step makes there, file or folder
}

// Text is an argument or the value of a variable, in parts.
type Text []Part

// Part is a piece of a Text.
type Part struct {
	Kind PartKind
	Text string // the text itself, or the name of what the kind says
}

// PartKind says how a target writes a part.
type PartKind int

// The kinds of parts.
const (
	Literal    PartKind = iota // text as the user wrote it, with every engine's brackets
	Param                      // the value of the parameter called Text
	InputPath                  // the path of the task's input called Text
	OutputPath                 // the path of the task's output called Text
	ConfigPath                 // the path of pipelines/<pipeline>/pipeline.json
	RunID                      // what the orchestrator calls this run
	RunURL                     // where this run can be looked at; "" is a valid answer
)

// Task returns the task called name, or nil.
func (g *Graph) Task(name string) *Task {
	for i := range g.Tasks {
		if g.Tasks[i].Name == name {
			return &g.Tasks[i]
		}
	}
	return nil
}

// Input returns the input called name; the zero Input when there is none.
func (t *Task) Input(name string) Input {
	for _, in := range t.Inputs {
		if in.Name == name {
			return in
		}
	}
	return Input{}
}

// Program reports whether the task is one of ours: it runs Python modules of the
// emitted folder mlops/, which the target must bring into its image.
func (t *Task) Program() bool { return t.Role != Step }

// Plain returns the text when all of it is literal.
func (x Text) Plain() (string, bool) {
	out := ""
	for _, p := range x {
		if p.Kind != Literal {
			return "", false
		}
		out += p.Text
	}
	return out, true
}

// Expand writes the text with the target's form of each part.
func (x Text) Expand(write func(Part) string) string {
	out := ""
	for _, p := range x {
		out += write(p)
	}
	return out
}

// Inside reports whether an orchestrator runs a pipeline's pods in the platform's
// training namespace. The others run them in a cloud's own service.
func Inside(orchestrator string) bool {
	return slices.Contains([]string{"airflow", "argo_workflows", "dagster", "kubeflow_pipelines", "prefect"}, orchestrator)
}

// FileName is what the output called output is called in a folder of its own: files of
// ours say that they are JSON.
func FileName(output string) string {
	if slices.Contains([]string{MetricsOutput, VersionsOutput, VerdictOutput, ResultOutput}, output) {
		return output + ".json"
	}
	return output
}
