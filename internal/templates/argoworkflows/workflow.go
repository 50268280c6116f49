package argoworkflows

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const (
	bucketVolume   = "bucket"
	programsVolume = "programs"
	pipelineVolume = "pipeline"
	tmpVolume      = "tmp"
)

func workflowTemplate(p *spec.Project, pl *spec.Pipeline) workflow {
	on := true
	labels := p.Labels(pl.Name)
	w := workflow{
		APIVersion: argoAPI, Kind: "WorkflowTemplate", Metadata: meta(p, pl),
		Spec: workflowSpec{
			Entrypoint:         entrypoint,
			Arguments:          arguments(pl),
			ServiceAccountName: p.ServiceAccount(pl),
			Automount:          &on, // the executor beside each step reports with it
			SecurityContext:    podSecurity(),
			PriorityClassName:  p.TrainingPriority(),
			Deadline:           pl.Timeout.Seconds(),
			PodGC:              podGC{Strategy: "OnWorkflowSuccess"}, // pods of a run that failed stay for their logs
			TTL:                ttl{Success: 7 * 24 * 3600, Failure: 14 * 24 * 3600},
			WorkflowMetadata:   objectMeta{Labels: labels, Annotations: p.Annotations()},
			PodMetadata:        objectMeta{Labels: labels, Annotations: p.Annotations()},
			Volumes:            volumes(p, pl),
			Templates:          graph(p, pl),
		},
	}
	if pl.Concurrency != "allow" {
		// It covers runs that people start too; these wait for the one before.
		w.Spec.Synchronization = &synchronization{Mutexes: []named{{Name: pl.Name}}}
	}
	return w
}

func arguments(pl *spec.Pipeline) *parameters {
	var out parameters
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		from := pl.Parameters[name]
		made := parameter{Name: name, Value: from.Default}
		if from.Type == "boolean" {
			made.Enum = []string{"true", "false"}
		}
		made.Description = from.Type
		out.Parameters = append(out.Parameters, made)
	}
	if len(out.Parameters) == 0 {
		return nil
	}
	return &out
}

func volumes(p *spec.Project, pl *spec.Pipeline) []volume {
	var out []volume
	if b := p.Store(pl.Artifacts); b != nil {
		claim, _ := p.Claim(b.Name)
		out = append(out, volume{Name: bucketVolume, Claim: &claimSource{ClaimName: claim}})
	}
	if len(ours(p, pl)) == 0 {
		return out
	}
	return append(out,
		volume{Name: programsVolume, ConfigMap: &named{Name: "mlops-programs"}},
		volume{Name: pipelineVolume, ConfigMap: &named{Name: configName(pl)}},
		volume{Name: tmpVolume, EmptyDir: &emptyDir{SizeLimit: "1Gi"}},
	)
}

// graph is the DAG, the steps of the pipeline, and ours around them.
func graph(p *spec.Project, pl *spec.Pipeline) []any {
	var tasks []task
	var leaves []any
	first := ""
	for _, o := range ours(p, pl) {
		if o.late {
			continue
		}
		tasks = append(tasks, newTask(o.template.Name, list(first), o.arguments))
		leaves = append(leaves, o.template)
		first = o.template.Name
	}
	for _, s := range steps(p, pl) {
		tasks = append(tasks, s.task(first))
		leaves = append(leaves, s.template())
	}
	after := ends(pl)
	for _, o := range ours(p, pl) {
		if o.late {
			tasks = append(tasks, newTask(o.template.Name, after, o.arguments))
			leaves = append(leaves, o.template)
			after = []string{o.template.Name}
		}
	}
	return append([]any{dagTemplate{Name: entrypoint, DAG: dag{Tasks: tasks}}}, leaves...)
}

// ends lists the steps that no step waits for: a model is judged when all is done.
func ends(pl *spec.Pipeline) []string {
	waited := map[string]bool{}
	for _, name := range pl.StepNames() {
		for _, before := range pl.Before(name) {
			waited[before] = true
		}
	}
	var out []string
	for _, name := range pl.StepNames() {
		if !waited[name] {
			out = append(out, spec.K8sName(name))
		}
	}
	slices.Sort(out)
	return out
}

func list(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func newTask(name string, depends []string, args []parameter) task {
	t := task{Name: name, Template: name, Depends: strings.Join(depends, " && ")}
	if len(args) > 0 {
		t.Arguments = &parameters{Parameters: args}
	}
	return t
}

func given(name, value string) parameter { return parameter{Name: name, Value: &value} }

// inputsFor declares what args hands over.
func inputsFor(args []parameter) *parameters {
	if len(args) == 0 {
		return nil
	}
	var out parameters
	for _, a := range args {
		out.Parameters = append(out.Parameters, parameter{Name: a.Name})
	}
	return &out
}

// podSecurity makes one user of all pods, whatever their image: they share files.
func podSecurity() podSecurityContext {
	return podSecurityContext{
		RunAsNonRoot: true, RunAsUser: spec.PodUser, RunAsGroup: spec.PodUser, FSGroup: spec.PodUser,
		FSGroupChangePolicy: "OnRootMismatch", SeccompProfile: seccomp{Type: "RuntimeDefault"},
	}
}

func restricted(readOnly bool) securityContext {
	return securityContext{Capabilities: capabilities{Drop: []string{"ALL"}}, ReadOnlyRootFilesystem: readOnly}
}

// place writes what a step asks of a node.
func (t *template) place(p *spec.Project, r *spec.Resources, pool string) {
	selector, tolerations := p.Place(r, pool)
	if len(selector) > 0 {
		t.NodeSelector = selector
	}
	t.Tolerations = tolerations
	if r == nil {
		return
	}
	out := resources{Requests: map[string]string{}, Limits: map[string]string{}}
	if r.CPU != "" {
		out.Requests["cpu"] = string(r.CPU)
	}
	if r.Memory != "" {
		out.Requests["memory"], out.Limits["memory"] = string(r.Memory), string(r.Memory)
	}
	if a := r.Accelerator; a != nil {
		count := strconv.FormatInt(a.Count, 10)
		out.Requests[a.Resource()], out.Limits[a.Resource()] = count, count
	}
	t.Container.Resources = &out
}

// defineBrace sets the variable that literal and value use. It stands first: the
// kubelet expands only variables that stand before.
func (t *template) defineBrace() {
	t.Container.Env = slices.Insert(t.Container.Env, 0, envVar{Name: brace, Value: "{"})
}
