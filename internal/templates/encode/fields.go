package encode

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// field is a field of a struct that is written.
type field struct {
	name   string
	key    []byte // name as written, with the colon
	index  int
	omit   bool
	inline bool
}

// addFields reads the tags of a struct. What it cannot follow to the letter is an
// error: a field that is forgotten in silence is a setting lost.
func (s *shape) addFields(t reflect.Type) error {
	names := make(map[string]bool)
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("yaml")
		if tag == "-" || !tagged && !f.IsExported() && !f.Anonymous {
			continue
		}
		parsed, err := parseField(f, tag, tagged)
		if err == nil && !parsed.inline && names[parsed.name] {
			err = fmt.Errorf("key %q stands twice", parsed.name)
		}
		if err != nil {
			return fmt.Errorf("%s: field %s: %w", t, f.Name, err)
		}
		parsed.index = i
		names[parsed.name] = true
		s.inline = s.inline || parsed.inline
		s.fields = append(s.fields, parsed)
	}
	if len(s.fields) == 0 && t.NumField() > 0 {
		return fmt.Errorf("%s: has no field to write", t)
	}
	return nil
}

func parseField(f reflect.StructField, tag string, tagged bool) (field, error) {
	name, options, _ := strings.Cut(tag, ",")
	parsed := field{name: name}
	switch {
	case !tagged:
		return parsed, errors.New("has no yaml tag")
	case options == "omitempty":
		parsed.omit = true
	case options == "inline" && name == "":
		parsed.inline = true
		return parsed, nil
	case options != "":
		return parsed, fmt.Errorf("yaml tag %q: the options are omitempty and inline", tag)
	}
	if name == "" {
		return parsed, fmt.Errorf("yaml tag %q: a name must be given", tag)
	}
	if !f.IsExported() {
		return parsed, errors.New("has a yaml tag and is not exported")
	}
	var err error
	parsed.key, err = appendKey(nil, name)
	return parsed, err
}

// isEmpty reports whether omitempty leaves v out. As in yaml.v3, a struct is
// empty when each of its fields is.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		if v.Type() == typeCommented {
			value := v.Field(0).Elem()
			return !value.IsValid() || isEmpty(value)
		}
		for i := range v.NumField() {
			if !isEmpty(v.Field(i)) {
				return false
			}
		}
		return true
	default:
		return v.IsZero()
	}
}
