package googlefake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// understand finds the method of a request, and checks its parameters and its body.
func (d *document) understand(req *http.Request, raw []byte) (call, error) {
	for _, m := range d.methods {
		parts := m.form.FindStringSubmatch(req.URL.EscapedPath())
		if m.HTTPMethod != req.Method || parts == nil {
			continue
		}
		c := call{id: m.ID, path: map[string]string{}, raw: raw, req: req, method: m}
		for i, name := range m.names {
			c.path[name], _ = url.PathUnescape(parts[i+1])
		}
		if err := d.checkQuery(m, req.URL.Query()); err != nil {
			return c, fmt.Errorf("%s: %w", m.ID, err)
		}
		if err := d.checkBody(m, &c); err != nil {
			return c, fmt.Errorf("%s: %w", m.ID, err)
		}
		return c, nil
	}
	return call{}, fmt.Errorf("no method has %s %s", req.Method, req.URL.EscapedPath())
}

func (d *document) checkQuery(m method, query url.Values) error {
	for name, values := range query {
		p, there := m.Parameters[name]
		s := p.schema
		if there && p.Location != "query" {
			return fmt.Errorf("parameter %q belongs into the %s", name, p.Location)
		}
		if !there {
			if s, there = d.Parameters[name]; !there {
				return fmt.Errorf("there is no parameter %q", name)
			}
		}
		if len(values) > 1 && !p.Repeated {
			return fmt.Errorf("parameter %q is there %d times", name, len(values))
		}
		for _, value := range values {
			if err := s.checkText(value); err != nil {
				return fmt.Errorf("parameter %q: %w", name, err)
			}
		}
	}
	for name, p := range m.Parameters {
		if p.Required && p.Location == "query" && !query.Has(name) {
			return fmt.Errorf("parameter %q is required", name)
		}
	}
	return nil
}

var digits = regexp.MustCompile(`^-?[0-9]+$`)

func (s schema) checkText(value string) error {
	switch {
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, value):
		return fmt.Errorf("%q is none of %v", value, s.Enum)
	case (s.Type == "integer" || strings.Contains(s.Format, "int")) && !digits.MatchString(value):
		return fmt.Errorf("%q is no whole number", value)
	case s.Type == "boolean" && value != "true" && value != "false":
		return fmt.Errorf("%q is neither true nor false", value)
	}
	return nil
}

func (d *document) checkBody(m method, c *call) error {
	if m.Request == nil {
		if len(c.raw) > 0 {
			return fmt.Errorf("takes no body, and has %s", c.raw)
		}
		return nil
	}
	if err := json.Unmarshal(c.raw, &c.body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return d.check(direction{id: m.ID, patch: m.HTTPMethod == http.MethodPatch}, *m.Request, c.body, "")
}

// direction is which way a value goes: as a request of a method, or as an answer.
type direction struct {
	id            string
	patch, answer bool
}

// check compares a value with its schema. null stands for any value in a patch.
func (d *document) check(m direction, s schema, value any, at string) error {
	s = d.resolve(s)
	switch v := value.(type) {
	case nil:
		if !m.patch {
			return fmt.Errorf("%s is null", at)
		}
	case map[string]any:
		return d.checkObject(m, s, v, at)
	case []any:
		if s.Type != "array" {
			return fmt.Errorf("%s is a list, want %s", at, s.Type)
		}
		for i, item := range v {
			if err := d.check(m, *s.Items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case string:
		if s.Type != "string" {
			return fmt.Errorf("%s is a text, want %s", at, s.Type)
		}
		if err := s.checkText(v); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	case bool:
		if s.Type != "boolean" {
			return fmt.Errorf("%s is true or false, want %s", at, s.Type)
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != float64(int64(v))) {
			return fmt.Errorf("%s is the number %v, want %s", at, v, s.Type)
		}
	}
	return nil
}

func (d *document) checkObject(m direction, s schema, v map[string]any, at string) error {
	if s.Type != "object" {
		return fmt.Errorf("%s is an object, want %s", at, s.Type)
	}
	for name, value := range v {
		property, there := s.Properties[name]
		if !there && s.AdditionalProperties != nil {
			property, there = *s.AdditionalProperties, true
		}
		if !there {
			return fmt.Errorf("%s.%s: there is no such field", at, name)
		}
		if property.ReadOnly && !m.answer {
			return fmt.Errorf("%s.%s is for reading only", at, name)
		}
		if err := d.check(m, property, value, at+"."+name); err != nil {
			return err
		}
	}
	for name, property := range s.Properties {
		if _, there := v[name]; !there && slices.Contains(property.Annotations.Required, m.id) {
			return fmt.Errorf("%s.%s is required", at, name)
		}
	}
	return nil
}
