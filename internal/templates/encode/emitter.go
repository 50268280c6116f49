package encode

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is deeper than any real document, and shallow enough that a value
// which contains itself ends in an error.
const maxDepth = 200

// step is how much further right a nested collection stands.
const step = 2

// place is what stands before a value on its line.
type place int

const (
	atRoot    place = iota // nothing
	afterKey               // a key and its colon
	afterDash              // a dash and a space
)

// emitter appends YAML to a buffer.
type emitter struct {
	b      []byte
	note   string // the comment that waits for the end of the scalar
	dashed bool   // a dash was written: the first entry goes on its line
	noKeep bool   // texts that end in blank lines are quoted
	depth  int
}

// value writes v, whose entries, if it has any, stand at column indent.
func (e *emitter) value(v reflect.Value, where place, indent int) error {
	if !v.IsValid() {
		e.scalar(where, "null")
		return nil
	}
	t := v.Type()
	if t == typeString {
		return e.text(v.String(), where, indent)
	}
	s := shapeOf(t)
	if s.err != nil {
		return s.err
	}
	if s.class >= isNested {
		if e.depth++; e.depth > maxDepth {
			return errDepth
		}
		defer func() { e.depth-- }()
		return e.nested(s, v, where, indent)
	}
	return e.leaf(s.class, v, where, indent)
}

func (e *emitter) nested(s *shape, v reflect.Value, where place, indent int) error {
	switch s.class {
	case isIndirect:
		return e.value(v.Elem(), where, indent)
	case isValuer, isPointerValuer:
		return e.value(substitute(s.class, v), where, indent)
	case isCommented:
		e.note = oneLine(v.Field(1).String())
		err := e.value(v.Field(0), where, indent)
		e.note = ""
		return err
	case isList:
		return e.collection(v, where, indent, "[]", (*emitter).items)
	default:
		return e.collection(v, where, indent, "{}", func(e *emitter, v reflect.Value, indent int) error {
			return e.entries(s, v, indent, nil)
		})
	}
}

// substitute is what a Valuer gives for itself.
func substitute(c class, v reflect.Value) reflect.Value {
	if c == isPointerValuer {
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p
	}
	return reflect.ValueOf(v.Interface().(Valuer).YAMLValue()) //nolint:forcetypeassert // its shape says so
}

func (e *emitter) leaf(c class, v reflect.Value, where place, indent int) error {
	var buf [32]byte
	switch c {
	case isString:
		return e.text(v.String(), where, indent)
	case isBool:
		e.scalar(where, strconv.FormatBool(v.Bool()))
	case isInt:
		e.scalar(where, string(strconv.AppendInt(buf[:0], v.Int(), 10)))
	case isUint:
		e.scalar(where, string(strconv.AppendUint(buf[:0], v.Uint(), 10)))
	case isFloat:
		b, err := appendFloat(buf[:0], v.Float(), v.Type().Bits())
		if err != nil {
			return err
		}
		e.scalar(where, string(b))
	case isDecimal:
		s, err := decimal(v.String())
		if err != nil {
			return err
		}
		e.scalar(where, s)
	default:
		return fmt.Errorf("%s: cannot be written", v.Type())
	}
	return nil
}

// text writes a string, in as many lines as it has where that is safe.
func (e *emitter) text(s string, where place, indent int) error {
	if !utf8.ValidString(s) {
		return errUTF8
	}
	if strings.IndexByte(s, '\n') >= 0 && e.block(s, where, indent) {
		return nil
	}
	e.before(where)
	e.b = appendScalar(e.b, s)
	e.after()
	return nil
}

// block writes s as a literal block, if it may be one.
func (e *emitter) block(s string, where place, indent int) bool {
	// Readers differ in what an indicator counts from at the root.
	if where == atRoot || !isBlock(s) || e.noKeep && strings.HasSuffix(s, "\n\n") {
		return false
	}
	e.before(where)
	e.b = append(e.b, blockHeader(s)...)
	e.after()
	for line := range strings.Lines(s) {
		if line != "\n" {
			e.b = appendSpaces(e.b, indent)
		}
		e.b = append(e.b, line...)
	}
	if !strings.HasSuffix(s, "\n") {
		e.b = append(e.b, '\n')
	}
	return true
}

// scalar writes text that needs no quotes.
func (e *emitter) scalar(where place, text string) {
	e.before(where)
	e.b = append(e.b, text...)
	e.after()
}

func (e *emitter) before(where place) {
	if where == afterKey {
		e.b = append(e.b, ' ')
	}
	e.dashed = false
}

func (e *emitter) after() {
	if e.note != "" {
		// Two spaces, as yamllint wants them.
		e.b = append(append(e.b, "  # "...), e.note...)
		e.note = ""
	}
	e.b = append(e.b, '\n')
}

func appendSpaces(b []byte, n int) []byte {
	const spaces = "                                "
	for ; n > len(spaces); n -= len(spaces) {
		b = append(b, spaces...)
	}
	return append(b, spaces[:n]...)
}
