package argoworkflows

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Names of the templates that a pipeline gets beside its own steps. A step cannot be
// called gate or register in any system.
const (
	entrypoint = "mlops-pipeline"
	workspace  = "mlops-workspace"
)

// faults are the settings of a pipeline that Argo Workflows cannot express.
func faults(p *spec.Project, pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(pl, at, format, args...))
	}
	out = append(out, triggers(p, pl)...)
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		at, def := spec.At("parameters").Key(name).Attr("default"), pl.Parameters[name].Default
		if def != nil && strings.Contains(*def, "{{") {
			refuse(at, "Argo Workflows would read {{ in a parameter as a template of its own: write the text in args, where it is escaped")
		}
		if def == nil && pl.Triggers.Schedule != nil {
			refuse(at, "must be set: the schedule starts runs, and a CronWorkflow hands over no parameters")
		}
		if def == nil && (pl.Triggers.Data != nil || pl.Triggers.Drift != nil) {
			refuse(at, "must be set: events start runs, and a Sensor of Argo Events hands over no parameters")
		}
	}
	for _, name := range pl.StepNames() {
		if slices.Contains([]string{entrypoint, workspace}, spec.K8sName(name)) {
			refuse(spec.At("steps").Key(name), "the step would be called %q in Argo Workflows, which is a template of the emitted repository: rename it", spec.K8sName(name))
		}
	}
	return out
}

func triggers(p *spec.Project, pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	t := pl.Triggers
	refuse := func(at spec.Path, message string) { out = append(out, spec.Refuse(pl, at, "%s", message)) }
	if !*t.Manual {
		refuse(spec.At("triggers", "manual"), "Argo Workflows cannot keep a person from starting a WorkflowTemplate: leave it true and restrict who may create workflows in the cluster")
	}
	if t.Drift != nil && !slices.Contains(p.Platform.Observability.Metrics, "prometheus") {
		refuse(spec.At("triggers", "drift"), "Argo Events hears of drift from Alertmanager, which comes with Prometheus: add \"prometheus\" to the platform's observability.metrics, or use triggers.schedule")
	}
	if pl.Concurrency == "replace" && t.Schedule == nil {
		refuse(spec.At("concurrency"), "Argo Workflows replaces only runs of a schedule: add triggers.schedule, or use \"forbid\" or \"allow\"")
	}
	return out
}

// braces refuses annotations of pods that Argo Workflows would read as templates.
func braces(p *spec.Project) spec.Faults {
	var out spec.Faults
	const message = "Argo Workflows would read {{ as a template of its own, and pods carry this text: leave {{ out"
	if strings.Contains(p.Platform.Owner, "{{") {
		out = append(out, spec.Refuse(p.Platform, spec.At("owner"), message))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
		if strings.Contains(p.Tags[key], "{{") {
			out = append(out, spec.Refuse(p.Platform, spec.At("tags").Key(key), message))
		}
	}
	return out
}
