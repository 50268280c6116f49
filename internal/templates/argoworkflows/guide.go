package argoworkflows

import (
	"embed"
	"sync"
	text "text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
)

//go:embed argo_workflows.md.tmpl
var guides embed.FS

var texts = sync.OnceValue(func() *text.Template { return text.Must(text.ParseFS(guides, "*.tmpl")) })

// guide is what docs/argo_workflows.md says. Names are labels.
type guide struct {
	Namespace, Version, EventsVersion string
	Existing, EventsExisting          bool
	Pipelines                         []string
	Secret, Key                       string
	Data, Drift                       []hook
}

// hook is a webhook, and what starts when it is called.
type hook struct {
	Name, URL, Kind string
	Pipelines       []string
}

func guideOf(p *spec.Project) guide {
	g := guide{
		Namespace: p.TrainingNamespace(), Version: catalog.ArgoWorkflows.Version, EventsVersion: catalog.ArgoEvents.Version,
		Existing: p.Platform.Packages["argo_workflows"].Existing, EventsExisting: p.Platform.Packages["argo_events"].Existing,
		Secret: argoevents.Secret, Key: argoevents.Key,
	}
	started := func(by func(*spec.Triggers) bool) []string {
		var names []string
		for _, pl := range p.Pipelines {
			if p.Orchestrator(pl) == "argo_workflows" && by(pl.Triggers) {
				names = append(names, pl.Name)
			}
		}
		return names
	}
	g.Pipelines = started(func(*spec.Triggers) bool { return true })
	for _, name := range argoevents.Datasets(p) {
		g.Data = append(g.Data, hook{name, argoevents.DataURL(p, name), kindOf(p.Dataset(name)), started(func(t *spec.Triggers) bool { return t.Data != nil && t.Data.Dataset == name })})
	}
	for _, name := range argoevents.Endpoints(p) {
		g.Drift = append(g.Drift, hook{name, argoevents.DriftURL(p, name), "", started(func(t *spec.Triggers) bool { return t.Drift != nil && t.Drift.Endpoint == name })})
	}
	return g
}

func kindOf(d *spec.Dataset) string {
	switch {
	case d.DVC != nil:
		return "dvc"
	case d.LakeFS != nil:
		return "lakefs"
	case d.Bucket != nil:
		return "bucket"
	}
	return "local"
}
