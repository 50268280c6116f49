package encode

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// class is what the emitter does with a value of a type.
type class int

const (
	isRefused class = iota
	isString
	isBool
	isInt
	isUint
	isFloat
	isDecimal
	isNested // and all that follow
	isPairs
	isMap
	isStruct
	isList
	isIndirect
	isCommented
	isValuer
	isPointerValuer
)

// shape is what is known of a type before a value of it is seen.
type shape struct {
	class  class
	fields []field
	inline bool // a field is inlined, so names can only be compared when written
	err    error
}

var (
	shapes sync.Map // reflect.Type to *shape

	typeString    = reflect.TypeFor[string]()
	typeMap       = reflect.TypeFor[Map]()
	typeCommented = reflect.TypeFor[Commented]()
	typeDecimal   = reflect.TypeFor[Decimal]()
	typeNumber    = reflect.TypeFor[json.Number]()
	typeValuer    = reflect.TypeFor[Valuer]()
)

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape) //nolint:forcetypeassert // nothing else is stored
	}
	s, _ := shapes.LoadOrStore(t, newShape(t))
	return s.(*shape) //nolint:forcetypeassert // nothing else is stored
}

func newShape(t reflect.Type) *shape {
	s := &shape{class: classOf(t)}
	switch s.class { //nolint:exhaustive // the other classes need nothing
	case isStruct:
		s.err = s.addFields(t)
	case isRefused:
		s.err = fmt.Errorf("%s: cannot be written", t)
	case isMap:
		if t.Key().Kind() != reflect.String {
			s.err = fmt.Errorf("%s: keys must be strings", t)
		}
	case isList:
		if t.Elem().Kind() == reflect.Uint8 {
			s.err = fmt.Errorf("%s: must be a string", t)
		}
	}
	return s
}

func classOf(t reflect.Type) class {
	switch kind := t.Kind(); {
	case kind == reflect.Pointer, kind == reflect.Interface:
		return isIndirect
	case t == typeMap:
		return isPairs
	case t == typeCommented:
		return isCommented
	case t == typeDecimal, t == typeNumber:
		return isDecimal
	case t.Implements(typeValuer):
		return isValuer
	case reflect.PointerTo(t).Implements(typeValuer):
		return isPointerValuer
	default:
		return classOfKind(kind)
	}
}

func classOfKind(kind reflect.Kind) class {
	switch kind {
	case reflect.String:
		return isString
	case reflect.Bool:
		return isBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return isInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return isUint
	case reflect.Float32, reflect.Float64:
		return isFloat
	case reflect.Map:
		return isMap
	case reflect.Struct:
		return isStruct
	case reflect.Slice, reflect.Array:
		return isList
	default:
		return isRefused
	}
}
