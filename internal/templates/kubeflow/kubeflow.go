// Package kubeflow writes pipelines for Kubeflow Pipelines: for each pipeline its
// intermediate representation with the platform document of Kubernetes, the recurring
// run that is its schedule, and the programs that upload and start it. It knows nothing
// of what the steps or the programs do. API: v2beta1 of Kubeflow Pipelines 2.17;
// kubernetes_executor_config.proto of kfp-kubernetes 2.17.
package kubeflow

import (
	"embed"
	"slices"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Orchestrator is the platform's name for Kubeflow Pipelines.
const Orchestrator = "kubeflow_pipelines"

const system = "Kubeflow Pipelines"

//go:embed programs/mlops
var programs embed.FS

//go:embed *.tmpl
var documents embed.FS

var texts = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(documents, "*.tmpl")) })

// Target writes the pipelines that Kubeflow Pipelines runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "kubeflow" }

// Render writes pipelines/<pipeline>/{pipeline.yaml,run.json,recurring_run.json}, the
// programs mlops/*kubeflow_pipelines.py and docs/kubeflow_pipelines.md.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	about := guide{Namespace: p.TrainingNamespace(), Zone: "UTC"}
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) != Orchestrator {
			continue
		}
		if s := pl.Triggers.Schedule; s != nil {
			if len(about.Scheduled) > 0 && s.Timezone != about.Zone {
				w.Faults = append(w.Faults, otherZone(pl, about.Scheduled[0].Name, about.Zone))
			}
			about.Zone = s.Timezone
			about.Scheduled = append(about.Scheduled, about.of(p, pl))
		}
		about.Pipelines = append(about.Pipelines, about.of(p, pl))
		w.pipeline(p, pl)
	}
	if len(about.Pipelines) == 0 {
		return nil, nil
	}
	w.Faults = append(w.Faults, braces(p)...)
	w.Programs(programs)
	w.Template("docs/kubeflow_pipelines.md", texts(), "kubeflow_pipelines.md.tmpl", about)
	return w.Files()
}

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }

func (w *writer) pipeline(p *spec.Project, pl *spec.Pipeline) {
	dir, g := "pipelines/"+pl.Name+"/", taskgraph.Of(p, pl)
	w.Faults = append(w.Faults, faults(p, pl, g)...)
	ir, err := encode.YAML(kfpir.Build(g, options(p, pl)), platformOf(p, pl, g))
	w.Add(dir+"pipeline.yaml", ir, err)
	data, err := encode.JSON(runOf(p, pl))
	w.Add(dir+"run.json", data, err)
	if pl.Triggers.Schedule != nil {
		data, err = encode.JSON(recurringOf(p, pl))
		w.Add(dir+"recurring_run.json", data, err)
	}
}

// guide is what docs/kubeflow_pipelines.md says. Names are labels, zones IANA's.
type guide struct {
	Namespace, Zone      string
	Pipelines, Scheduled []guided
}

type guided struct{ Name, Account string }

func (guide) of(p *spec.Project, pl *spec.Pipeline) guided {
	return guided{pl.Name, p.ServiceAccount(pl)}
}

// Accounts lists the service accounts of the pipelines, once each.
func (g guide) Accounts() []string {
	var out []string
	for _, pl := range g.Pipelines {
		out = append(out, pl.Account)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
