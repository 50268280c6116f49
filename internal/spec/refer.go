package spec

import (
	"slices"
	"strings"
)

// Ref is the name of another resource. Where users hand in the whole spec of
// that resource, its name is taken.
type Ref string

// textRule is what the tags of a field say of its text: the tag ref names the kind of
// resource that it refers to, and text:"filled" that it is left out rather than blank.
type textRule struct {
	refers Kind
	filled bool
}

// ruled is the value of a field by its rule; nil where it breaks the rule.
func (d *decoder) ruled(at Path, rule textRule, v any) any {
	if rule == (textRule{}) {
		return v
	}
	switch v := v.(type) {
	case string:
		if rule.filled && strings.TrimSpace(v) == "" {
			d.fault(at, "must not be empty; leave it out")
			return nil
		}
		return d.referred(at, rule.refers, v)
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = d.ruled(at.Index(i), rule, out[i])
		}
		return out
	}
	return v
}

// referred is the name in a reference to a resource of a kind, which may be its whole
// spec; nil for the spec of another kind.
func (d *decoder) referred(at Path, kind Kind, text string) any {
	if kind == "" || !strings.HasPrefix(text, "{") {
		return text
	}
	s, err := Parse(text)
	switch {
	case err != nil:
		return text
	case s.Kind() != kind:
		d.fault(at, "must be the spec or name of a mlops_%s; this is the spec of a mlops_%s", kind, s.Kind())
		return nil
	}
	return s.ID()
}

// platformIn is the platform whose spec a resource was given, or nil.
func platformIn(attrs map[string]any) *Platform {
	text, _ := attrs["platform"].(string)
	if !strings.HasPrefix(text, "{") {
		return nil
	}
	s, err := Parse(text)
	p, ok := s.(*Platform)
	if err != nil || !ok {
		return nil
	}
	return p
}

// bound is a spec with rules that are the cloud's or the secret store's of its platform.
type bound interface {
	// checkOn reports what they do not allow.
	checkOn(p *Platform, report func(at Path, format string, args ...any))
}
