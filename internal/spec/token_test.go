package spec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	text := func(s string) spec.Token { return spec.Token{Text: s} }
	param := func(s string) spec.Token { return spec.Token{Kind: spec.ParamToken, Name: s} }
	metrics := spec.Token{Kind: spec.MetricToken}
	tests := map[string]struct {
		arg  string
		want []spec.Token
	}{
		"nothing":             {"", nil},
		"text":                {"--x=1", []spec.Token{text("--x=1")}},
		"parameter":           {"$(params.rate)", []spec.Token{param("rate")}},
		"input":               {"$(inputs.a-b)", []spec.Token{{Kind: spec.InputToken, Name: "a-b"}}},
		"output":              {"$(outputs._x)", []spec.Token{{Kind: spec.OutputToken, Name: "_x"}}},
		"metrics":             {"$(metrics)", []spec.Token{metrics}},
		"inside text":         {"a$(params.b)c", []spec.Token{text("a"), param("b"), text("c")}},
		"side by side":        {"$(params.a)$(metrics)", []spec.Token{param("a"), metrics}},
		"literal":             {"$$(params.a)", []spec.Token{text("$(params.a)")}},
		"literal and token":   {"$$($(params.a))", []spec.Token{text("$("), param("a"), text(")")}},
		"dollars":             {"$$$(id) $ $$ ${HOME}", []spec.Token{text("$$(id) $ $$ ${HOME}")}},
		"template of another": {"{{ .x }} ${{ y }}", []spec.Token{text("{{ .x }} ${{ y }}")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := spec.Tokens(tt.arg)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q gives %v, %v; want %v", tt.arg, got, err, tt.want)
			}
		})
	}
}

func TestTokens_unknown(t *testing.T) {
	t.Parallel()
	for arg, quoted := range map[string]string{
		"$(id)": `"$(id)"`, "$()": `"$()"`, "a $(params.)": `"$(params.)"`, "$(params)": `"$(params)"`, "$(params.a b)": `"$(params.a b)"`,
		"$(params.a.b)": `"$(params.a.b)"`, "$(metrics.auc)": `"$(metrics.auc)"`, "$(inputs.x": `"$(inputs.x"`, "$(": `"$("`, "$(Params.x)": `"$(Params.x)"`,
		"$(.x)": `"$(.x)"`, "$(secrets.x)": `"$(secrets.x)"`, "$(params.1)": `"$(params.1)"`,
	} {
		tokens, err := spec.Tokens(arg)
		if err == nil || tokens != nil || !strings.Contains(err.Error(), "unknown token "+quoted+": there are $(params.NAME)") || !strings.Contains(err.Error(), "write $$( for a literal $(") {
			t.Errorf("%q: %v, %v", arg, tokens, err)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	name := func(tok spec.Token) string { return "<" + string(tok.Kind) + ":" + tok.Name + ">" }
	for arg, want := range map[string]string{
		"a$(params.b)c$(metrics)": "A<params:b>C<metrics:>",
		"$$(x)":                   "$(X)",
		"$(bad)":                  "$(BAD)", // did not pass validation: kept as text
		"":                        "",
	} {
		if got := spec.Expand(arg, strings.ToUpper, name); got != want {
			t.Errorf("%q gives %q, want %q", arg, got, want)
		}
	}
}

// A text with its $( escaped comes back as it was, whatever it is.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"", "$", "$(", "$$(", "$$$(", "$(params.x)", "a$(metrics)$$(b", "\x00$(é", "$()$("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		same := func(s string) string { return s }
		escaped := strings.ReplaceAll(text, "$(", "$$(")
		got := spec.Expand(escaped, same, func(tok spec.Token) string { t.Errorf("%q holds a token %v", escaped, tok); return "" })
		if got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
		tokens, err := spec.Tokens(text)
		if err != nil {
			return
		}
		var back strings.Builder
		for _, tok := range tokens {
			switch tok.Kind {
			case spec.Text:
				back.WriteString(strings.ReplaceAll(tok.Text, "$(", "$$("))
			case spec.MetricToken:
				back.WriteString("$(metrics)")
			case spec.ParamToken, spec.InputToken, spec.OutputToken:
				back.WriteString("$(" + string(tok.Kind) + "." + tok.Name + ")")
			}
		}
		if back.String() != text {
			t.Errorf("%q is written back as %q", text, back.String())
		}
	})
}
