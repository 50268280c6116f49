package kubeflow

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// faults are the settings of a pipeline that Kubeflow Pipelines cannot express.
func faults(p *spec.Project, pl *spec.Pipeline, g *taskgraph.Graph) spec.Faults {
	out := kfpir.Faults(g, system)
	refuse := func(at spec.Path, message string) { out = append(out, spec.Refuse(pl, at, "%s", message)) }
	if p.Platform.Cloud != "local" {
		refuse(spec.At("orchestrator"), "Kubeflow Pipelines is written for cloud \"local\" only, whose buckets are volumes: choose argo_workflows, airflow, prefect or dagster")
	}
	if !*pl.Triggers.Manual {
		refuse(spec.At("triggers", "manual"), "Kubeflow Pipelines cannot keep a person from starting a run: leave it true and restrict who may create runs in the namespace")
	}
	if pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "Kubeflow Pipelines starts a run beside the one before or waits for its end, it replaces none: use \"forbid\" or \"allow\", or orchestrator argo_workflows")
	}
	if pl.Timeout != "" {
		refuse(spec.At("timeout"), "Kubeflow Pipelines has no limit for a whole run: give the steps a timeout each, or use orchestrator argo_workflows")
	}
	if pl.Triggers.Data != nil {
		refuse(spec.At("triggers", "data"), "Kubeflow Pipelines starts no run when data changes: use orchestrator argo_workflows")
	}
	if pl.Triggers.Drift != nil {
		refuse(spec.At("triggers", "drift"), "Kubeflow Pipelines starts no run when data drifts: use orchestrator argo_workflows")
	}
	return out
}

// otherZone is the fault of a second time zone.
func otherZone(pl *spec.Pipeline, first, zone string) spec.Fault {
	return spec.Refuse(pl, spec.At("triggers", "schedule", "timezone"),
		"Kubeflow Pipelines reads all schedules of a cluster in one time zone (CRON_SCHEDULE_TIMEZONE of its controller), and that of pipeline %q is %s: use it here too", first, zone)
}

// braces refuses annotations of pods that Argo Workflows, in which Kubeflow Pipelines
// runs them, would read as templates.
func braces(p *spec.Project) spec.Faults {
	var out spec.Faults
	const message = "Kubeflow Pipelines runs in Argo Workflows, which would read {{ as a template of its own, and pods carry this text: leave {{ out"
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
