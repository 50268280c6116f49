package dagster

import (
	"embed"
	"maps"
	"slices"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/execution"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

//go:embed *.tmpl
var files embed.FS

var texts = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(files, "*.tmpl")) })

// What the templates take. Every text is a literal of Python already, but for Name,
// which is a label.
type (
	definitions struct{ Header, Pipelines string }
	job         struct {
		Header, Name, NameLiteral, Cluster, Tasks string
		Parameters                                []given
		Exclusive                                 bool
		Timeout                                   int64
		Tags, Cron, Timezone                      string
	}
	given struct{ Name, Type, Default string }
)

func (w *writer) job(p *spec.Project, pl *spec.Pipeline) job {
	tasks, err := execution.Tasks(p, taskgraph.Of(p, pl), "        ")
	w.Fail(err)
	cluster, err := execution.Cluster(p, pl)
	w.Fail(err)
	out := job{
		Header: encode.Header, Name: pl.Name, NameLiteral: w.Python(pl.Name), Cluster: cluster, Tasks: tasks,
		Exclusive: pl.Concurrency == "forbid", Timeout: pl.Timeout.Seconds(), Tags: w.Python(tagsOf(p)),
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		from := pl.Parameters[name]
		parameter := given{Name: w.Python(name), Type: w.Python(from.Type)}
		if from.Default != nil {
			parameter.Default = w.Python(*from.Default)
		}
		out.Parameters = append(out.Parameters, parameter)
	}
	if s := pl.Triggers.Schedule; s != nil {
		out.Cron, out.Timezone = w.Python(s.Cron), w.Python(s.Timezone)
	}
	return out
}

// tagsOf are on every run. Their keys and values are those of Kubernetes' labels and
// annotations, under our own prefix.
func tagsOf(p *spec.Project) map[string]string {
	out := map[string]string{"mlops/owner": p.Platform.Owner, "mlops/platform": p.Platform.Name}
	for key, value := range p.Tags {
		out["mlops.tags/"+key] = value
	}
	return out
}

// faults are the settings of a pipeline that Dagster cannot express.
func faults(pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, message string) { out = append(out, spec.Refuse(pl, at, "%s", message)) }
	t := pl.Triggers
	if !*t.Manual {
		refuse(spec.At("triggers", "manual"), "Dagster cannot keep a person from launching a job: leave it true and restrict who reaches the web server")
	}
	if t.Data != nil {
		refuse(spec.At("triggers", "data"), "Dagster starts no run here when a dataset changes: use triggers.schedule or push, or orchestrator argo_workflows")
	}
	if t.Drift != nil {
		refuse(spec.At("triggers", "drift"), "Dagster starts no run here when drift is found: use triggers.schedule, or orchestrator argo_workflows")
	}
	if pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "Dagster queues or skips a run, it does not replace the one before: use \"forbid\" or \"allow\"")
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		if pl.Parameters[name].Default == nil && t.Schedule != nil {
			refuse(spec.At("parameters").Key(name).Attr("default"), "must be set: the schedule starts runs, and hands over no parameters")
		}
	}
	return out
}
