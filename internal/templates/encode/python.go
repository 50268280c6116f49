package encode

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Python writes v as a literal of Python 3 on one line: a string, a number,
// True, False, None, a list or a dict. Go maps are sorted, a Map keeps its order.
func Python(v any) (string, error) {
	b, err := appendPython(nil, reflect.ValueOf(v), 0)
	return string(b), err
}

func appendPython(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if !v.IsValid() {
		return append(b, "None"...), nil
	}
	if depth > maxDepth {
		return b, errDepth
	}
	s := shapeOf(v.Type())
	switch s.class {
	case isIndirect:
		return appendPython(b, v.Elem(), depth+1)
	case isValuer, isPointerValuer:
		return appendPython(b, substitute(s.class, v), depth+1)
	case isList, isMap, isPairs:
		if s.err != nil {
			return b, s.err
		}
		if s.class == isList {
			return appendPythonList(b, v, depth)
		}
		return appendPythonDict(b, v, s.class, depth)
	default:
		return appendPythonScalar(b, v, s.class)
	}
}

func appendPythonScalar(b []byte, v reflect.Value, c class) ([]byte, error) {
	switch c {
	case isString:
		return appendPythonString(b, v.String())
	case isBool:
		if v.Bool() {
			return append(b, "True"...), nil
		}
		return append(b, "False"...), nil
	case isInt:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case isUint:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case isFloat:
		return appendFloat(b, v.Float(), v.Type().Bits())
	case isDecimal:
		s, err := decimal(v.String())
		return append(b, s...), err
	default:
		return b, fmt.Errorf("%s: has no Python literal", v.Type())
	}
}

// appendPythonString takes the quotes that ruff's formatter would: double ones,
// unless single ones save an escape.
func appendPythonString(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return b, errUTF8
	}
	if strings.Count(s, `"`) > strings.Count(s, `'`) {
		return appendQuoted(b, s, '\''), nil
	}
	return appendQuoted(b, s, '"'), nil
}

func appendPythonList(b []byte, v reflect.Value, depth int) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = appendPython(b, v.Index(i), depth+1); err != nil {
			return b, item(i, err)
		}
	}
	return append(b, ']'), nil
}

func appendPythonDict(b []byte, v reflect.Value, c class, depth int) ([]byte, error) {
	pairs := pairsOf(v)
	if c == isMap {
		for iter := v.MapRange(); iter.Next(); {
			pairs = append(pairs, Pair{iter.Key().String(), iter.Value().Interface()})
		}
		slices.SortFunc(pairs, func(x, y Pair) int { return strings.Compare(x.Key, y.Key) })
	}
	err := pairs.unique()
	if err != nil {
		return b, err
	}
	b = append(b, '{')
	for i, pair := range pairs {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = appendPythonString(b, pair.Key); err != nil {
			return b, within(pair.Key, err)
		}
		b = append(b, ": "...)
		if b, err = appendPython(b, reflect.ValueOf(pair.Value), depth+1); err != nil {
			return b, within(pair.Key, err)
		}
	}
	return append(b, '}'), nil
}

var pythonKeywords = []string{
	"False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
	"def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in",
	"is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
}

// PythonIdent makes a name of the configuration a Python identifier: - and . become
// _, a digit in front gets a _ before it and a keyword one behind it. Two names can
// become one identifier ("a-b", "a_b"); the caller compares what it gets.
func PythonIdent(name string) (string, error) {
	if name == "" {
		return "", errors.New("an identifier must not be empty")
	}
	b := []byte(name)
	for i, c := range b {
		switch {
		case c == '-', c == '.':
			b[i] = '_'
		case c == '_', isDigit(c), isLetter(c):
		default:
			return "", fmt.Errorf("%q: only letters, digits, - . and _ can become a Python identifier", name)
		}
	}
	ident := string(b)
	if isDigit(b[0]) {
		return "_" + ident, nil
	}
	if slices.Contains(pythonKeywords, ident) {
		return ident + "_", nil
	}
	return ident, nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
