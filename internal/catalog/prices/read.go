package prices

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// column is one of a list of prices: how a row takes its text.
type column struct {
	name string
	set  func(*Machine, string) error
}

// columns are all of them, in the order of the embedded list.
var columns = []column{
	{"cloud", text(func(m *Machine) *string { return &m.Cloud })},
	{"region", text(func(m *Machine) *string { return &m.Region })},
	{"instance_type", text(func(m *Machine) *string { return &m.InstanceType })},
	{"accelerator", text(func(m *Machine) *string { return &m.Accelerator })},
	{"count", whole(func(m *Machine) *int64 { return &m.Count })},
	{"gpu_memory_gib", whole(func(m *Machine) *int64 { return &m.GPUMemoryGiB })},
	{"vcpu", whole(func(m *Machine) *int64 { return &m.VCPU })},
	{"memory_gib", whole(func(m *Machine) *int64 { return &m.MemoryGiB })},
	{"on_demand", price(func(m *Machine) *spec.Number { return &m.OnDemand })},
	{"spot", price(func(m *Machine) *spec.Number { return &m.Spot })},
	{"as_of", date},
	{"source", text(func(m *Machine) *string { return &m.Source })},
	{"note", text(func(m *Machine) *string { return &m.Note })},
}

func text(field func(*Machine) *string) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		*field(m) = text
		return nil
	}
}

func whole(field func(*Machine) *int64) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return fmt.Errorf("%q is not a whole number: write one such as 8", text)
		}
		*field(m) = int64(n)
		return nil
	}
}

var priceForm = pattern.New(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?$`)

func price(field func(*Machine) *spec.Number) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		if !priceForm.MatchString(text) {
			return fmt.Errorf("%q is not a price: write USD an hour with a point and no sign, such as 0.526", text)
		}
		*field(m) = spec.Number(text)
		return nil
	}
}

func date(m *Machine, text string) error {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return fmt.Errorf("%q is not a date: write it such as 2026-07-20", text)
	}
	m.AsOf = text
	return nil
}

// row is a machine and the line it stands on.
type row struct {
	Machine
	line int
}

func (r row) fault(column, format string, args ...any) error {
	return fmt.Errorf("line %d, column %s: %w", r.line, column, fmt.Errorf(format, args...))
}

// parse reads rows of CSV whose first line names the columns; those that are required
// must be there and be filled. All faults are told at once.
func parse(data []byte, required ...string) ([]row, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))) // spreadsheets put it there
	in.Comment, in.FieldsPerRecord, in.TrimLeadingSpace = '#', -1, true
	first, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line 1: nothing is there: start with a line that names the columns %s", strings.Join(required, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("not CSV: %w", err)
	}
	line, _ := in.FieldPos(0)
	header, err := headerOf(first, line, required)
	if err != nil {
		return nil, err
	}
	var rows []row
	var faults []error
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(faults, fmt.Errorf("not CSV: %w", err))...)
		}
		line, _ := in.FieldPos(0)
		r := row{line: line}
		faults = append(faults, r.fill(header, fields, required)...)
		rows = append(rows, r)
	}
	faults = append(faults, twice(rows)...)
	return rows, errors.Join(faults...)
}

// headerOf finds the columns that the first line names.
func headerOf(fields []string, line int, required []string) ([]column, error) {
	var out []column
	var faults []error
	for _, name := range fields {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		switch {
		case i < 0:
			faults = append(faults, fmt.Errorf("line %d, column %q: there is no such column; there are, separated by commas: %s", line, name, columnNames()))
		case slices.ContainsFunc(out, func(c column) bool { return c.name == name }):
			faults = append(faults, fmt.Errorf("line %d, column %s: it is named twice", line, name))
		default:
			out = append(out, columns[i])
		}
	}
	if len(faults) > 0 { // a name that is wrong is the one that is missing
		return nil, errors.Join(faults...)
	}
	for _, name := range required {
		if !slices.ContainsFunc(out, func(c column) bool { return c.name == name }) {
			faults = append(faults, fmt.Errorf("line %d, column %s: it is missing", line, name))
		}
	}
	return out, errors.Join(faults...)
}

func columnNames() string {
	var out []string
	for _, c := range columns {
		out = append(out, c.name)
	}
	return strings.Join(out, ", ")
}

// fill takes the fields of one line.
func (r *row) fill(header []column, fields, required []string) (faults []error) {
	if len(fields) != len(header) {
		return []error{fmt.Errorf("line %d has %d fields, but the first line names %d columns", r.line, len(fields), len(header))}
	}
	for i, c := range header {
		text := strings.TrimSpace(fields[i])
		if text == "" {
			if slices.Contains(required, c.name) {
				faults = append(faults, r.fault(c.name, "it must be set"))
			}
			continue
		}
		if err := c.set(&r.Machine, text); err != nil {
			faults = append(faults, r.fault(c.name, "%w", err))
		}
	}
	return faults
}

// twice finds machines that stand on two lines.
func twice(rows []row) (faults []error) {
	type place struct {
		key
		region string
	}
	seen := map[place]int{}
	for _, r := range rows {
		at := place{keyOf(r.Machine), r.Region}
		if before, there := seen[at]; there && r.InstanceType != "" {
			faults = append(faults, r.fault("instance_type", "%q of this region stands on line %d too: leave one of them", r.InstanceType, before))
			continue
		}
		seen[at] = r.line
	}
	return faults
}

// table reads a whole list, in which every column is there.
func table(data []byte) ([]Machine, error) {
	rows, err := parse(data, "cloud", "region", "instance_type", "as_of", "source")
	if err != nil {
		return nil, err
	}
	var out []Machine
	var faults []error
	for _, r := range rows {
		if r.Accelerator == "" && r.Count > 0 {
			faults = append(faults, r.fault("accelerator", "it must be set where there is a count"))
		}
		if r.Spot != "" && r.OnDemand.Cmp(r.Spot) < 0 {
			faults = append(faults, r.fault("spot", "it is above on_demand"))
		}
		out = append(out, r.Machine)
	}
	return out, errors.Join(faults...)
}
