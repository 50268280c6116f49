package vertex

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// faults are the settings of a pipeline that Vertex AI Pipelines cannot express.
func faults(p *spec.Project, pl *spec.Pipeline, g *taskgraph.Graph) spec.Faults {
	out := kfpir.Faults(g, system, files)
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(pl, at, format, args...))
	}
	if p.Store(pl.Artifacts) == nil {
		refuse(spec.At("artifacts"), "Vertex AI Pipelines keeps programs and outputs in a bucket: add an mlops_bucket to contains")
	}
	if !*pl.Triggers.Manual {
		refuse(spec.At("triggers", "manual"), "Vertex AI Pipelines cannot keep a person from starting a run: leave it true and restrict who has roles/aiplatform.user")
	}
	if pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "Vertex AI Pipelines starts a run beside the one before or skips it, it replaces none: use \"forbid\" or \"allow\"")
	}
	if pl.Timeout != "" {
		refuse(spec.At("timeout"), "Vertex AI Pipelines has no limit for a whole run but its own of seven days: leave it out")
	}
	if pl.Triggers.Data != nil {
		refuse(spec.At("triggers", "data"), "Vertex AI Pipelines starts no run when data changes: let a Cloud Function call mlops.start_vertex_pipelines")
	}
	if pl.Triggers.Drift != nil {
		refuse(spec.At("triggers", "drift"), "Vertex AI Pipelines starts no run when data drifts: start one from the alert's receiver")
	}
	for _, name := range pl.StepNames() {
		out = append(out, stepFaults(pl, name)...)
	}
	if r := p.TrackerOf(pl); r != nil && len(r.Variables()) > 0 {
		refuse(spec.At("tracking"), "Vertex AI Pipelines has no reference to a secret, and registry %q needs credentials: use a registry of type vertex, whose clients take the service account's", r.Name)
	}
	return out
}

func stepFaults(pl *spec.Pipeline, name string) spec.Faults {
	var out spec.Faults
	at, s := spec.At("steps").Key(name), pl.Steps[name]
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(pl, at, format, args...))
	}
	if s.Timeout != "" {
		refuse(at.Attr("timeout"), "Vertex AI Pipelines has no limit for a step: let the program itself stop, or leave it out")
	}
	if s.Pool != "" {
		refuse(at.Attr("pool"), "Vertex AI Pipelines runs on machines of its own, not on nodes of a pool: set resources instead")
	}
	for _, variable := range slices.Sorted(maps.Keys(s.SecretEnv)) {
		refuse(at.Attr("secret_env").Key(variable), "Vertex AI Pipelines has no reference to a secret: read it in the step from Secret Manager, with the service account of the pipeline's identity")
	}
	if r := s.Resources; r != nil && r.Accelerator != nil && accelerators[r.Accelerator.Type] == "" {
		refuse(at.Attr("resources").Attr("accelerator").Attr("type"), "Vertex AI Pipelines has no %s; it has: %s", r.Accelerator.Type, strings.Join(slices.Sorted(maps.Keys(accelerators)), ", "))
	}
	return out
}
