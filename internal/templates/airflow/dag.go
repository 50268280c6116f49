package airflow

import (
	"embed"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// What the template of a DAG takes. Every text is a literal of Python or made of
// letters, digits and _ already, but for Name, which is a label.
type (
	dag struct {
		Header, Name, Literal, ID, Owner, Tags string
		Cluster, Tasks                         string
		Cron, Zone                             string
		Single, Closed                         bool
		Timeout                                int64
		Steps                                  []step
		Params                                 []param
		Defaults                               []pair
	}
	step struct {
		Ident, Literal string
		Needs          []string
	}
	param struct{ Literal, Default, Type string }
	pair  struct{ Name, Text string }
)

// id is unique in an Airflow that several platforms share: no label has a dot.
func id(p *spec.Project, pl *spec.Pipeline) string { return p.Platform.Name + "." + pl.Name }

func (w *writer) dag(p *spec.Project, pl *spec.Pipeline) dag {
	graph := taskgraph.Of(p, pl)
	tasks, err := execution.Tasks(p, graph, "        ")
	w.Fail(err)
	cluster, err := execution.Cluster(p, pl)
	w.Fail(err)
	out := dag{
		Header: encode.Header, Name: pl.Name, Literal: w.Python(pl.Name), ID: w.Python(id(p, pl)), Owner: w.Python(p.Platform.Owner),
		Tags:  w.Python([]string{"managed-by:terraform-provider-mlops", "platform:" + p.Platform.Name}),
		Tasks: tasks, Cluster: strings.ReplaceAll(cluster, "\n", "\n    "),
		Single: pl.Concurrency == "forbid", Closed: !*pl.Triggers.Manual, Timeout: pl.Timeout.Seconds(),
	}
	if s := pl.Triggers.Schedule; s != nil {
		out.Cron, out.Zone = w.Python(expression(s.Cron)), w.Python(s.Timezone)
	}
	for _, t := range graph.Tasks {
		of := step{Ident: ident(t.Name), Literal: w.Python(t.Name)}
		for _, need := range t.Needs {
			of.Needs = append(of.Needs, ident(need))
		}
		out.Steps = append(out.Steps, of)
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		from := pl.Parameters[name]
		made := param{Literal: w.Python(name), Type: w.Python(from.Type)}
		if from.Default != nil {
			made.Default = w.Python(valueOf(from))
			out.Defaults = append(out.Defaults, pair{made.Literal, w.Python(*from.Default)})
		}
		out.Params = append(out.Params, made)
	}
	return out
}

// ident gives a name of the configuration as a part of a Python identifier. Names that
// become one under spec.K8sName are refused by spec, so no two become one here.
func ident(name string) string { return strings.ReplaceAll(name, "-", "_") }

// valueOf is a parameter's default as a value of its type. One that does not fit is refused.
func valueOf(from spec.Parameter) any {
	text := *from.Default
	switch from.Type {
	case "boolean":
		return text == "true"
	case "integer":
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	case "number":
		f, _ := strconv.ParseFloat(text, 64)
		return f
	default:
		return text
	}
}
