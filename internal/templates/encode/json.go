package encode

import (
	"bytes"
	"encoding/json"
	"errors"
)

// JSON writes v indented by two spaces with a final newline, structs in the order
// of their fields and maps sorted. <, > and & stay as they are.
func JSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	if err := appendJSON(&buf, v); err != nil {
		return nil, err
	}
	if hasReplaced(buf.Bytes()) {
		return nil, errors.New("a string " + errUTF8.Error())
	}
	return append(indented(buf.Bytes()), '\n'), nil
}

// appendJSON writes v without a space.
func appendJSON(buf *bytes.Buffer, v any) error {
	encoder := json.NewEncoder(buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	buf.Truncate(buf.Len() - 1) // the newline of Encode
	return nil
}

// hasReplaced reports whether encoding/json put a replacement for bytes that
// were not UTF-8: it writes that one as an escape, and a real U+FFFD as itself.
func hasReplaced(data []byte) bool {
	for {
		i := bytes.Index(data, []byte(`\ufffd`))
		if i < 0 {
			return false
		}
		before := len(data[:i]) - len(bytes.TrimRight(data[:i], `\`))
		if before%2 == 0 {
			return true
		}
		data = data[i+1:]
	}
}

// indented lays compact JSON out as json.Indent does, which reads what it is given again
// to see whether it is JSON, and so takes longer than all that was written.
func indented(compact []byte) []byte {
	out := make([]byte, 0, 2*len(compact)+1)
	depth := 0
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := i + quoted(compact[i:])
			out = append(out, compact[i:end]...)
			i = end - 1
		case ':':
			out = append(out, ": "...)
		case ',':
			out = appendLine(append(out, c), depth)
		case '{', '[':
			if next := compact[i+1]; next == '}' || next == ']' {
				out = append(out, c, next)
				i++
				continue
			}
			depth++
			out = appendLine(append(out, c), depth)
		case '}', ']':
			depth--
			out = append(appendLine(out, depth), c)
		default:
			out = append(out, c)
		}
	}
	return out
}

func appendLine(out []byte, depth int) []byte {
	return appendSpaces(append(out, '\n'), depth*step)
}

// quoted is the length of the string that text starts with, with its quotes.
func quoted(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}
