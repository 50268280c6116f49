package aws

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// canonical is the one text of what the SDK has for a configuration: keys in order,
// and nothing that only says that there is nothing.
func canonical(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("not JSON: %v", err) // of an SDK type: it cannot be
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return string(data)
	}
	tree = pruned(tree)
	if tree == nil {
		return none
	}
	return jsonText(tree)
}

// none is the value of a setting that is not set.
const none = "none"

// jsonText writes JSON as policies are written: < and & as they are.
func jsonText(v any) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprintf("not JSON: %v", err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// pruned leaves out null, false, "" and what holds nothing else.
func pruned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value = pruned(value); value == nil {
				delete(v, key)
			} else {
				v[key] = value
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		var out []any
		for _, item := range v {
			if item = pruned(item); item != nil {
				out = append(out, item)
			}
		}
		if out == nil {
			return nil
		}
		return out
	case bool:
		if !v {
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// statement is a statement of a policy in the form that AWS reads. Which of its lists a
// cloud gives back as single texts is of no meaning.
type statement map[string]any

// document is a policy.
func document(statements []statement) string {
	if statements == nil {
		statements = []statement{}
	}
	return jsonText(map[string]any{"Version": "2012-10-17", "Statement": statements})
}

// statementsOf reads a policy; IAM gives it URL-encoded.
func statementsOf(policy string) ([]statement, error) {
	text := strings.TrimSpace(policy)
	if strings.HasPrefix(text, "%") {
		decoded, err := url.PathUnescape(text)
		if err != nil {
			return nil, fmt.Errorf("policy is not URL-encoded: %w", err)
		}
		text = decoded
	}
	if text == "" {
		return nil, nil
	}
	var whole struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return nil, fmt.Errorf("policy is not JSON: %w", err)
	}
	var many []statement
	if err := json.Unmarshal(whole.Statement, &many); err == nil {
		return many, nil
	}
	var one statement
	if err := json.Unmarshal(whole.Statement, &one); err != nil {
		return nil, fmt.Errorf("policy has no statements: %w", err)
	}
	return []statement{one}, nil
}

// meaningOf is the canonical text of statements: two with the same text mean the same.
func meaningOf(statements []statement) string {
	texts := make([]string, len(statements))
	for i, s := range statements {
		out := map[string]any{}
		for key, value := range s {
			out[key] = normal(key, value)
		}
		texts[i] = jsonText(out)
	}
	slices.Sort(texts)
	return "[" + strings.Join(texts, ",") + "]"
}

// meaningOfPolicy is meaningOf of a whole policy; what is not a policy stands for itself.
func meaningOfPolicy(policy string) string {
	statements, err := statementsOf(policy)
	if err != nil {
		return policy
	}
	return meaningOf(statements)
}

// normal brings an element of a statement into one form.
func normal(key string, value any) any {
	switch v := value.(type) {
	case map[string]any: // Condition or Principal
		out := map[string]any{}
		for k, inner := range v {
			if key == "Condition" {
				out[k] = normal("operator", inner)
				continue
			}
			if key == "operator" {
				k = strings.ToLower(k) // names of condition keys
			}
			out[k] = sortedTexts(inner)
		}
		return out
	case string:
		switch key {
		case "Sid", "Effect":
			return v
		case "Principal":
			return map[string]any{"AWS": []string{v}}
		}
	}
	return sortedTexts(value)
}

// sortedTexts is one text or a list of texts as a list in order.
func sortedTexts(value any) []string {
	var out []string
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			out = append(out, fmt.Sprint(item))
		}
	case []string:
		out = slices.Clone(v)
	default:
		out = []string{fmt.Sprint(v)}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
