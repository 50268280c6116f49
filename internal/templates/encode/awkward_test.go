package encode_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// awkward are strings that some reader of YAML takes for something else.
var awkward = []string{
	"", " ", "  a", "a ", "\t", "a\tb", "\ta", "a\t", "\n", "\n\n", "a\n", "a\n\n\n", "\na", " \n", "a\n \nb", "a \nb\n", "  a\nb\n", "\n\n a\n", "a\r\nb", "\r", "a\n\tb\n", "\ta\nb\n",
	"on", "On", "ON", "off", "Off", "yes", "Yes", "YES", "no", "No", "NO", "y", "Y", "n", "N", "true", "True", "TRUE", "false", "False", "null", "Null", "NULL", "~", "none", "None",
	"0", "1", "-1", "+1", "0.10", "1.10", "1e3", "1E3", "1e+3", "1.0e+3", "-1.5e-3", "0x1F", "0o7", "0b101", "012", "08", "1_000", ".5", "5.", "+.5", "-.5", ".", "..", "...", "+", "-", "1,000", "1__0", "0x_1", "0b_", "-0b1", "+0x1", "+_1", "._1", "+a",
	".inf", "-.inf", "+.inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", "nan", "inf", "Infinity",
	"12:30:45", "190:20:30.15", "1:1", "12:30", "-1:30", "2026-01-02", "2026-1-2", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-12-15T02:59:43.1Z",
	"=", "==", "=a", "<<", "<", "---", "--- a", "... a", "----", "--flag", "-a", "- a", "? a", "?", ": a", ":", "a:", "a: b", "a:b", "a :b", "a #b", "a#b", "#", "# a", "a\t#b", "::", "a::",
	"[", "]", "[a]", "{", "}", "{{ x }}", "${{ x }}", "{a: b}", "&a", "*a", "* * * * *", "*/5 * * * *", "0 2 * * *", "0,30 * * * *", "!a", "!!str a", "|", "|-", ">", ">-", "'", "''", "'a'", "\"", "\"a\"", "a\"b", "a'b", "%a", "%YAML 1.2", "@a", "@daily", "`a`", ",", "a, b", ", a",
	"\\", "\\n", "a\\", "\x00", "\x01", "\x1b[0m", "\x7f", "\u0080", "\u0085", "a\u0085b", "\u00a0", "a\u00a0", "\u00ad", "\u200b", "\u2028", "a\u2029b", "\u202e", "\ufeff", "a\ufeffb", "\ufffd", "\ufffe", "\uffff", "\ue000", "\U0001fffe", "\U0010ffff", "\U000e0041",
	"é", "日本語", "😀", "👩\u200d💻", "🏴", "a😀: b", "é\nü\n", "😀\n\n", "\u2028\n", "x\ufeff\ny",
	"v1.2.3", "1.2.3", "1.2", "10Gi", "500m", "24h", "1d", "latest", "sha256:0123", "img:1", "a/b:c@sha256:00", "00000000", "1e10000", "0e0", "e1", "0x", "0xg", "1:a", "a=b", "~/a", "~a", "./a", ".a", "/a",
	"# yamllint disable", "a: |", "key: value\n- x\n", "#!/bin/sh\nset -e\n", "---\na\n", "...\n", "%\n", "a\n---\nb\n", "a\n...\n", "# c\n", "- a\n", strings.Repeat("x", 300), strings.Repeat("long words ", 80) + "end",
}

// everywhere puts each string in each place where a string can stand.
func everywhere(texts []string) encode.Map {
	doc := encode.Map{{"values", encode.Map{}}, {"list", texts}, {"nested", nil}}
	var values, nested encode.Map
	seen := map[string]bool{}
	for _, s := range texts {
		if seen[s] {
			continue
		}
		seen[s] = true
		values = append(values, encode.Pair{Key: s, Value: s})
		nested = append(nested, encode.Pair{Key: s, Value: []any{[]any{s}, map[string]any{s: map[string]string{s: s}}}})
	}
	doc[0].Value, doc[2].Value = values, nested
	return doc
}

// readBack compares what a reader found with everywhere(texts).
func readBack(t *testing.T, texts []string, read map[string]any) {
	t.Helper()
	values, _ := read["values"].(map[string]any)
	list, _ := read["list"].([]any)
	nested, _ := read["nested"].(map[string]any)
	if len(list) != len(texts) || len(values) != len(nested) || len(values) == 0 {
		t.Fatalf("read %d items, %d values and %d nested ones of %d", len(list), len(values), len(nested), len(texts))
	}
	for i, s := range texts {
		if values[s] != any(s) || list[i] != any(s) {
			t.Errorf("%q: read as the value %#v and the item %#v", s, values[s], list[i])
		}
		deep, _ := nested[s].([]any)
		if len(deep) != 2 {
			t.Errorf("%q: nested read as %#v", s, nested[s])
			continue
		}
		inner, _ := deep[0].([]any)
		outer, _ := deep[1].(map[string]any)
		last, _ := outer[s].(map[string]any)
		if len(inner) != 1 || inner[0] != any(s) || last[s] != any(s) {
			t.Errorf("%q: nested read as %#v", s, deep)
		}
	}
}

func TestYAML_awkwardReadBack(t *testing.T) {
	t.Parallel()
	data, err := encode.YAML(everywhere(awkward))
	if err != nil {
		t.Fatal(err)
	}
	if len(awkward) < 60 {
		t.Errorf("only %d strings", len(awkward))
	}
	t.Run("by yaml.v3", func(t *testing.T) {
		t.Parallel()
		var read map[string]any
		if err := yaml.Unmarshal(data, &read); err != nil {
			t.Fatal(err)
		}
		readBack(t, awkward, read)
	})
	for _, kind := range []string{"yaml", "yaml12"} {
		t.Run("by Python "+kind, func(t *testing.T) {
			t.Parallel()
			python := startPython(t)
			if python == nil {
				return
			}
			read, ok := python.read(t, kind, string(data)).(map[string]any)
			if !ok {
				t.Fatal("read no mapping")
			}
			readBack(t, awkward, read)
		})
	}
}

// At the root a text has no key before it, so that ... alone would end the document.
func TestYAML_documentsReadBack(t *testing.T) {
	t.Parallel()
	docs := make([]any, len(awkward))
	for i, s := range awkward {
		docs[i] = s
	}
	data, err := encode.YAML(docs...)
	if err != nil {
		t.Fatal(err)
	}
	var read []any
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var doc any
		if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		read = append(read, doc)
	}
	if !reflect.DeepEqual(read, docs) {
		t.Errorf("yaml.v3 read %q", read)
	}
	if python := startPython(t); python != nil {
		if again := python.read(t, "stream", string(data)); !reflect.DeepEqual(again, any(docs)) {
			t.Errorf("Python read %q", again)
		}
	}
}

// A file that hooks and linters touch would drift.
func TestYAML_endsNoLineInSpace(t *testing.T) {
	t.Parallel()
	data, err := encode.YAML(everywhere(awkward))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimRight(line, " \t\r\n"); trimmed+"\n" != line {
			t.Errorf("%q ends in a space or in more than LF", line)
		}
	}
	if strings.HasSuffix(text, "\n\n") {
		t.Error("the file ends in a blank line")
	}
}
