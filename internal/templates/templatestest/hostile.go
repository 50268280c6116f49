package templatestest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// HostileTexts are values that formats, shells and template engines read as
// something else.
var HostileTexts = []string{
	`"`, `'`, `it's "x"`, "`id`", "$(id)", "$$(id)", "${HOME}", "$HOME", "{{workflow.name}}", "{{ x }}", "{{=1+1}}", "${{ github.token }}", "%{if}", "%s",
	"a\nb", "a\n- b: c", " lead", "trail ", "-x", "--flag=1", "- a", "? a", "a: b", "a #b", "#a", "*a", "&a", "!a", "|", ">", "@a", "%a",
	"on", "off", "yes", "no", "null", "~", "true", "0.10", "1e3", "0x1F", "012", "1_000", "12:30:45", "2026-01-02", ".inf", ".nan", "=", "<<",
	"../../etc/passwd", `\`, `a\nb`, `\${x}`, "|pipe|", "[link](x)", "<b>", "ünï→🚀", "a\tb", "__import__('os')", "\"\"\"", "'''", "*/", "-->", "]]>",
	strings.Repeat("0123456789", 1000),
}

// Hostile puts every hostile text into every text of the kinds that the target
// expresses. Either the configuration is refused, or all data files still parse,
// keep their structure, and hold the very same text. Kinds are those of o.Expresses.
func Hostile(t *testing.T, targets []templates.Target, o Options) {
	t.Helper()
	checked := 0
	for i := range Full(t).Specs {
		c := Full(t)
		kind, _ := c.Specs[i]["kind"].(string)
		if !slices.Contains(o.Expresses, spec.Kind(kind)) {
			continue
		}
		walk(kind, c.Specs[i], func(path string, old any, set func(any)) {
			if _, text := old.(string); text && !strings.HasSuffix(path, ".kind") {
				checked += hostileAt(t, targets, c, o, path, old, set)
			}
		})
	}
	if len(o.Expresses) > 0 && checked == 0 {
		t.Error("no hostile text was accepted anywhere: the test shows nothing")
	}
}

func hostileAt(t *testing.T, targets []templates.Target, c *Case, o Options, path string, old any, set func(any)) (accepted int) {
	t.Helper()
	defer set(old)
	benign, faults := func() (*spec.Project, spec.Faults) { set("plaintext" + fmt.Sprint(old)); return c.Link() }()
	var shape map[string]string
	if faults.Err() == nil {
		if files, err := templates.Render(targets, benign); err == nil {
			shape = shapes(t, files, o)
		}
	}
	for _, text := range HostileTexts {
		set(text)
		p, faults := c.Link()
		if faults.Err() != nil {
			continue
		}
		files, err := templates.Render(targets, p)
		if err != nil {
			var refused spec.Faults
			if !errors.As(err, &refused) {
				t.Errorf("%s = %.60q: %v: neither written nor refused by name", path, text, err)
			}
			continue
		}
		accepted++
		got := shapes(t, files, o)
		for file, want := range shape {
			if _, there := got[file]; !there && strings.HasSuffix(path, ".name") {
				continue // the name is part of the file's own
			}
			if got[file] != want {
				t.Errorf("%s = %.60q changes the structure of %s:\n%s\nwant:\n%s", path, text, file, got[file], want)
			}
		}
	}
	return accepted
}

// shapes parses every data file and writes down its keys and the places of its values.
func shapes(t *testing.T, files *tree.Tree, o Options) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range files.Files() {
		docs, err := parse(f)
		if err != nil {
			t.Errorf("%s does not parse: %v\n%s", f.Path, err, f.Data)
		}
		if docs == nil || (o.Verbatim != nil && o.Verbatim(f.Path)) {
			continue
		}
		var b strings.Builder
		for _, doc := range docs {
			outline(&b, "", doc)
		}
		out[f.Path] = b.String()
	}
	return out
}

func parse(f tree.File) ([]any, error) {
	switch {
	case strings.HasSuffix(f.Path, ".json"):
		var v any
		err := json.Unmarshal(f.Data, &v)
		return []any{v}, err
	case strings.HasSuffix(f.Path, ".yaml"), strings.HasSuffix(f.Path, ".yml"):
		dec := yaml.NewDecoder(strings.NewReader(string(f.Data)))
		var docs []any
		for {
			var v any
			err := dec.Decode(&v)
			if errors.Is(err, io.EOF) {
				return docs, nil
			}
			if err != nil {
				return nil, err
			}
			docs = append(docs, v)
		}
	}
	return nil, nil
}

func outline(b *strings.Builder, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			outline(b, at+"."+key, v[key])
		}
	case []any:
		for i, e := range v {
			outline(b, fmt.Sprintf("%s[%d]", at, i), e)
		}
	default:
		b.WriteString(at + "\n")
	}
}
