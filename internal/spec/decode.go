package spec

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
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
// does not exist is a fault. When a value is unknown or cannot be read, only faults
// that do not depend on it are reported beside it.
func Decode(kind Kind, attrs map[string]any) Decoded {
	d := decoder{}
	s := New(kind)
	at, root := make(Path, 0, 16), reflect.ValueOf(s).Elem()
	d.object(at, attrs, root)
	s.complete()
	c := &checker{holes: d.unknown, platform: platformIn(attrs)}
	for _, f := range d.faults {
		c.holes = append(slices.Clip(c.holes), f.Path)
	}
	checkText(c, at, root)
	s.checkValues(c)
	s.checkWhole(c)
	if on, bound := s.(bound); bound && c.platform != nil {
		on.checkOn(c.platform, c.misplaced)
	}
	return Decoded{Spec: s, Unknown: d.unknown, Faults: append(d.faults, c.faults...)}
}

// decoder walks attributes and Go values side by side. Its paths share one buffer:
// what is kept of them is a copy.
type decoder struct {
	unknown []Path
	faults  Faults
}

func (d *decoder) fault(at Path, format string, args ...any) {
	d.faults = append(d.faults, newFault(slices.Clone(at), format, args...))
}

// preset is a type whose zero values are not the defaults. An attribute that is
// written out as zero stays zero.
type preset interface{ preset() }

// value decodes v into out. A nil leaves the zero value.
func (d *decoder) value(at Path, v any, out reflect.Value) {
	switch v.(type) {
	case nil:
		return
	case Unknown:
		d.unknown = append(d.unknown, slices.Clone(at))
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
		if fresh, ok := out.Addr().Interface().(preset); ok {
			fresh.preset()
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
		below := append(at, PathStep{Attr: name}) //nolint:gocritic // one buffer for all paths; faults copy theirs
		i, known := fields.index[name]
		if !known {
			d.fault(below, "there is no such attribute; there are: %s", strings.Join(sorted(fields.index), ", "))
			continue
		}
		d.value(below, d.ruled(below, fields.rules[i], attrs[name]), out.Field(i))
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
		d.value(append(at, PathStep{Key: key, Form: KeyStep}), m[key], elem)
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
		d.value(append(at, PathStep{Index: i, Form: IndexStep}), e, out.Index(i))
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
		if out.Type() == reflect.TypeFor[Number]() && !isNumber(text) {
			d.fault(at, "%q is not a number", text)
		}
		out.SetString(text)
	case reflect.Bool:
		_, number := v.(json.Number)
		yes, no := text == "true" || text == "1", text == "false" || text == "0"
		if number || (!yes && !no) {
			d.fault(at, "%q must be true or false", text)
		}
		out.SetBool(yes)
	case reflect.Int, reflect.Int64:
		n := Number(text).Rat()
		if !isNumber(text) || !n.IsInt() || !n.Num().IsInt64() {
			d.fault(at, "%q must be a whole number", text)
			return
		}
		out.SetInt(n.Num().Int64())
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

// fields are the attributes of a struct: names and rules by field, and fields by name.
type fields struct {
	names []string
	rules []textRule
	index map[string]int
}

var fieldsByType sync.Map // reflect.Type → *fields

func fieldsOf(t reflect.Type) *fields {
	if known, ok := fieldsByType.Load(t); ok {
		return known.(*fields) //nolint:forcetypeassert // nothing else is stored
	}
	f := &fields{names: make([]string, t.NumField()), rules: make([]textRule, t.NumField()), index: make(map[string]int, t.NumField())}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		f.names[i], f.index[name] = name, i
		f.rules[i] = textRule{refers: Kind(tag.Get("ref")), filled: tag.Get("text") == "filled"}
	}
	fieldsByType.Store(t, f)
	return f
}
