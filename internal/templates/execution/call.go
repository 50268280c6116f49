package execution

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// call writes the arguments of a Python call, one a line.
type call struct {
	b      strings.Builder
	indent string
	err    error
}

func (w *call) write(texts ...string) {
	for _, text := range texts {
		w.b.WriteString(text)
	}
}

func (w *call) literal(v any) string {
	text, err := encode.Python(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	return text
}

func (w *call) value(name string, v any) {
	w.write(w.indent, name, "=", w.literal(v), ",\n")
}

func (w *call) list(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.write(w.indent, name, "=[\n")
	for _, text := range texts {
		w.write(w.indent, "    ", w.literal(text), ",\n")
	}
	w.write(w.indent, "],\n")
}

func (w *call) dict(name string, texts map[string]string) {
	if len(texts) == 0 {
		return
	}
	w.write(w.indent, name, "={\n")
	for _, key := range sorted(texts) {
		w.write(w.indent, "    ", w.literal(key), ": ", w.literal(texts[key]), ",\n")
	}
	w.write(w.indent, "},\n")
}

func (w *call) pairs(name string, pairs map[string][2]string) {
	if len(pairs) == 0 {
		return
	}
	w.write(w.indent, name, "={\n")
	for _, key := range sorted(pairs) {
		w.write(w.indent, "    ", w.literal(key), ": (", w.literal(pairs[key][0]), ", ", w.literal(pairs[key][1]), "),\n")
	}
	w.write(w.indent, "},\n")
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
