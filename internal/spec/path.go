package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Path leads to a value inside a resource, as users write it.
type Path []PathStep

// PathStep is one step of a Path: an attribute, the key of a map or the index of a list.
type PathStep struct {
	Attr  string
	Key   string
	Index int
	Form  StepForm
}

// StepForm tells the three forms of a step apart.
type StepForm int

// The forms of a step.
const (
	AttrStep StepForm = iota
	KeyStep
	IndexStep
)

// At starts a path at an attribute and goes on with more of them.
func At(attrs ...string) Path {
	var p Path
	for _, a := range attrs {
		p = p.Attr(a)
	}
	return p
}

// Attr is p followed by an attribute.
func (p Path) Attr(name string) Path { return append(slices.Clip(p), PathStep{Attr: name}) }

// Key is p followed by the key of a map.
func (p Path) Key(key string) Path { return append(slices.Clip(p), PathStep{Key: key, Form: KeyStep}) }

// Index is p followed by an index, counted from zero.
func (p Path) Index(i int) Path { return append(slices.Clip(p), PathStep{Index: i, Form: IndexStep}) }

// String writes p as in HCL: steps["train"].args[2].
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch s.Form {
		case KeyStep:
			fmt.Fprintf(&b, "[%q]", s.Key)
		case IndexStep:
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Attr)
		}
	}
	return b.String()
}

// touches reports whether p and q lie on one line: equal, or one inside the other.
func (p Path) touches(q Path) bool {
	n := min(len(p), len(q))
	return slices.Equal(p[:n], q[:n])
}
