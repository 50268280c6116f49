package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Unknown stands for a value that is known only after apply.
type Unknown struct{}

// Decoded is the outcome of Decode.
type Decoded struct {
	Spec    Spec
	Unknown []Path // values that were Unknown; the spec has none there
	Faults  Faults // all of them at once
}

// Decode turns the attributes of a resource into a spec, completes it with
// defaults and validates it. Values are what a configuration language has:
// nil, bool, string, json.Number, []any, map[string]any and Unknown. Scalars are
// converted as Terraform does (0.05 ↔ "0.05", true ↔ "true"). An attribute that
// does not exist is a fault. When something is unknown, only faults that do not
// depend on it are reported.
func Decode(kind Kind, attrs map[string]any) Decoded {
	d := decoder{}
	s := New(kind)
	d.object(nil, attrs, reflect.ValueOf(s).Elem())
	s.complete()
	c := &checker{faults: d.faults}
	if len(d.faults) == 0 {
		checkText(c, nil, reflect.ValueOf(s).Elem())
		s.checkValues(c)
		if len(d.unknown) == 0 {
			s.checkWhole(c)
		}
	}
	known := slices.DeleteFunc(c.faults, func(f Fault) bool {
		return slices.ContainsFunc(d.unknown, f.Path.touches)
	})
	return Decoded{Spec: s, Unknown: d.unknown, Faults: known}
}

type decoder struct {
	unknown []Path
	faults  Faults
}

func (d *decoder) fault(at Path, format string, args ...any) {
	d.faults = append(d.faults, Fault{Path: at, Message: fmt.Sprintf(format, args...)})
}

// value decodes v into out. A nil leaves the zero value.
func (d *decoder) value(at Path, v any, out reflect.Value) {
	switch v.(type) {
	case nil:
		return
	case Unknown:
		d.unknown = append(d.unknown, at)
		return
	}
	switch out.Kind() {
	case reflect.Pointer:
		p := reflect.New(out.Type().Elem())
		d.value(at, v, p.Elem())
		out.Set(p)
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			d.fault(at, "must be an object")
			return
		}
		d.object(at, m, out)
	case reflect.Map:
		d.mapping(at, v, out)
	case reflect.Slice:
		d.list(at, v, out)
	default:
		d.scalar(at, v, out)
	}
}

func (d *decoder) object(at Path, attrs map[string]any, out reflect.Value) {
	fields := fieldsOf(out.Type())
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		i, known := fields[name]
		if !known {
			d.fault(at.Attr(name), "there is no such attribute; there are: %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			continue
		}
		d.value(at.Attr(name), attrs[name], out.Field(i))
	}
}

func (d *decoder) mapping(at Path, v any, out reflect.Value) {
	m, ok := v.(map[string]any)
	if !ok {
		d.fault(at, "must be a map")
		return
	}
	out.Set(reflect.MakeMapWithSize(out.Type(), len(m)))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		elem := reflect.New(out.Type().Elem()).Elem()
		d.value(at.Key(key), m[key], elem)
		out.SetMapIndex(reflect.ValueOf(key), elem)
	}
}

func (d *decoder) list(at Path, v any, out reflect.Value) {
	l, ok := v.([]any)
	if !ok {
		d.fault(at, "must be a list")
		return
	}
	out.Set(reflect.MakeSlice(out.Type(), len(l), len(l)))
	for i, e := range l {
		d.value(at.Index(i), e, out.Index(i))
	}
}

func (d *decoder) scalar(at Path, v any, out reflect.Value) {
	text, ok := scalarText(v)
	if !ok {
		d.fault(at, "must be a single value")
		return
	}
	switch out.Kind() {
	case reflect.String:
		if out.Type() == reflect.TypeFor[Ref]() {
			text = nameOf(text)
		}
		if _, number := v.(json.Number); !number && out.Type() == reflect.TypeFor[Number]() && !isNumber(text) {
			d.fault(at, "%q is not a number", text)
		}
		out.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil || (text != "true" && text != "false") {
			d.fault(at, "%q must be true or false", text)
		}
		out.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			d.fault(at, "%q must be a whole number", text)
		}
		out.SetInt(n)
	default:
		d.fault(at, "cannot be decoded into %s", out.Type())
	}
}

func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// fieldsOf maps JSON names to field indices.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = i
		}
	}
	return fields
}

// Ref is the name of another resource. Where users hand in the whole spec of
// that resource, its name is taken.
type Ref string

func nameOf(text string) string {
	if !strings.HasPrefix(text, "{") {
		return text
	}
	s, err := Parse(text)
	if err != nil {
		return text
	}
	return s.ID()
}
