package templatestest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
)

// NoSettingVanishes changes one leaf of the full case after the other. Each change
// must give other bytes, or an error: a leaf that does neither is a user's setting
// lost. It also demands that the full case sets every field of the kinds it tries.
func NoSettingVanishes(t *testing.T, targets []templates.Target, o Options) {
	t.Helper()
	base := sums(render(t, targets, Full(t)))
	tried := map[string]bool{}
	for i := range Full(t).Specs {
		c := Full(t)
		kind, _ := c.Specs[i]["kind"].(string)
		if !slices.Contains(o.Expresses, spec.Kind(kind)) {
			continue
		}
		walk(kind, c.Specs[i], func(path string, old any, set func(any)) {
			tried[path] = true
			if elsewhere(o, path) || strings.HasSuffix(path, ".kind") {
				return
			}
			vary(t, targets, c, base, path, old, set)
		})
	}
	if len(o.Expresses) > 0 && len(tried) == 0 {
		t.Error("no setting was tried: the full case lacks the kinds")
	}
	for _, kind := range o.Expresses {
		for _, path := range Fields(kind) {
			if !tried[path] && !elsewhere(o, path) {
				t.Errorf("%s: the full case does not set it, so nobody knows whether it is written", path)
			}
		}
	}
}

// vary tries values until one is valid and gives other bytes.
func vary(t *testing.T, targets []templates.Target, c *Case, base, path string, old any, set func(any)) {
	t.Helper()
	defer set(old)
	valid := false
	for _, value := range others(path, old) {
		set(value)
		p, faults := c.Link()
		if faults.Err() != nil {
			continue
		}
		valid = true
		files, err := templates.Render(targets, p)
		if err != nil || sums(files) != base {
			return
		}
	}
	if valid {
		t.Errorf("%s: a change of %v has no effect on the output and is not refused", path, old)
	}
}

func elsewhere(o Options, path string) bool {
	for prefix := range o.Elsewhere {
		if path == prefix || strings.HasPrefix(path, prefix+".") {
			return true
		}
	}
	return false
}

// walk visits every scalar below v. Keys of maps that users name and indices of
// lists appear as * in the path.
func walk(path string, v any, visit func(path string, old any, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			below := path + "." + key
			if _, field := fieldSet[below]; !field {
				below = path + ".*"
			}
			step(below, v[key], func(x any) { v[key] = x }, visit)
		}
	case []any:
		for i := range v {
			step(path+".*", v[i], func(x any) { v[i] = x }, visit)
		}
	}
}

func step(path string, v any, set func(any), visit func(string, any, func(any))) {
	switch v.(type) {
	case map[string]any, []any:
		walk(path, v, visit)
	default:
		visit(path, v, set)
	}
}

// others are values like old but different, likelier ones first.
func others(path string, old any) []any {
	last := path[strings.LastIndexByte(path, '.')+1:]
	var out []any
	for _, value := range alternatives(path, last) {
		if value != fmt.Sprint(old) {
			out = append(out, value)
		}
	}
	switch old := old.(type) {
	case bool:
		return append(out, !old)
	case json.Number:
		n, _ := strconv.ParseFloat(old.String(), 64)
		for _, d := range []float64{1, -1, 0.001, -0.001, 2, 10} {
			out = append(out, json.Number(strconv.FormatFloat(n+d, 'f', -1, 64)))
		}
	case string:
		out = append(out, digits(old), old+"x", "x"+old, old+" x", old+"/x")
	}
	return out
}

// digits changes the first digit of a text that has one: "2h" → "3h".
func digits(text string) string {
	i := strings.IndexAny(text, "0123456789")
	if i < 0 {
		return text + "-1"
	}
	next := string("1234567891"[text[i]-'0'])
	return text[:i] + next + text[i+1:]
}

// alternatives are the other supported values of enumerations.
func alternatives(path, last string) []string {
	switch {
	case strings.HasSuffix(path, "parameters.*.type"):
		return spec.Supported("parameter")
	case strings.HasSuffix(path, "columns.*.type"):
		return spec.Supported("column")
	case strings.HasSuffix(path, "autoscaling.metric"):
		return spec.Supported("autoscale")
	case strings.HasSuffix(path, "promotion.mode"):
		return spec.Supported("promotion")
	case strings.HasSuffix(path, "lineage.require.*"):
		return spec.Supported("lineage")
	case last == "method":
		return spec.Supported("drift_method")
	case last == "timezone":
		return []string{"UTC", "Europe/Berlin"}
	case last == "cron" || last == "schedule":
		return []string{"5 4 * * *"}
	}
	return spec.Supported(last)
}
