package azureml

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

const schemas = "https://azuremlschemas.azureedge.net/latest/"

// done is the output that says only that a task has ended; root is the input that is the
// bucket.
const (
	done = "mlops_done"
	root = "mlops_root"
)

// builder writes one pipeline.
type builder struct {
	p     *spec.Project
	pl    *spec.Pipeline
	graph *taskgraph.Graph
}

// ident makes a name of the configuration one of Azure ML's.
func ident(name string) string { return strings.ReplaceAll(name, "-", "_") }

// after is the input that makes a task wait for another.
func after(task string) string { return "mlops_after_" + ident(task) }

// datastore is the pipeline's bucket as the workspace knows it.
func (b builder) datastore() string {
	if store := b.p.Store(b.pl.Artifacts); store != nil {
		return ident(store.Name)
	}
	return "workspaceblobstore"
}

func (b builder) pipeline() pipeline {
	out := pipeline{
		Schema: schemas + "pipelineJob.schema.json", Type: "pipeline", DisplayName: b.pl.Name, Experiment: b.p.Platform.Name + "-" + b.pl.Name, Tags: b.tags(),
		Settings: settings{Compute: "serverless", Datastore: "azureml:" + b.datastore()},
	}
	if b.pl.Identity != "" {
		out.Identity = &identity{"managed_identity"}
	}
	for _, name := range slices.Sorted(maps.Keys(b.pl.Parameters)) {
		out.Inputs = append(out.Inputs, encode.Pair{Key: ident(name), Value: value(b.pl.Parameters[name])})
	}
	if len(b.graph.Reads) > 0 {
		out.Inputs = append(out.Inputs, encode.Pair{Key: root, Value: data{Type: "uri_folder", Path: "azureml://datastores/" + b.datastore() + "/paths/", Mode: "ro_mount"}})
	}
	for _, t := range b.graph.Tasks {
		out.Jobs = append(out.Jobs, encode.Pair{Key: ident(t.Name), Value: b.node(t)})
	}
	return out
}

// value is the default of a parameter. A boolean is a text: Azure ML would write its own
// spelling into a command line.
func value(p spec.Parameter) any {
	switch {
	case p.Default == nil:
		return ""
	case p.Type == "boolean":
		return *p.Default
	}
	return p.Value()
}

func (b builder) tags() map[string]string {
	out := maps.Clone(b.p.Tags)
	out["mlops-platform"], out["mlops-pipeline"], out["mlops-owner"] = b.p.Platform.Name, b.pl.Name, b.p.Platform.Owner
	if b.pl.Identity != "" {
		out["mlops-identity"] = b.pl.Identity
	}
	return out
}

// node binds a component into the graph.
func (b builder) node(t taskgraph.Task) node {
	instance, _ := instanceFor(t.Resources)
	out := node{Type: "command", Component: "file:./components/" + ident(t.Name) + ".yml", Resources: resources{instance.Name, 1}}
	for _, name := range t.Params {
		out.Inputs = append(out.Inputs, encode.Pair{Key: "param_" + ident(name), Value: "${{parent.inputs." + ident(name) + "}}"})
	}
	for _, in := range t.Inputs {
		out.Inputs = append(out.Inputs, encode.Pair{Key: "in_" + ident(in.Name), Value: binding(in.Task, "out_"+ident(in.Output))})
	}
	for _, need := range b.orders(t) {
		out.Inputs = append(out.Inputs, encode.Pair{Key: after(need), Value: binding(need, done)})
	}
	if t.Role == taskgraph.Data {
		out.Inputs = append(out.Inputs, encode.Pair{Key: root, Value: "${{parent.inputs." + root + "}}"})
	}
	if seconds := t.Timeout.Seconds(); seconds > 0 {
		out.Limits = &limits{seconds}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Env)) {
		if text, plain := t.Env[name].Plain(); plain {
			out.Env = append(out.Env, encode.Pair{Key: name, Value: text})
		}
	}
	if t.Program() {
		out.Env = append(out.Env, encode.Pair{Key: "PYTHONDONTWRITEBYTECODE", Value: "1"})
	}
	return out
}

func binding(task, output string) string {
	return "${{parent.jobs." + ident(task) + ".outputs." + output + "}}"
}

// orders lists the tasks that a task waits for without reading from them.
func (b builder) orders(t taskgraph.Task) []string {
	var out []string
	for _, need := range t.Needs {
		if !slices.ContainsFunc(t.Inputs, func(in taskgraph.Input) bool { return in.Task == need }) {
			out = append(out, need)
		}
	}
	return out
}

// awaited reports whether another task waits for this one without reading from it.
func (b builder) awaited(t taskgraph.Task) bool {
	return slices.ContainsFunc(b.graph.Tasks, func(other taskgraph.Task) bool { return slices.Contains(b.orders(other), t.Name) })
}

func (b builder) component(t taskgraph.Task) component {
	out := component{
		Schema: schemas + "commandComponent.schema.json", Type: "command", Name: ident(b.p.Platform.Name + "_" + b.pl.Name + "_" + t.Name), DisplayName: t.Name,
		Deterministic: t.Cache, Environment: environment{t.Image}, Command: b.command(t),
	}
	folder := declared{Type: "uri_folder"}
	for _, name := range t.Params {
		kind := b.pl.Parameters[name].Type
		if kind == "boolean" {
			kind = "string"
		}
		out.Inputs = append(out.Inputs, encode.Pair{Key: "param_" + ident(name), Value: declared{Type: kind}})
	}
	for _, in := range t.Inputs {
		out.Inputs = append(out.Inputs, encode.Pair{Key: "in_" + ident(in.Name), Value: folder})
	}
	for _, need := range b.orders(t) {
		out.Inputs = append(out.Inputs, encode.Pair{Key: after(need), Value: folder})
	}
	if t.Role == taskgraph.Data {
		out.Inputs = append(out.Inputs, encode.Pair{Key: root, Value: folder})
	}
	for _, o := range t.Outputs {
		out.Outputs = append(out.Outputs, encode.Pair{Key: "out_" + ident(o.Name), Value: folder})
	}
	if b.awaited(t) {
		out.Outputs = append(out.Outputs, encode.Pair{Key: done, Value: folder})
	}
	if t.Program() {
		out.Code = "../../../.."
	}
	return out
}

// command is a line for bash. What a run fills in stands in single quotes, and check has
// refused what would end them.
func (b builder) command(t taskgraph.Task) string {
	var words []string
	var env []string
	for _, name := range slices.Sorted(maps.Keys(t.Env)) {
		if _, plain := t.Env[name].Plain(); !plain {
			env = append(env, name+"="+b.word(t, t.Env[name]))
		}
	}
	if t.Program() {
		env = append(env, "PYTHONPATH=.")
		if t.Role == taskgraph.Data {
			env = append(env, "MLOPS_DATA_ROOT='${{inputs."+root+"}}'")
		}
	}
	if len(env) > 0 {
		words = append(append(words, "env"), env...)
	}
	for _, arg := range t.Command {
		words = append(words, b.word(t, arg))
	}
	line := strings.Join(words, " ")
	if t.Retries > 0 {
		line = "for wait in " + strings.Repeat("30 ", int(t.Retries)) + "last; do " + line + " && break; code=$?; test $wait != last || exit $code; sleep $wait; done"
	}
	if b.awaited(t) {
		line += " && echo done > '${{outputs." + done + "}}/done'"
	}
	return line
}

// word writes an argument as one word of bash.
func (b builder) word(t taskgraph.Task, x taskgraph.Text) string {
	if len(x) == 0 {
		return "''"
	}
	return x.Expand(func(p taskgraph.Part) string {
		switch p.Kind {
		case taskgraph.Param:
			return "'${{inputs.param_" + ident(p.Text) + "}}'"
		case taskgraph.InputPath:
			return "'${{inputs.in_" + ident(p.Text) + "}}/" + taskgraph.FileName(t.Input(p.Text).Output) + "'"
		case taskgraph.OutputPath:
			return "'${{outputs.out_" + ident(p.Text) + "}}/" + taskgraph.FileName(p.Text) + "'"
		case taskgraph.ConfigPath:
			return "pipelines/" + b.pl.Name + "/pipeline.json"
		case taskgraph.RunID:
			return `"${AZUREML_ROOT_RUN_ID:-$AZUREML_RUN_ID}"`
		case taskgraph.RunURL:
			return `"${MLOPS_RUN_URL:-}"`
		default:
			return encode.Shell(p.Text)
		}
	})
}
