package encode_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// TestJSON_layout compares with the standard library's own indentation.
func TestJSON_layout(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"scalar": 1.5, "text": "a", "nothing": nil,
		"empty":           []any{[]any{}, map[string]any{}, []any{[]any{}}, map[string]any{"a": []int{}}},
		"nested":          map[string]any{"a": []any{1, map[string]any{"b": []any{true, nil, "c"}}, "d"}, "e": -0.5},
		"signs in texts":  []string{`{"a": [1, 2]}`, `\`, `\\`, `"`, `\"`, `"\`, "", ":,", "]", "}", "\n\t", "<&>", "\u2028"},
		"signs in keys":   map[string]any{`{`: 1, `":"`: 2, `\`: 3, "": 4},
		"awkward strings": awkward,
		"deep":            deep(40),
	} {
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		got, err := encode.JSON(v)
		if err != nil || string(got) != want.String() {
			t.Errorf("%s: got %v\n%s\nwant:\n%s", name, err, got, want.String())
		}
	}
}

func deep(n int) any {
	if n == 0 {
		return "end"
	}
	return []any{deep(n - 1)}
}
