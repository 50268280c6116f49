package argoworkflows

import (
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
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

// expand writes a text for Argo Workflows and the kubelet.
func (n node) expand(x taskgraph.Text) string {
	last := len(x) - 1
	i := -1
	return x.Expand(func(part taskgraph.Part) string {
		i++
		switch part.Kind {
		case taskgraph.Literal:
			return literal(part.Text, i == last)
		case taskgraph.Param:
			return value(n.pl, part.Text)
		case taskgraph.InputPath:
			return n.input(part.Text)
		case taskgraph.OutputPath:
			return n.dir() + "/" + n.file(n.Name, part.Text)
		case taskgraph.ConfigPath:
			return config(n.pl)
		case taskgraph.RunID:
			return "{{workflow.name}}"
		default: // RunURL: no pod knows where the server is reached
			return ""
		}
	})
}
