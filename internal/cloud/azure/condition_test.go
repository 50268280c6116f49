package azure_test

import (
	"regexp"
	"strings"
	"testing"
)

// A reading of Azure's role assignment conditions, as far as ours go: the documented
// grammar of (), !, NOT, AND, OR, ActionMatches, SubOperationMatches and comparisons.

var token = regexp.MustCompile(`\s*(\(|\)|!|AND\b|OR\b|NOT\b|(?:ActionMatches|SubOperationMatches)\{'[^']*'\}|@\w+\[[^\]]+\]|String\w+|'[^']*')`)

type reader struct {
	t           *testing.T
	tokens      []string
	action, sub string
	attributes  map[string]string
}

// holds reports whether a condition allows an action.
func holds(t *testing.T, condition, action, sub string, attributes map[string]string) bool {
	t.Helper()
	r := &reader{t: t, action: action, sub: sub, attributes: attributes}
	rest := condition
	for strings.TrimSpace(rest) != "" {
		m := token.FindStringSubmatchIndex(rest)
		if m == nil || m[0] != 0 {
			t.Fatalf("no condition of Azure from %q", rest)
		}
		r.tokens, rest = append(r.tokens, rest[m[2]:m[3]]), rest[m[1]:]
	}
	out := r.or()
	if len(r.tokens) > 0 {
		t.Fatalf("left over of a condition: %q", r.tokens)
	}
	return out
}

func (r *reader) next() string {
	if len(r.tokens) == 0 {
		return ""
	}
	out := r.tokens[0]
	r.tokens = r.tokens[1:]
	return out
}

func (r *reader) is(word string) bool {
	if len(r.tokens) > 0 && r.tokens[0] == word {
		r.next()
		return true
	}
	return false
}

func (r *reader) or() bool {
	out := r.and()
	for r.is("OR") {
		right := r.and()
		out = out || right
	}
	return out
}

func (r *reader) and() bool {
	out := r.one()
	for r.is("AND") {
		right := r.one()
		out = out && right
	}
	return out
}

func (r *reader) one() bool {
	word := r.next()
	switch {
	case word == "!" || word == "NOT":
		return !r.one()
	case word == "(":
		out := r.or()
		if !r.is(")") {
			r.t.Fatalf("a bracket is open before %q", r.tokens)
		}
		return out
	case strings.HasPrefix(word, "ActionMatches"):
		return quoted(word) == r.action
	case strings.HasPrefix(word, "SubOperationMatches"):
		return quoted(word) == r.sub
	case strings.HasPrefix(word, "@"):
		value, there := r.attributes[word]
		operator, with := r.next(), quoted(r.next())
		switch operator {
		case "StringStartsWith":
			return there && strings.HasPrefix(value, with)
		}
		r.t.Fatalf("operator %q is not read here", operator)
	}
	r.t.Fatalf("%q is no expression", word)
	return false
}

func quoted(text string) string {
	_, text, _ = strings.Cut(text, "'")
	text, _, _ = strings.Cut(text, "'")
	return text
}
