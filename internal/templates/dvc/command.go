package dvc

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// commands are the lines of a stage. DVC hands each to a shell of its own, and stops
// at the first that fails.
func (w writer) commands(name string) []string {
	s := w.pl.Steps[name]
	out := []string{"mkdir -p " + encode.Shell(w.dir(name))}
	for _, parameter := range s.Reads() {
		if w.pl.Parameters[parameter].Default == nil {
			out = append(out, w.required(parameter))
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(s.SecretEnv)) {
		from := s.SecretEnv[variable]
		out = append(out, `: "\${`+variable+`:?must be set: in a cluster it is key `+safe(from.Key)+` of secret `+safe(from.Secret)+`}"`)
	}
	var line []string
	if len(s.Env) > 0 {
		line = append(line, "env")
	}
	for _, variable := range slices.Sorted(maps.Keys(s.Env)) {
		line = append(line, variable+"="+w.word(name, s.Env[variable]))
	}
	for _, arg := range slices.Concat(s.Command, s.Args) {
		line = append(line, w.word(name, arg))
	}
	out = append(out, strings.Join(line, " "))
	if len(s.Outputs) == 0 && !s.WritesMetrics() {
		out = append(out, "echo done >"+encode.Shell(w.path(name, marker)))
	}
	return out
}

// required stops a stage whose parameter has no value yet: DVC writes null as None.
func (w writer) required(parameter string) string {
	sentence := encode.Shell("parameter " + parameter + " has no value: set it in " + paramsFile(w.pl))
	return "test '${" + parameter + "}' != None || { echo " + sentence + " >&2; exit 2; }"
}

// safe keeps what a message in a shell's expansion can hold.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"\\$`{}\n", r) {
			return '_'
		}
		return r
	}, text)
}

// word writes an argument as one word of the shell that DVC leaves as it is, but for
// the parameters, which it writes into it as text.
func (w writer) word(step, arg string) string {
	tokens, _ := spec.Tokens(arg)
	if len(tokens) == 0 {
		return encode.Shell("")
	}
	var b strings.Builder
	for _, t := range tokens {
		switch t.Kind {
		case spec.Text:
			b.WriteString(strings.ReplaceAll(encode.Shell(t.Text), "${", `\${`))
		case spec.ParamToken:
			b.WriteString("'${" + t.Name + "}'")
		case spec.InputToken:
			b.WriteString(encode.Shell(w.input(w.pl.Steps[step].Inputs[t.Name])))
		case spec.OutputToken:
			b.WriteString(encode.Shell(w.path(step, t.Name)))
		case spec.MetricToken:
			b.WriteString(encode.Shell(w.path(step, metrics)))
		}
	}
	return b.String()
}
