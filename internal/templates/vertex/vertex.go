// Package vertex writes pipelines for Vertex AI Pipelines: for each pipeline its
// intermediate representation, the job that runs it, its schedule, and the programs
// that bring both to Google Cloud. It knows nothing of what the steps or the programs
// do. API: aiplatform.googleapis.com v1, PipelineJob and Schedule
// (google-cloud-aiplatform 1.165).
package vertex

import (
	"embed"
	"strings"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Orchestrator is the platform's name for Vertex AI Pipelines.
const Orchestrator = "vertex_pipelines"

const system = "Vertex AI Pipelines"

//go:embed programs/mlops
var programs embed.FS

//go:embed *.tmpl
var documents embed.FS

var texts = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(documents, "*.tmpl")) })

// Target writes the pipelines that Vertex AI Pipelines runs.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "vertex" }

// Render writes pipelines/<pipeline>/{vertex_pipeline,vertex_job,vertex_schedule}.json,
// the programs mlops/*vertex_pipelines.py and docs/vertex_pipelines.md.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var w writer
	about := guide{Region: p.Platform.Region}
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) != Orchestrator {
			continue
		}
		about.Pipelines = append(about.Pipelines, pl.Name)
		w.pipeline(p, pl)
	}
	if len(about.Pipelines) == 0 {
		return nil, nil
	}
	w.Programs(programs)
	w.Template("docs/vertex_pipelines.md", texts(), "vertex_pipelines.md.tmpl", about)
	return w.Files()
}

// writer adds what is Python or of this system to an outcome.
type writer struct{ outcome.Outcome }

func (w *writer) pipeline(p *spec.Project, pl *spec.Pipeline) {
	dir, g := "pipelines/"+pl.Name+"/", taskgraph.Of(p, pl)
	w.Faults = append(w.Faults, faults(p, pl, g)...)
	b := p.Store(pl.Artifacts)
	if b == nil {
		return // a fault says so
	}
	w.JSON(dir+"vertex_pipeline.json", kfpir.Build(g, options(pl, bucketOf(b))))
	w.JSON(dir+"vertex_job.json", jobOf(p, pl, bucketOf(b)))
	if pl.Triggers.Schedule != nil {
		w.JSON(dir+"vertex_schedule.json", scheduleOf(p, pl, bucketOf(b)))
	}
}

// bucketOf is the name of a bucket in Google Cloud.
func bucketOf(b *spec.Bucket) string {
	if b.Existing != "" {
		return strings.TrimPrefix(b.Existing, "gs://")
	}
	return b.Name
}

// guide is what docs/vertex_pipelines.md says. Names are labels.
type guide struct {
	Region    string
	Pipelines []string
}
