package taskgraph

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func literal(text string) Text { return Text{{Literal, text}} }

func literals(texts ...string) []Text {
	out := make([]Text, len(texts))
	for i, text := range texts {
		out[i] = literal(text)
	}
	return out
}

// option is "NAME=" followed by what a run fills in.
func option(name string, kind PartKind, text string) Text {
	return Text{{Literal, name + "="}, {kind, text}}
}

func one(kind PartKind, name string) Text { return Text{{kind, name}} }

// parts reads the tokens of a text. The text was checked when it was decoded.
func parts(text string) Text {
	tokens, err := spec.Tokens(text)
	if err != nil {
		return literal(text)
	}
	var out Text
	for _, t := range tokens {
		switch t.Kind {
		case spec.Text:
			out = append(out, Part{Literal, t.Text})
		case spec.ParamToken:
			out = append(out, Part{Param, t.Name})
		case spec.InputToken:
			out = append(out, Part{InputPath, t.Name})
		case spec.OutputToken:
			out = append(out, Part{OutputPath, t.Name})
		case spec.MetricToken:
			out = append(out, Part{OutputPath, MetricsOutput})
		}
	}
	return out
}

// names lists what the parts of a kind stand for in a task's command line and variables.
func (t *Task) names(kind PartKind) []string {
	var out []string
	add := func(x Text) {
		for _, p := range x {
			if p.Kind == kind {
				out = append(out, p.Text)
			}
		}
	}
	for _, arg := range t.Command {
		add(arg)
	}
	for _, text := range t.Env {
		add(text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
