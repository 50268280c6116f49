package spec

import (
	"errors"
	"fmt"
	"slices"
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
	Later   bool // the language has it, this version of the provider cannot do it yet
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

// Misfit adds the fault of a setting that a cloud or a store cannot express.
func (f *Faults) Misfit(at, format string, args ...any) { *f = append(*f, Misfit(at, format, args...)) }

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
	f := newFault(at, format, args...)
	f.Kind, f.Name = s.Kind(), s.ID()
	return f
}

// newFault writes a message in which no credential of a quoted value survives.
func newFault(at Path, format string, args ...any) Fault {
	return Fault{Path: at, Message: redact(fmt.Sprintf(format, args...))}
}

// FaultsOf takes the faults out of an error chain, also out of joined errors; an
// error of another kind becomes one fault without a path.
func FaultsOf(err error) Faults {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all Faults
		for _, e := range joined.Unwrap() {
			all = append(all, FaultsOf(e)...)
		}
		return all
	}
	switch err := err.(type) { //nolint:errorlint // the layers are taken off one by one below
	case Faults:
		return err
	case Fault:
		return Faults{err}
	}
	if inner := errors.Unwrap(err); inner != nil && holdsFaults(inner) {
		return FaultsOf(inner)
	}
	return Faults{{Message: err.Error()}}
}

func holdsFaults(err error) bool {
	var many Faults
	var one Fault
	return errors.As(err, &many) || errors.As(err, &one)
}

// checker gathers the faults of one resource.
// A rule that reads other values than the one at its fault's path asks knows or
// knowsKeys about them.
type checker struct {
	faults Faults
	holes  []Path // of values that are unknown or could not be read
	// platform is the resource's where its whole spec was given, else nil.
	platform *Platform
}

// fault reports a mistake in the value at a path; nothing is said of a value that
// is not known with everything below it.
func (c *checker) fault(at Path, format string, args ...any) {
	if c.knows(at) {
		c.faults = append(c.faults, newFault(at, format, args...))
	}
}

// misplaced reports that there is a value at a path, or how it is called, whatever
// it holds.
func (c *checker) misplaced(at Path, format string, args ...any) {
	if c.knowsKeys(at) {
		c.faults = append(c.faults, newFault(at, format, args...))
	}
}

func (c *checker) warn(at Path, format string, args ...any) {
	if c.knows(at) {
		f := newFault(at, format, args...)
		f.Warning = true
		c.faults = append(c.faults, f)
	}
}

// knows reports whether the values at some paths are known, with everything below.
func (c *checker) knows(paths ...Path) bool {
	for _, at := range paths {
		if slices.ContainsFunc(c.holes, at.touches) {
			return false
		}
	}
	return true
}

// knowsKeys reports whether it is known what stands at a path and which keys it has;
// single values below need not be known.
func (c *checker) knowsKeys(at Path) bool {
	return !slices.ContainsFunc(c.holes, func(hole Path) bool { return len(hole) <= len(at) && hole.touches(at) })
}

// required reports whether value is there; its absence is a fault.
func (c *checker) required(at Path, value string) bool {
	if value == "" {
		c.fault(at, "must be set")
	}
	return value != ""
}

// Misfit is the fault of a setting that a cloud or a store cannot express, at a path with
// dots between its attributes; "" is the whole resource. The message names what can.
func Misfit(at, format string, args ...any) Fault {
	if at == "" {
		return newFault(nil, format, args...)
	}
	return newFault(At(strings.Split(at, ".")...), format, args...)
}
