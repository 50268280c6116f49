package argoworkflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const metrics = "metrics.json"

// keepHours is how long the outputs of a step are taken for those of an equal one.
const keepHours = 720

// step is one step of a pipeline in its project.
type step struct {
	spec.Step
	p    *spec.Project
	pl   *spec.Pipeline
	name string
}

func steps(p *spec.Project, pl *spec.Pipeline) []step {
	var out []step
	for _, name := range pl.StepNames() {
		out = append(out, step{Step: pl.Steps[name], p: p, pl: pl, name: name})
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

// dir is the folder that the step writes to.
func (s step) dir() string { return run(s.p, s.pl) + "/" + s.name }

// input is the path of an input, "STEP.OUTPUT" or "dataset.NAME".
func (s step) input(from string) string {
	source, output, _ := strings.Cut(from, ".")
	if source == "dataset" {
		return dataset(s.p, s.pl, output)
	}
	return "{{inputs.parameters." + fromStep(source) + "}}/" + output
}

func dataset(p *spec.Project, pl *spec.Pipeline, name string) string {
	if d := p.Dataset(name); d.Local != nil {
		return root(p, pl) + "/" + d.Local.Path
	}
	return run(p, pl) + "/" + dataCheck + "/" + name
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
	return "{{tasks." + workspace + ".outputs.parameters." + dataset + "}}"
}

func (s step) cached() bool { return *s.Cache }

// datasets lists the datasets that the step reads, by name.
func (s step) datasets() []string {
	var names []string
	for _, from := range s.Inputs {
		if source, name, _ := strings.Cut(from, "."); source == "dataset" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sources lists the steps whose folder the step must know: those it reads, and all
// it waits for when they decide whether it must run.
func (s step) sources() []string {
	if s.cached() {
		return s.pl.Before(s.name)
	}
	var names []string
	for _, from := range s.Inputs {
		if source, _, _ := strings.Cut(from, "."); source != "dataset" {
			names = append(names, source)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// arguments are what the step's template takes, with the templates that give it.
func (s step) arguments() []parameter {
	var out []parameter
	for _, name := range s.sources() {
		out = append(out, given(fromStep(name), dirOf(name)))
	}
	if s.cached() {
		for _, name := range s.datasets() {
			out = append(out, given(fromData(name), versionOf(name)))
		}
	}
	return out
}

func (s step) task(first string) task {
	var depends []string
	for _, name := range s.pl.Before(s.name) {
		depends = append(depends, spec.K8sName(name))
	}
	if len(depends) == 0 && first != "" {
		depends = []string{first}
	}
	return newTask(spec.K8sName(s.name), depends, s.arguments())
}

func (s step) template() template {
	t := template{
		Name: spec.K8sName(s.name), Inputs: inputsFor(s.arguments()),
		Outputs:               &parameters{Parameters: []parameter{given("dir", s.dir())}},
		ActiveDeadlineSeconds: s.Timeout.Seconds(),
		Container: container{
			Image: s.pl.ImageOf(s.name), Command: s.expandAll(s.Command), Args: s.expandAll(s.Args),
			SecurityContext: restricted(false),
		},
	}
	if s.Retries > 0 {
		// Always: a node that is taken away counts as an error, not as a failure.
		t.RetryStrategy = &retryStrategy{Limit: strconv.FormatInt(s.Retries, 10), RetryPolicy: "Always", Backoff: backoff{Duration: "30s", Factor: "2", Cap: "10m"}}
	}
	if s.cached() {
		t.Memoize = &memoize{Key: s.key(), MaxAge: s.maxAge(), Cache: cache{ConfigMap: named{Name: s.p.Platform.Name + "-" + s.pl.Name + "-cache"}}}
	}
	if root(s.p, s.pl) != "" {
		t.Container.VolumeMounts = []volumeMount{{Name: bucketVolume, MountPath: root(s.p, s.pl)}}
	}
	t.place(s.p, s.Resources, s.Pool)
	t.Container.Env = s.env()
	t.defineBrace()
	return t
}

// key names everything that the outputs of a step depend on.
func (s step) key() string {
	parts := []string{"'" + s.hash() + "'"}
	for _, name := range s.Reads() {
		parts = append(parts, "workflow.parameters['"+name+"']")
	}
	for _, a := range s.arguments() {
		parts = append(parts, "inputs.parameters['"+a.Name+"']")
	}
	return spec.K8sName(s.name) + "-{{=sprig.sha256sum(toJson([" + strings.Join(parts, ", ") + "]))}}"
}

// hash is of what stands in the configuration; what a run adds is in key.
func (s step) hash() string {
	body, err := json.Marshal(struct {
		Name, Image string
		Command     []string
		Args        []string
		Inputs      map[string]string
		Outputs     []string
		Env         map[string]string
		SecretEnv   map[string]spec.SecretKey
	}{s.name, s.pl.ImageOf(s.name), s.Command, s.Args, s.Inputs, s.Outputs, s.Env, s.SecretEnv})
	if err != nil {
		panic(fmt.Sprintf("a step is plain text: %v", err))
	}
	return spec.Hash(string(body))[:16]
}

// maxAge ends well before a lifecycle rule of the bucket removes what was kept.
func (s step) maxAge() string {
	hours := int64(keepHours)
	if b := s.p.Store(s.pl.Artifacts); b != nil {
		for _, rule := range b.Lifecycle {
			below := "runs/" + s.pl.Name + "/"
			hit := strings.HasPrefix(below, rule.Prefix) || strings.HasPrefix(rule.Prefix, below)
			if hit && rule.ExpireAfterDays > 0 {
				hours = min(hours, rule.ExpireAfterDays*12)
			}
		}
	}
	return strconv.FormatInt(hours, 10) + "h"
}

func (s step) env() []envVar {
	vars := plain(tracking(s.p, s.pl))
	vars["HOME"] = envVar{Name: "HOME", Value: "/tmp"} // the user of the pods has no home in a team's image
	for name, text := range s.Env {
		vars[name] = envVar{Name: name, Value: s.expand(text)}
	}
	for name, from := range s.SecretEnv {
		vars[name] = secretVar(s.p, name, from)
	}
	return append(credentials(s.p, s.pl, vars), sorted(vars)...)
}
