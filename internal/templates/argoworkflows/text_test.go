package argoworkflows

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// kubelet expands as Kubernetes does (third_party/forked/golang/expansion).
func kubelet(text string, vars map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		end := strings.IndexByte(rest, ')')
		switch {
		case strings.HasPrefix(rest, "$$"):
			b.WriteByte('$')
			i++
		case strings.HasPrefix(rest, "$(") && end > 0:
			value, known := vars[rest[2:end]]
			if !known {
				value = rest[:end+1]
			}
			b.WriteString(value)
			i += end
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func TestLiteral(t *testing.T) {
	texts := append([]string{"{", "{{{", "{{{{x}}}}", "$", "$$", "$$$(x)", "$(MLOPS_BRACE)", "a{", "{}{"}, templatestest.HostileTexts...)
	for _, text := range texts {
		for _, last := range []bool{true, false} {
			made := literal(text, last)
			if got := kubelet(made, map[string]string{brace: "{"}); got != text {
				t.Errorf("%q is written as %q and read as %q", text, made, got)
			}
			if strings.Contains(made, "{{") || !last && strings.HasSuffix(made, "{") {
				t.Errorf("%q is written as %q, which Argo Workflows would read as a template", text, made)
			}
		}
	}
}
