// Package argoworkflows writes pipelines for Argo Workflows: a WorkflowTemplate,
// its schedule and its rights for each pipeline, and the Helm values of the
// controller. It knows nothing of what the steps or the programs do. API:
// argoproj.io/v1alpha1 as of Argo Workflows v4.0.7 (manifests/base/crds/full); chart
// argo-workflows 1.0.18 (argoproj/argo-helm).
package argoworkflows

import (
	"embed"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes the pipelines that Argo Workflows runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "argoworkflows" }

//go:embed programs/mlops
var programs embed.FS

// Render writes pipelines/<pipeline>/, what all of them share, and the values of charts.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	used := false
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) != "argo_workflows" {
			continue
		}
		used = true
		w.faults = append(w.faults, faults(p, pl)...)
		w.pipeline(p, pl)
	}
	if used {
		w.faults = append(w.faults, braces(p)...)
		w.shared(p)
	}
	if components.Deploys(p, "argo_workflows") {
		w.add("platform/argo-workflows/values.yaml", values(p))
	}
	if argoevents.Deployed(p) {
		w.add("platform/argo-events/values.yaml", eventValues(p))
	}
	switch {
	case w.faults.Err() != nil:
		return nil, w.faults
	case w.err != nil:
		return nil, w.err
	}
	return w.files, nil
}

// writer gathers files and everything that is wrong.
type writer struct {
	files  []tree.File
	faults spec.Faults
	err    error
}

func (w *writer) file(path string, data []byte, err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: path, Data: data})
}

func (w *writer) add(path string, docs ...any) {
	data, err := encode.YAML(docs...)
	w.file(path, data, err)
}

// shared are the files that pipelines on Argo Workflows have in common.
func (w *writer) shared(p *spec.Project) {
	data, err := programs.ReadFile("programs/mlops/start_argo_workflows.py")
	w.file("mlops/start_argo_workflows.py", data, err)
	var b strings.Builder
	err = texts().ExecuteTemplate(&b, "argo_workflows.md.tmpl", guideOf(p))
	w.file("docs/argo_workflows.md", []byte(b.String()), err)
	if argoevents.Used(p) {
		w.add("pipelines/events.yaml", events(p)...)
	}
}

func (w *writer) pipeline(p *spec.Project, pl *spec.Pipeline) {
	dir := "pipelines/" + pl.Name + "/"
	resources := []string{"rbac.yaml", "workflowtemplate.yaml"}
	w.add(dir+"rbac.yaml", rights(p, pl)...)
	w.add(dir+"workflowtemplate.yaml", workflowTemplate(p, pl))
	if pl.Triggers.Schedule != nil {
		resources = append(resources, "cronworkflow.yaml")
		w.add(dir+"cronworkflow.yaml", cron(p, pl))
	}
	if made, used := sensorOf(p, pl); used {
		resources = append(resources, "sensor.yaml")
		w.add(dir+"sensor.yaml", made)
	}
	place, err := encode.JSON(address{Namespace: p.TrainingNamespace(), Version: 1, Template: pl.Name})
	w.file(dir+"argo.json", place, err)
	slices.Sort(resources)
	w.add(dir+"kustomization.yaml", kustomization{
		APIVersion: kustomizeAPI, Kind: "Kustomization", Namespace: p.TrainingNamespace(), Resources: resources,
		Generators: []configMapGenerator{{
			Name: configName(pl), Files: []string{"pipeline.json"},
			// The workflow names it, and kustomize does not rename inside of workflows.
			Options: generatorOptions{DisableNameSuffixHash: true, Labels: p.Labels(pl.Name), Annotations: p.Annotations()},
		}},
	})
}

// address is what mlops/start_argo_workflows.py must know beside pipeline.json.
type address struct {
	Namespace string `json:"namespace"`
	Version   int    `json:"version"`
	Template  string `json:"workflow_template"`
}

func configName(pl *spec.Pipeline) string { return "pipeline-" + pl.Name }

func meta(p *spec.Project, pl *spec.Pipeline) metadata {
	return metadata{Name: pl.Name, Namespace: p.TrainingNamespace(), Labels: p.Labels(pl.Name), Annotations: p.Annotations()}
}

// rights let the executor report results; a pipeline needs no others. The service
// account of an identity is another target's.
func rights(p *spec.Project, pl *spec.Pipeline) []any {
	m, off := meta(p, pl), false
	account := p.ServiceAccount(pl)
	out := []any{
		role{APIVersion: rbacAPI, Kind: "Role", Metadata: m, Rules: []rule{
			{APIGroups: []string{"argoproj.io"}, Resources: []string{"workflowtaskresults"}, Verbs: []string{"create", "patch"}},
		}},
		roleBinding{
			APIVersion: rbacAPI, Kind: "RoleBinding", Metadata: m,
			RoleRef:  roleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: pl.Name},
			Subjects: []subject{{Kind: "ServiceAccount", Name: account, Namespace: m.Namespace}},
		},
	}
	if account != pl.Name {
		return out
	}
	return append([]any{serviceAccount{APIVersion: "v1", Kind: "ServiceAccount", Metadata: m, Automount: &off}}, out...)
}

func cron(p *spec.Project, pl *spec.Pipeline) cronWorkflow {
	policy := map[string]string{"allow": "Allow", "forbid": "Forbid", "replace": "Replace"}
	return cronWorkflow{
		APIVersion: argoAPI, Kind: "CronWorkflow", Metadata: meta(p, pl),
		Spec: cronSpec{
			Schedules:                  []string{spec.SundayAsZero(pl.Triggers.Schedule.Cron)},
			Timezone:                   pl.Triggers.Schedule.Timezone,
			ConcurrencyPolicy:          policy[pl.Concurrency],
			StartingDeadlineSeconds:    600,
			SuccessfulJobsHistoryLimit: 3,
			FailedJobsHistoryLimit:     3,
			WorkflowSpec:               cronWorkflowSpec{Ref: templateRef{Name: pl.Name}},
		},
	}
}
