package spec

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one mistake of a configuration, on the value that caused it.
// Message says what is wrong and the way out, without the path.
type Fault struct {
	Kind    Kind   // of the resource; set when the fault concerns one of several
	Name    string // of the resource, likewise
	Path    Path
	Message string
	Warning bool // worth saying, but no reason to stop
}

// Error names the resource when it is set, the path and the message.
func (f Fault) Error() string {
	var b strings.Builder
	if f.Kind != "" {
		fmt.Fprintf(&b, "%s %q: ", f.Kind, f.Name)
	}
	if len(f.Path) > 0 {
		b.WriteString(f.Path.String() + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// Faults are all the mistakes of one configuration.
type Faults []Fault

// Error joins the messages, one on each line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is nil when no fault stops the work.
func (f Faults) Err() error {
	var errs Faults
	for _, fault := range f {
		if !fault.Warning {
			errs = append(errs, fault)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// Refuse is the fault of a setting that the chosen system cannot express.
// The message should name the system and the systems that can.
func Refuse(s Spec, at Path, format string, args ...any) Fault {
	return Fault{Kind: s.Kind(), Name: s.ID(), Path: at, Message: fmt.Sprintf(format, args...)}
}

// FaultsOf takes the faults out of an error chain; an error of another kind
// becomes one fault without a path.
func FaultsOf(err error) Faults {
	if err == nil {
		return nil
	}
	var many Faults
	var one Fault
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &one):
		return Faults{one}
	}
	return Faults{{Message: err.Error()}}
}

// checker gathers the faults of one resource.
type checker struct {
	faults Faults
}

func (c *checker) fault(at Path, format string, args ...any) {
	c.faults = append(c.faults, Fault{Path: at, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) warn(at Path, format string, args ...any) {
	c.faults = append(c.faults, Fault{Path: at, Message: fmt.Sprintf(format, args...), Warning: true})
}

// required reports whether value is there; its absence is a fault.
func (c *checker) required(at Path, value string) bool {
	if value == "" {
		c.fault(at, "must be set")
	}
	return value != ""
}
