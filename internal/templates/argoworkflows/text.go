package argoworkflows

import (
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// brace is a variable that holds one "{". Argo Workflows has no escape for {{: it
// replaces templates in several passes, so that a literal that one pass produces is
// read by the next. The kubelet expands $(…) after all of them.
const brace = "MLOPS_BRACE"

// literal writes text so that neither Argo Workflows nor the kubelet, which reads
// $(…) and $$, finds anything in it. last says that no template follows.
func literal(text string, last bool) string {
	text = strings.ReplaceAll(text, "$", "$$")
	var b strings.Builder
	for i := range len(text) {
		opens := text[i] == '{' && (i+1 < len(text) && text[i+1] == '{' || i+1 == len(text) && !last)
		if opens {
			b.WriteString("$(" + brace + ")")
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// value is the template for a parameter of the workflow. The text of a string is
// escaped while the workflow runs, as literal does here.
func value(pl *spec.Pipeline, parameter string) string {
	if pl.Parameters[parameter].Type != "string" {
		return "{{workflow.parameters." + parameter + "}}"
	}
	return fmt.Sprintf("{{=replace(replace(workflow.parameters['%s'], '$', '$$'), '{', '$(%s)')}}", parameter, brace)
}

// expand rewrites an argument of a step for Argo Workflows and the kubelet.
func (s step) expand(arg string) string {
	tokens, err := spec.Tokens(arg)
	if err != nil {
		return literal(arg, true)
	}
	var b strings.Builder
	for i, t := range tokens {
		switch t.Kind {
		case spec.Text:
			b.WriteString(literal(t.Text, i == len(tokens)-1))
		case spec.ParamToken:
			b.WriteString(value(s.pl, t.Name))
		case spec.InputToken:
			b.WriteString(s.input(s.Inputs[t.Name]))
		case spec.OutputToken:
			b.WriteString(s.dir() + "/" + t.Name)
		case spec.MetricToken:
			b.WriteString(s.dir() + "/" + metrics)
		}
	}
	return b.String()
}

func (s step) expandAll(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = s.expand(arg)
	}
	return out
}
