package prefect

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

// What the template of a flow takes. Every text is a literal of Python or made of
// letters, digits and _ already, but for Name, which is a label.
type (
	flow struct {
		Header, Name, Literal, Cluster, Tasks string
		Timeout                               int64
		Steps                                 []step
		Arguments                             []argument
		Defaults                              []pair
	}
	step struct {
		Ident, Literal string
		Needs          []string
		Retries        int64
		Delays         string
	}
	argument struct{ Ident, Literal, Type, Default string }
	pair     struct{ Name, Text string }
)

// types are those of a flow's arguments.
var types = map[string]string{"string": "str", "number": "float", "integer": "int", "boolean": "bool"}

func (w *writer) flow(p *spec.Project, pl *spec.Pipeline) flow {
	graph := taskgraph.Of(p, pl)
	tasks, err := execution.Tasks(p, graph, "        ")
	w.Fail(err)
	cluster, err := execution.Cluster(p, pl)
	w.Fail(err)
	out := flow{
		Header: encode.Header, Name: pl.Name, Literal: w.Python(pl.Name), Tasks: tasks,
		Cluster: strings.ReplaceAll(cluster, "\n", "\n    "), Timeout: pl.Timeout.Seconds(),
	}
	for _, t := range graph.Tasks {
		out.Steps = append(out.Steps, w.step(t))
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		from := pl.Parameters[name]
		a := argument{Ident: ident(name), Literal: w.Python(name), Type: types[from.Type]}
		if from.Default != nil {
			a.Default = w.Python(valueOf(from))
			out.Defaults = append(out.Defaults, pair{a.Literal, w.Python(*from.Default)})
		}
		out.Arguments = append(out.Arguments, a)
	}
	return out
}

func (w *writer) step(t taskgraph.Task) step {
	out := step{Ident: ident(t.Name), Literal: w.Python(t.Name), Retries: t.Retries}
	for _, need := range t.Needs {
		out.Needs = append(out.Needs, ident(need))
	}
	delays := []int64{}
	for delay := int64(10); int64(len(delays)) < t.Retries; delay *= 2 {
		delays = append(delays, min(delay, 600))
	}
	out.Delays = w.Python(delays)
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

// fits reports whether a default can be handed to Prefect, whose numbers are those of
// JSON with 64 bits.
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
