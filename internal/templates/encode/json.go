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
	if err := appendJSON(&buf, v, "  "); err != nil {
		return nil, err
	}
	if hasReplaced(buf.Bytes()) {
		return nil, errors.New("a string " + errUTF8.Error())
	}
	return append(buf.Bytes(), '\n'), nil
}

func appendJSON(buf *bytes.Buffer, v any, indent string) error {
	encoder := json.NewEncoder(buf)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
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
