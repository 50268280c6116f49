package dvc

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// params is params.yaml: the default of each parameter, null for one without.
func params(pl *spec.Pipeline) encode.Map {
	out := encode.Map{}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		out = append(out, encode.Pair{Key: name, Value: value(pl.Parameters[name])})
	}
	return out
}

// value is the default as its own type, so that DVC writes it as the user did. A
// number that Python would print otherwise, such as 1e-7 or 0.10, stays text.
func value(p spec.Parameter) any {
	switch n := p.Value().(type) {
	case spec.Number:
		if !printedAlike(string(n), p.Type == "integer") {
			return string(n)
		}
		return encode.Decimal(n)
	default:
		return n
	}
}

func printedAlike(text string, whole bool) bool {
	if !strings.ContainsAny(text, ".eE") {
		return text != "-0"
	}
	f, err := strconv.ParseFloat(text, 64)
	if whole || err != nil || (f != 0 && (max(f, -f) < 1e-4 || max(f, -f) >= 1e16)) {
		return false
	}
	short := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(short, ".") {
		short += ".0"
	}
	return short == text
}

// faults are the defaults that DVC cannot write into a command line.
func faults(pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		given := pl.Parameters[name]
		if given.Default == nil || given.Type != "string" {
			continue
		}
		at := spec.At("parameters").Key(name).Attr("default")
		switch text := *given.Default; {
		case strings.Contains(text, "'"):
			out = append(out, spec.Refuse(pl, at, "DVC, which runs the steps locally, writes parameters into a shell's single quotes: leave out ', or write the text in args"))
		case strings.Contains(text, `\${`):
			out = append(out, spec.Refuse(pl, at, "DVC, which runs the steps locally, would read \\${ as ${: leave it out, or write the text in args"))
		}
	}
	return out
}
