package argoworkflows

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

//go:embed workspace.py
var workspaceProgram string

// node is one task of a pipeline in its project. A run has a folder in the bucket, and
// a task one in it.
type node struct {
	*taskgraph.Task
	g  *taskgraph.Graph
	p  *spec.Project
	pl *spec.Pipeline
}

// nodes lists the tasks in the order they run. Without a bucket there is no place for
// what programs write, and spec has seen that no step needs one.
func nodes(p *spec.Project, pl *spec.Pipeline) []node {
	g := taskgraph.Of(p, pl)
	var out []node
	if root(p, pl) != "" && g.Task(taskgraph.DataTask) == nil {
		out = append(out, node{&taskgraph.Task{Name: workspace, Role: taskgraph.Data, Image: programsImage, Env: map[string]taskgraph.Text{}}, g, p, pl})
	}
	for i := range g.Tasks {
		if t := &g.Tasks[i]; t.Role == taskgraph.Step || root(p, pl) != "" {
			out = append(out, node{t, g, p, pl})
		}
	}
	return out
}

// run is the folder of a run.
func run(p *spec.Project, pl *spec.Pipeline) string {
	return root(p, pl) + "/runs/" + pl.Name + "/{{workflow.name}}"
}

// root is where the pipeline's bucket is mounted; "" without a bucket.
func root(p *spec.Project, pl *spec.Pipeline) string {
	b := p.Store(pl.Artifacts)
	if b == nil {
		return ""
	}
	_, mount := p.Claim(b.Name)
	return mount
}

func config(pl *spec.Pipeline) string { return "/opt/mlops/pipelines/" + pl.Name + "/pipeline.json" }

// dir is the folder that the task writes to in this run.
func (n node) dir() string { return run(n.p, n.pl) + "/" + n.Name }

// file is what an output of a task is called in its folder.
func (n node) file(task, output string) string {
	for _, o := range n.g.Task(task).Outputs {
		if o.Name == output && o.File {
			return output + ".json"
		}
	}
	return output
}

// input is the path of an input. A step may have been taken from an earlier run, and
// says itself where its folder is; our own programs run every time.
func (n node) input(name string) string {
	in := n.Input(name)
	if n.g.Task(in.Task).Program() {
		return run(n.p, n.pl) + "/" + in.Task + "/" + n.file(in.Task, in.Output)
	}
	return "{{inputs.parameters." + fromStep(in.Task) + "}}/" + n.file(in.Task, in.Output)
}

// fromStep and fromData are inputs of templates: the folder that an earlier step
// wrote to, in this run or in the one that it was taken from, and the version of a
// dataset.
func fromStep(name string) string { return "from-" + spec.K8sName(name) }
func fromData(name string) string { return "data-" + name }

func dirOf(step string) string {
	return "{{tasks." + spec.K8sName(step) + ".outputs.parameters.dir}}"
}

func versionOf(dataset string) string {
	return "{{tasks." + taskgraph.DataTask + ".outputs.parameters." + dataset + "}}"
}

// datasets lists the datasets that the task reads, by name.
func (n node) datasets() []string {
	var names []string
	for _, in := range n.Inputs {
		if in.Task == taskgraph.DataTask && n.Role == taskgraph.Step {
			names = append(names, in.Output)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sources lists the steps whose folder the task must know: those it reads, and all
// it waits for when they decide whether it must run.
func (n node) sources() []string {
	if n.Cache {
		return n.pl.Before(n.Name)
	}
	var names []string
	for _, in := range n.Inputs {
		if !n.g.Task(in.Task).Program() {
			names = append(names, in.Task)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// arguments are what the task's template takes, with the templates that give it.
func (n node) arguments() []parameter {
	var out []parameter
	for _, name := range n.sources() {
		out = append(out, given(fromStep(name), dirOf(name)))
	}
	if n.Cache {
		for _, name := range n.datasets() {
			out = append(out, given(fromData(name), versionOf(name)))
		}
	}
	return out
}

// task is the task in the graph. first is the one that all others wait for, "" for none.
func (n node) task(first string) task {
	var depends []string
	for _, name := range n.Needs {
		depends = append(depends, spec.K8sName(name))
	}
	if len(depends) == 0 && first != "" && first != n.Name {
		depends = []string{first}
	}
	t := task{Name: spec.K8sName(n.Name), Template: spec.K8sName(n.Name), Depends: strings.Join(depends, " && ")}
	if args := n.arguments(); len(args) > 0 {
		t.Arguments = &parameters{Parameters: args}
	}
	return t
}

func (n node) template() template {
	t := template{
		Name: spec.K8sName(n.Name), Inputs: inputsFor(n.arguments()), Outputs: n.outputs(),
		ActiveDeadlineSeconds: n.Timeout.Seconds(),
		Container:             container{Image: n.Image, SecurityContext: restricted(n.Program())},
	}
	t.Container.Command, t.Container.Args = n.line()
	if n.Retries > 0 {
		// Always: a node that is taken away counts as an error, not as a failure.
		t.RetryStrategy = &retryStrategy{Limit: strconv.FormatInt(n.Retries, 10), RetryPolicy: "Always", Backoff: backoff{Duration: "30s", Factor: "2", Cap: "10m"}}
	}
	if n.Cache {
		t.Memoize = &memoize{Key: n.key(), MaxAge: n.maxAge(), Cache: cache{ConfigMap: named{Name: n.p.Platform.Name + "-" + n.pl.Name + "-cache"}}}
	}
	if root(n.p, n.pl) != "" {
		t.Container.VolumeMounts = []volumeMount{{Name: bucketVolume, MountPath: root(n.p, n.pl)}}
	}
	t.Container.Env = n.env()
	if n.Program() {
		t.Container.Resources = &resources{Requests: map[string]string{"cpu": "100m", "memory": "512Mi"}, Limits: map[string]string{"memory": "2Gi"}}
		t.Container.VolumeMounts = append(t.Container.VolumeMounts,
			volumeMount{Name: programsVolume, MountPath: "/opt/mlops/mlops", ReadOnly: true},
			volumeMount{Name: pipelineVolume, MountPath: "/opt/mlops/pipelines/" + n.pl.Name, ReadOnly: true},
			volumeMount{Name: tmpVolume, MountPath: "/tmp"})
		return t
	}
	t.place(n.p, n.Resources, n.Pool)
	return t
}

// line is the program and its arguments. The first task makes the folders of the run
// before it does what is its own.
func (n node) line() (command, args []string) {
	words := make([]string, len(n.Command))
	for i, x := range n.Command {
		words[i] = n.expand(x)
	}
	if n.Role != taskgraph.Data {
		return words[:1], words[1:]
	}
	args = []string{"-c", workspaceProgram, "--run", run(n.p, n.pl)}
	for i := range n.g.Tasks {
		if t := n.g.Tasks[i]; t.Role != taskgraph.Data {
			args = append(args, "--folder", t.Name)
		}
	}
	if len(words) > 0 {
		args = append(args, "--versions", n.dir()+"/"+n.file(n.Name, taskgraph.VersionsOutput), "--")
		args = append(append(args, words[3:]...), "--link") // without python -m mlops.data
	}
	return []string{"python"}, args
}

// outputs are what later tasks are told: where a step's folder is, which version a
// dataset has.
func (n node) outputs() *parameters {
	if n.Role == taskgraph.Step {
		return &parameters{Parameters: []parameter{given("dir", n.dir())}}
	}
	var out parameters
	for _, o := range n.Outputs {
		if n.Role == taskgraph.Data && !o.File {
			out.Parameters = append(out.Parameters, parameter{Name: o.Name, ValueFrom: &valueFrom{Path: "/tmp/" + o.Name}})
		}
	}
	if len(out.Parameters) == 0 {
		return nil
	}
	return &out
}
