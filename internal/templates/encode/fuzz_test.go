package encode_test

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

func seed(f *testing.F) {
	f.Helper()
	for i, s := range awkward {
		f.Add(s, awkward[(i+1)%len(awkward)], awkward[(i*7+3)%len(awkward)])
	}
}

// refused reports whether a doc of these strings as keys and values has to fail.
func refused(texts ...string) (must, may bool) {
	for _, s := range texts {
		must = must || !utf8.ValidString(s)
		may = may || 6*len(s)+2 > 1024
	}
	return must, must || may
}

func FuzzYAML(f *testing.F) {
	seed(f)
	python := startPython(f)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		texts := []string{a, b, c}
		must, may := refused(texts...)
		doc := everywhere(texts)
		data, err := encode.YAML(append(doc, encode.Pair{Key: "note", Value: encode.Commented{Value: a, Comment: b}}))
		if err != nil && !may || err == nil && must {
			t.Fatalf("got %v, must fail: %t", err, must)
		}
		if err != nil {
			return
		}
		var read map[string]any
		if err := yaml.Unmarshal(data, &read); err != nil {
			t.Fatalf("%v of\n%s", err, data)
		}
		if read["note"] != any(a) {
			t.Errorf("%q with a comment: read as %#v", a, read["note"])
		}
		readBack(t, texts, read)
		if python != nil {
			again, _ := python.read(t, "yaml", string(data)).(map[string]any)
			readBack(t, texts, again)
		}
	})
}

func FuzzPython(f *testing.F) {
	seed(f)
	python := startPython(f)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		must, _ := refused(a, b, c)
		text, err := encode.Python(map[string]any{a: []any{b, encode.Map{{Key: c, Value: a}}}})
		if (err != nil) != must {
			t.Fatalf("got %v, must fail: %t", err, must)
		}
		if err != nil {
			return
		}
		for _, s := range []string{a, b, c} {
			literal, err := encode.Python(s)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := unquote(literal); err != nil || got != s {
				t.Errorf("%q: %s reads as %q, %v", s, literal, got, err)
			}
		}
		if python == nil {
			return
		}
		want := map[string]any{a: []any{b, map[string]any{c: a}}}
		if read := python.read(t, "python", text); !reflect.DeepEqual(read, want) {
			t.Errorf("%s: read as %#v, want %#v", text, read, want)
		}
	})
}

// unquote reads a string literal of Python: its escapes are those of Go, but for the
// quotes, which change places first if they are single ones.
func unquote(literal string) (string, error) {
	if strings.HasPrefix(literal, "'") {
		body := strings.NewReplacer(`\\`, `\\`, `\'`, `'`, `"`, `\"`).Replace(literal[1 : len(literal)-1])
		literal = `"` + body + `"`
	}
	return strconv.Unquote(literal)
}
