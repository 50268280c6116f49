package airflow

import (
	"maps"
	"slices"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// longestOwner is what Airflow's database holds of the owners of a DAG.
const longestOwner = 2000

func owner(p *spec.Project) spec.Faults {
	if len(p.Platform.Owner) <= longestOwner {
		return nil
	}
	return spec.Faults{spec.Refuse(p.Platform, spec.At("owner"), "Airflow keeps at most %d characters of a DAG's owner: shorten it", longestOwner)}
}

// faults are the settings of a pipeline that Airflow cannot express.
func faults(pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(pl, at, format, args...))
	}
	t := pl.Triggers
	if !*t.Manual && t.Push != nil {
		refuse(spec.At("triggers", "manual"), "a run that CI starts is a manual one for Airflow: leave it true, or remove triggers.push")
	}
	if !*t.Manual && t.Schedule == nil && t.Push == nil {
		refuse(spec.At("triggers", "manual"), "nothing else starts a run, and Airflow takes no such DAG: leave it true, or add triggers.schedule")
	}
	if t.Data != nil {
		refuse(spec.At("triggers", "data"), "Airflow starts no run here when a dataset changes: use triggers.schedule or push, or orchestrator argo_workflows")
	}
	if t.Drift != nil {
		refuse(spec.At("triggers", "drift"), "Airflow starts no run here when drift is found: use triggers.schedule, or orchestrator argo_workflows")
	}
	if pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "Airflow holds a new run back, it does not replace the one before: use \"forbid\" or \"allow\"")
	}
	if t.Schedule != nil && spec.CronGap(t.Schedule.Cron) == 0 {
		refuse(spec.At("triggers", "schedule", "cron"), "%q never comes, and Airflow takes no such schedule: correct it, or remove triggers.schedule", t.Schedule.Cron)
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		at, from := spec.At("parameters").Key(name).Attr("default"), pl.Parameters[name]
		switch {
		case from.Default == nil && t.Schedule != nil:
			refuse(at, "must be set: the schedule starts runs, and hands over no parameters")
		case from.Default != nil && !fits(from):
			refuse(at, "%s does not fit into 64 bits, with which Airflow hands numbers over: make it a string", *from.Default)
		}
	}
	return out
}

// fits reports whether a default can be handed to Airflow's workers, whose numbers are
// those of MessagePack with 64 bits.
func fits(from spec.Parameter) bool {
	var err error
	switch from.Type {
	case "integer":
		_, err = strconv.ParseInt(*from.Default, 10, 64)
	case "number":
		_, err = strconv.ParseFloat(*from.Default, 64)
	}
	return err == nil
}
