package encode

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// keys are those of one mapping, where only writing it shows whether one stands
// twice. Nil where that is known before.
type keys map[string]bool

func (k keys) add(key string) error {
	if k == nil {
		return nil
	}
	if k[key] {
		return fmt.Errorf("key %q stands twice", key)
	}
	k[key] = true
	return nil
}

// collection writes the parts of v, or empty if there turn out to be none.
func (e *emitter) collection(v reflect.Value, where place, indent int, empty string, parts func(*emitter, reflect.Value, int) error) error {
	if e.note != "" {
		return errComment
	}
	start := len(e.b)
	if where == afterKey {
		e.b = append(e.b, '\n')
	}
	body := len(e.b)
	if err := parts(e, v, indent); err != nil {
		return err
	}
	if len(e.b) == body {
		e.b = e.b[:start]
		e.scalar(where, empty)
	}
	return nil
}

func (e *emitter) items(v reflect.Value, indent int) error {
	for i := range v.Len() {
		e.line(indent)
		e.b = append(e.b, "- "...)
		e.dashed = true
		if err := e.value(v.Index(i), afterDash, indent+step); err != nil {
			return item(i, err)
		}
	}
	return nil
}

// entries writes those of a struct, a Map or a map.
func (e *emitter) entries(s *shape, v reflect.Value, indent int, seen keys) error {
	switch s.class {
	case isStruct:
		return e.structEntries(s, v, indent, seen)
	case isPairs:
		return e.pairEntries(v, indent, seen)
	default:
		return e.mapEntries(v, indent, seen)
	}
}

func (e *emitter) structEntries(s *shape, v reflect.Value, indent int, seen keys) error {
	if s.inline && seen == nil {
		seen = keys{}
	}
	for i := range s.fields {
		f := &s.fields[i]
		value := v.Field(f.index)
		if f.inline {
			if err := e.inlined(value, indent, seen); err != nil {
				return err
			}
			continue
		}
		if f.omit && isEmpty(value) {
			continue
		}
		if err := seen.add(f.name); err != nil {
			return err
		}
		e.line(indent)
		e.b = append(e.b, f.key...)
		if err := e.value(value, afterKey, indent+step); err != nil {
			return within(f.name, err)
		}
	}
	return nil
}

// inlined writes the entries of v among those of the struct it stands in.
func (e *emitter) inlined(v reflect.Value, indent int, seen keys) error {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	s := shapeOf(v.Type())
	if s.err != nil {
		return s.err
	}
	if s.class != isStruct && s.class != isPairs && s.class != isMap {
		return fmt.Errorf("%s: cannot be inlined", v.Type())
	}
	if e.depth++; e.depth > maxDepth {
		return errDepth
	}
	defer func() { e.depth-- }()
	return e.entries(s, v, indent, seen)
}

func (e *emitter) pairEntries(v reflect.Value, indent int, seen keys) error {
	if seen == nil && v.Len() > 1 {
		// Within a struct seen compares; alone the pairs compare themselves.
		if err := pairsOf(v).unique(); err != nil {
			return err
		}
	}
	for i := range v.Len() {
		pair := v.Index(i)
		if err := e.entry(pair.Field(0).String(), pair.Field(1), indent, seen); err != nil {
			return err
		}
	}
	return nil
}

func pairsOf(v reflect.Value) Map {
	pairs, _ := v.Interface().(Map)
	return pairs
}

func (e *emitter) mapEntries(v reflect.Value, indent int, seen keys) error {
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	key := reflect.New(v.Type().Key()).Elem() // one for all: a key of its own would be a copy each
	for iter := v.MapRange(); iter.Next(); {
		key.SetIterKey(iter)
		entries = append(entries, entry{key.String(), iter.Value()})
	}
	slices.SortFunc(entries, func(x, y entry) int { return strings.Compare(x.key, y.key) })
	for _, one := range entries {
		if err := e.entry(one.key, one.value, indent, seen); err != nil {
			return err
		}
	}
	return nil
}

func (e *emitter) entry(key string, v reflect.Value, indent int, seen keys) error {
	err := seen.add(key)
	if err != nil {
		return err
	}
	e.line(indent)
	if e.b, err = appendKey(e.b, key); err != nil {
		return within(key, err)
	}
	if err = e.value(v, afterKey, indent+step); err != nil {
		return within(key, err)
	}
	return nil
}

// line starts a line at column indent, or goes on behind a dash.
func (e *emitter) line(indent int) {
	if e.dashed {
		e.dashed = false
		return
	}
	e.b = appendSpaces(e.b, indent)
}
