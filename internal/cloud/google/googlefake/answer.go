package googlefake

import (
	"encoding/json"
	"fmt"
	"strings"
)

// answered is an answer of the fake as it goes out: it must be one that the discovery
// document has for the method, cut down to the fields that were asked for.
func (d *document) answered(c call, answer any) ([]byte, error) {
	if answer == nil {
		if c.method.Response != nil {
			return nil, fmt.Errorf("%s: an answer is missing", c.id)
		}
		return nil, nil
	}
	if c.method.Response == nil {
		return nil, fmt.Errorf("%s: has no answer, and the fake gives one", c.id)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var plain map[string]any
	if err := json.Unmarshal(data, &plain); err != nil {
		return nil, fmt.Errorf("%s: answer: %w", c.id, err)
	}
	if err := d.check(direction{answer: true}, *c.method.Response, plain, ""); err != nil {
		return nil, fmt.Errorf("%s: answer: %w", c.id, err)
	}
	if mask := c.query("fields"); mask != "" {
		if err := d.cut(*c.method.Response, plain, mask); err != nil {
			return nil, fmt.Errorf("%s: fields %q: %w", c.id, mask, err)
		}
		return json.Marshal(plain)
	}
	return data, nil
}

// cut leaves the fields of a mask, such as nextPageToken,items(name,labels).
func (d *document) cut(s schema, v map[string]any, mask string) error {
	s = d.resolve(s)
	asked := map[string]string{}
	for mask != "" {
		var name, inner string
		name, inner, mask = field(mask)
		if _, there := s.Properties[name]; !there {
			return fmt.Errorf("there is no field %q", name)
		}
		asked[name] = inner
	}
	for name, value := range v {
		inner, there := asked[name]
		if !there {
			delete(v, name)
			continue
		}
		if inner == "" {
			continue
		}
		p := d.resolve(s.Properties[name])
		items, _ := value.([]any)
		if p.Items != nil {
			p = *p.Items
		} else {
			items = []any{value}
		}
		for _, item := range items {
			object, _ := item.(map[string]any)
			if err := d.cut(p, object, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// field is the first of a mask, what is asked for inside it, and the rest.
func field(mask string) (name, inner, rest string) {
	at := strings.IndexAny(mask, ",(")
	if at < 0 {
		return mask, "", ""
	}
	name = mask[:at]
	if mask[at] == ',' {
		return name, "", mask[at+1:]
	}
	depth := 0
	for i := at; i < len(mask); i++ {
		switch mask[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return name, mask[at+1 : i], strings.TrimPrefix(mask[i+1:], ",")
			}
		}
	}
	return name, mask[at+1:], ""
}

// resolve follows a reference.
func (d *document) resolve(s schema) schema {
	if s.Ref != "" {
		return d.Schemas[s.Ref]
	}
	return s
}
