// Package execution writes the emitted module mlops/execution.py, with which
// orchestrators that are Python programs run a pipeline's tasks, and the literals that
// such a program hands to it. It knows Kubernetes v1 pods as far as that module builds
// them, and no orchestrator.
package execution

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

//go:embed programs/mlops/execution.py
var module []byte

// orchestrators are those whose pipelines run through the module.
var orchestrators = []string{"airflow", "dagster", "prefect"}

// Target writes the module when a pipeline needs it.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "execution" }

// Render writes mlops/execution.py.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	for _, pl := range p.Pipelines {
		if slices.Contains(orchestrators, p.Orchestrator(pl)) {
			return []tree.File{{Path: "mlops/execution.py", Data: module}}, nil
		}
	}
	return nil, nil
}

// Tasks writes the tasks of a pipeline as the lines of a Python dict, name → Task, in
// the order in which they run. Each line starts with indent.
func Tasks(p *spec.Project, g *taskgraph.Graph, indent string) (string, error) {
	w := call{indent: indent + "    "}
	for _, t := range g.Tasks {
		w.write(indent, w.literal(t.Name), ": ")
		w.task(p, t, indent)
		w.write(",\n")
		if w.err != nil {
			return "", fmt.Errorf("task %q: %w", t.Name, w.err)
		}
	}
	return w.b.String(), nil
}

// task writes a Python call that makes the execution.Task of a task, named Task in the
// caller's file. Lines after the first start with indent.
func (w *call) task(p *spec.Project, t taskgraph.Task, indent string) {
	w.write("Task(\n")
	w.value("name", t.Name)
	w.value("image", t.Image)
	w.list("command", commandOf(t))
	if t.Program() {
		w.value("program", true)
	}
	env := map[string]string{}
	for name, text := range t.Env {
		env[name] = written(text)
	}
	w.dict("env", env)
	secrets := map[string][2]string{}
	for name, key := range t.Secrets {
		secrets[name] = [2]string{p.SecretObject(key.Secret), key.Key}
	}
	w.pairs("secrets", secrets)
	w.list("tracked", t.Tracked)
	w.list("needs", t.Needs)
	inputs := map[string][2]string{}
	for _, in := range t.Inputs {
		inputs[in.Name] = [2]string{in.Task, in.Output}
	}
	w.pairs("inputs", inputs)
	outputs := map[string]string{}
	for _, out := range t.Outputs {
		outputs[out.Name] = FileName(out)
	}
	w.dict("outputs", outputs)
	w.list("params", t.Params)
	w.place(p, t)
	if t.Retries > 0 {
		w.value("retries", t.Retries)
	}
	if seconds := t.Timeout.Seconds(); seconds > 0 {
		w.value("timeout", seconds)
	}
	if t.Cache {
		w.value("cache", true)
	}
	w.write(indent, ")")
}

// FileName is what an output is called in the folder of its task.
func FileName(out taskgraph.Output) string {
	name := strings.TrimPrefix(out.Name, "mlops_")
	if out.File {
		return name + ".json"
	}
	return out.Name
}

func commandOf(t taskgraph.Task) []string {
	var out []string
	for _, arg := range t.Command {
		out = append(out, written(arg))
	}
	if t.Role == taskgraph.Data {
		out = append(out, "--link") // all tasks of a run see one file system
	}
	return out
}

// written is a text in the token language of the module.
func written(x taskgraph.Text) string {
	return x.Expand(func(p taskgraph.Part) string {
		switch p.Kind {
		case taskgraph.Param:
			return "$(params." + p.Text + ")"
		case taskgraph.InputPath:
			return "$(inputs." + p.Text + ")"
		case taskgraph.OutputPath:
			return "$(outputs." + p.Text + ")"
		case taskgraph.ConfigPath:
			return "$(config)"
		case taskgraph.RunID:
			return "$(run.id)"
		case taskgraph.RunURL:
			return "$(run.url)"
		default:
			return strings.ReplaceAll(p.Text, "$(", "$$(")
		}
	})
}

// place writes what the task asks of a node.
func (w *call) place(p *spec.Project, t taskgraph.Task) {
	requests, limits := map[string]string{}, map[string]string{}
	if t.Program() {
		requests["cpu"], requests["memory"], limits["memory"] = "100m", "512Mi", "2Gi"
	}
	if r := t.Resources; r != nil {
		if r.CPU != "" {
			requests["cpu"] = string(r.CPU)
		}
		if r.Memory != "" {
			requests["memory"], limits["memory"] = string(r.Memory), string(r.Memory)
		}
		if a := r.Accelerator; a != nil {
			count := strconv.FormatInt(a.Count, 10)
			requests[a.Resource()], limits[a.Resource()] = count, count
		}
	}
	selector, tolerations := p.Place(t.Resources, t.Pool)
	w.dict("requests", requests)
	w.dict("limits", limits)
	w.dict("node_selector", selector)
	if len(tolerations) > 0 {
		var out []map[string]string
		for _, toleration := range tolerations {
			out = append(out, tolerationOf(toleration))
		}
		w.value("tolerations", out)
	}
}

func tolerationOf(t spec.Toleration) map[string]string {
	out := map[string]string{}
	for key, value := range map[string]string{"key": t.Key, "operator": t.Operator, "value": t.Value, "effect": t.Effect} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}

// Cluster writes a Python call that makes the execution.Cluster of a pipeline.
func Cluster(p *spec.Project, pl *spec.Pipeline) (string, error) {
	w := call{indent: "    "}
	w.value("namespace", p.TrainingNamespace())
	w.value("service_account", p.ServiceAccount(pl))
	if b := p.Store(pl.Artifacts); b != nil {
		claim, mount := p.Claim(b.Name)
		w.value("claim", claim)
		w.value("mount", mount)
	}
	w.value("priority", p.TrainingPriority())
	w.value("user", spec.PodUser)
	w.value("programs_image", catalog.ProgramsImage)
	w.dict("labels", p.RunLabels(pl.Name))
	w.dict("annotations", p.Annotations())
	return "Cluster(\n" + w.b.String() + ")", w.err
}
