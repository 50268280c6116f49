package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zones plans like every other
	"unicode"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

type cronField struct {
	name     string
	min, max int
	names    []string
}

var cronFields = []cronField{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// CheckCron reads a five-field cron expression: numbers, names, ranges, steps and
// lists. Descriptors (@daily) and seconds are not part of it.
func CheckCron(expr string) error {
	if strings.ContainsFunc(expr, func(r rune) bool { return r != ' ' && unicode.IsSpace(r) }) {
		return fmt.Errorf("%q: fields are separated by spaces only", expr)
	}
	fields := strings.Fields(expr)
	if len(fields) != len(cronFields) {
		return fmt.Errorf("%q has %d fields; a cron has 5: minute hour day-of-month month day-of-week", expr, len(fields))
	}
	for i, text := range fields {
		for part := range strings.SplitSeq(text, ",") {
			if err := cronFields[i].check(part); err != nil {
				return fmt.Errorf("%s %q: %w", cronFields[i].name, text, err)
			}
		}
	}
	return nil
}

func (f cronField) check(part string) error {
	span, step, stepped := strings.Cut(part, "/")
	if stepped {
		if n, err := strconv.Atoi(step); err != nil || n < 1 || n > f.max || strings.HasPrefix(step, "+") {
			return fmt.Errorf("the step %q must be a number from 1 to %d", step, f.max)
		}
	}
	if span == "*" {
		return nil
	}
	first, last, ranged := strings.Cut(span, "-")
	if stepped && !ranged {
		return fmt.Errorf("a step needs a range or *: %q", part)
	}
	a, err := f.number(first)
	if err != nil || !ranged {
		return err
	}
	b, err := f.number(last)
	if err == nil && a > b {
		return fmt.Errorf("the range %s goes backwards", span)
	}
	return err
}

func (f cronField) number(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(name, text) {
			return f.min + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.min || n > f.max || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q must be a number from %d to %d", text, f.min, f.max)
	}
	return n, nil
}

// cron checks a schedule.
func (c *checker) cron(at Path, expr string) {
	if expr == "" {
		c.fault(at, "must be set")
		return
	}
	if err := CheckCron(expr); err != nil {
		c.fault(at, "not a cron: %v", err)
	}
}

// zoneForm is how the IANA database spells its zones. Some systems find others too,
// whatever their case, and "posixrules".
var zoneForm = pattern.New(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)*$`)

// zone checks an IANA time zone.
func (c *checker) zone(at Path, name string) {
	if name == "" {
		return
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" || !zoneForm.MatchString(name) {
		c.fault(at, "%q is not an IANA time zone such as \"Europe/Paris\" or \"UTC\"", name)
	}
}
