package argoworkflows

import (
	"maps"
	"slices"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
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
			PodMetadata:        objectMeta{Labels: p.RunLabels(pl.Name), Annotations: p.Annotations()},
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
	if root(p, pl) == "" {
		return out
	}
	return append(out,
		volume{Name: programsVolume, ConfigMap: &named{Name: "mlops-programs"}},
		volume{Name: pipelineVolume, ConfigMap: &named{Name: configName(pl)}},
		volume{Name: tmpVolume, EmptyDir: &emptyDir{SizeLimit: "1Gi"}},
	)
}

// graph is the DAG and a template for each of its tasks.
func graph(p *spec.Project, pl *spec.Pipeline) []any {
	var tasks []task
	var leaves []any
	first := ""
	for _, n := range nodes(p, pl) {
		if n.Role == taskgraph.Data {
			first = n.Name
		}
		tasks = append(tasks, n.task(first))
		leaves = append(leaves, n.template())
	}
	return append([]any{dagTemplate{Name: entrypoint, DAG: dag{Tasks: tasks}}}, leaves...)
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
