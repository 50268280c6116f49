// Package cluster writes what pipelines need in the training namespace whatever
// orchestrator runs their pods: their service accounts, their settings as ConfigMaps,
// the rights of the orchestrator, and the list that joins their folders. It knows no
// orchestrator's own objects. APIs: v1, rbac.authorization.k8s.io/v1,
// kustomize.config.k8s.io/v1beta1.
package cluster

import (
	"maps"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes the folders' common part.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "cluster" }

// runner is the service account with which an orchestrator starts pods of ours.
type runner struct{ namespace, account string }

// runners are the orchestrators that start the pods of a pipeline themselves, from a
// namespace of their own. Names are those of the pinned charts.
var runners = map[string]runner{
	"airflow": {"airflow", "airflow-worker"},
	"dagster": {"dagster", "dagster"},
	"prefect": {"prefect", "prefect-worker"},
}

// Render writes pipelines/kustomization.yaml, and for each pipeline whose folder is not
// the orchestrator's own its kustomization and service account.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	resources := []string{"../mlops"}
	used := map[string]bool{}
	for _, pl := range p.Pipelines {
		orchestrator := p.Orchestrator(pl)
		if !taskgraph.Inside(orchestrator) {
			continue
		}
		resources = append(resources, pl.Name)
		used[orchestrator] = true
		if orchestrator != "argo_workflows" {
			w.pipeline(p, pl)
		}
	}
	if len(used) == 0 {
		return nil, nil
	}
	for _, orchestrator := range slices.Sorted(maps.Keys(used)) {
		if r, starts := runners[orchestrator]; starts {
			name := "run-by-" + orchestrator + ".yaml"
			resources = append(resources, name)
			w.add("pipelines/"+name, rights(p, orchestrator, r)...)
		}
	}
	if argoevents.Used(p) {
		resources = append(resources, "events.yaml")
	}
	slices.Sort(resources[1:])
	w.add("pipelines/kustomization.yaml", kustomization{APIVersion: kustomizeAPI, Kind: "Kustomization", Namespace: p.TrainingNamespace(), Resources: resources})
	return w.files, w.err
}

// writer gathers files and the first error.
type writer struct {
	files []tree.File
	err   error
}

func (w *writer) add(path string, docs ...any) {
	data, err := encode.YAML(docs...)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: path, Data: data})
}

func (w *writer) pipeline(p *spec.Project, pl *spec.Pipeline) {
	dir := "pipelines/" + pl.Name + "/"
	k := kustomization{
		APIVersion: kustomizeAPI, Kind: "Kustomization", Namespace: p.TrainingNamespace(),
		Generators: []generator{{
			Name: "pipeline-" + pl.Name, Files: []string{"pipeline.json"},
			// Tasks name it, and kustomize does not rename inside of programs.
			Options: generatorOptions{DisableNameSuffixHash: true, Labels: p.Labels(pl.Name), Annotations: p.Annotations()},
		}},
	}
	if p.ServiceAccount(pl) == pl.Name {
		k.Resources = []string{"serviceaccount.yaml"}
		w.add(dir+"serviceaccount.yaml", serviceAccount{APIVersion: "v1", Kind: "ServiceAccount", Metadata: meta(p, pl.Name)})
	}
	w.add(dir+"kustomization.yaml", k)
}

func meta(p *spec.Project, name string) metadata {
	return metadata{Name: name, Namespace: p.TrainingNamespace(), Labels: p.Labels(name), Annotations: p.Annotations()}
}

// rights let an orchestrator start, watch, read and remove pods in the training namespace.
func rights(p *spec.Project, orchestrator string, r runner) []any {
	m := meta(p, "run-by-"+orchestrator)
	return []any{
		role{APIVersion: rbacAPI, Kind: "Role", Metadata: m, Rules: []rule{
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"create", "delete", "get", "list", "patch", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
			{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list"}},
		}},
		roleBinding{
			APIVersion: rbacAPI, Kind: "RoleBinding", Metadata: m,
			RoleRef:  roleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: m.Name},
			Subjects: []subject{{Kind: "ServiceAccount", Name: r.account, Namespace: r.namespace}},
		},
	}
}
