package encode

import (
	"bytes"
	"fmt"
)

// Map is a mapping whose keys keep their order. A key may stand in it once.
type Map []Pair

// Pair is one entry of a Map.
type Pair struct {
	Key   string
	Value any
}

// Commented is a scalar with a comment behind it on the same line, such as the
// version behind the commit of an action. JSON writes the value alone.
type Commented struct {
	Value   any
	Comment string
}

// Decimal is a number that keeps the digits it was written with, in the grammar
// of JSON numbers. json.Number is treated alike.
type Decimal string

// Valuer is a value that another value stands for in YAML and in Python.
type Valuer interface {
	YAMLValue() any
}

// MarshalJSON writes the pairs in their order.
func (m Map) MarshalJSON() ([]byte, error) {
	if err := m.unique(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	buf.WriteByte('{')
	for i, pair := range m {
		if i > 0 {
			buf.WriteByte(',')
		}
		if err := appendJSON(&buf, pair.Key); err != nil {
			return nil, err
		}
		buf.WriteByte(':')
		if err := appendJSON(&buf, pair.Value); err != nil {
			return nil, within(pair.Key, err)
		}
	}
	buf.WriteByte('}')
	return buf.Bytes(), nil
}

// MarshalJSON writes the value; JSON has no comments.
func (c Commented) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	err := appendJSON(&buf, c.Value)
	return buf.Bytes(), err
}

// MarshalJSON writes the digits as they are.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if !isNumber(string(d)) {
		return nil, notNumber(string(d))
	}
	return []byte(d), nil
}

// unique refuses a key that stands twice: readers differ in which one they take.
func (m Map) unique() error {
	// Below this a look at each pair is cheaper than a table of them.
	const few = 16
	var seen map[string]bool
	if len(m) > few {
		seen = make(map[string]bool, len(m))
	}
	for i, pair := range m {
		twice := seen[pair.Key]
		if seen == nil {
			for _, earlier := range m[:i] {
				twice = twice || earlier.Key == pair.Key
			}
		} else {
			seen[pair.Key] = true
		}
		if twice {
			return fmt.Errorf("key %q stands twice", pair.Key)
		}
	}
	return nil
}
