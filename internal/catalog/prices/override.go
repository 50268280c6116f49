package prices

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// ownSource is the source of a price whose row names none.
const ownSource = "own price"

// Read reads a user's own prices from CSV. Only cloud, instance_type and on_demand are
// required; what is left out is that of the embedded list's machine, with and without a
// region. A row without region is for every region. A spot price of the list that is
// above the row's on_demand is lowered to it: nobody pays more for what can be taken
// away. A row that names no date has the list's only where it has the list's price: an
// own price has no list date.
func Read(r io.Reader) ([]Machine, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	list, err := Embedded()
	if err != nil {
		return nil, err
	}
	rows, err := parse(data, "cloud", "instance_type", "on_demand")
	if err != nil {
		return nil, err
	}
	var out []Machine
	var faults []error
	for _, r := range rows {
		r.Machine = list.complete(r.Machine)
		faults = append(faults, list.check(r)...)
		out = append(out, r.Machine)
	}
	return out, errors.Join(faults...)
}

// check finds what a row cannot be chosen without.
func (c *Catalog) check(r row) (faults []error) {
	if !slices.Contains(c.clouds(), r.Cloud) {
		return []error{r.fault("cloud", "there is no cloud %q; there are: %s", r.Cloud, strings.Join(c.clouds(), ", "))}
	}
	same := c.named(r.Machine)
	accelerators := names(same, func(m Machine) string { return m.Accelerator })
	switch {
	case r.Accelerator == "" && len(same) == 0:
		faults = append(faults, r.fault("accelerator", "it must be set, since %q is not in the list of %s", r.InstanceType, r.Cloud))
	case r.Accelerator == "" && len(accelerators) > 1:
		faults = append(faults, r.fault("accelerator", "it must be set, since %q may have %s", r.InstanceType, strings.Join(accelerators, " or ")))
	case r.Accelerator != "" && !c.knows(r.Accelerator):
		faults = append(faults, r.fault("accelerator", "%q is not an accelerator; there are: %s", r.Accelerator, strings.Join(c.accelerators(), ", ")))
	case r.Accelerator != "" && r.Count == 0 && !slices.Contains(accelerators, r.Accelerator):
		faults = append(faults, r.fault("count", "it must be set, since %q with %s is not in the list of %s", r.InstanceType, r.Accelerator, r.Cloud))
	}
	if r.Spot != "" && r.OnDemand.Cmp(r.Spot) < 0 {
		faults = append(faults, r.fault("spot", "it is above on_demand: exchange them, or leave it out"))
	}
	return faults
}

// accelerators are those of the language and those of the list.
func (c *Catalog) accelerators() []string {
	all := append(spec.AcceleratorTypes(), names(c.rows, func(m Machine) string { return m.Accelerator })...)
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *Catalog) knows(accelerator string) bool {
	return slices.Contains(c.accelerators(), accelerator)
}

// named are the rows with the cloud and the type of a machine.
func (c *Catalog) named(m Machine) []Machine {
	var out []Machine
	for _, known := range c.rows {
		if known.Cloud == m.Cloud && known.InstanceType == m.InstanceType {
			out = append(out, known)
		}
	}
	return out
}

// complete takes what a row leaves out from the machine of the same name; of several
// regions, from that of its own.
func (c *Catalog) complete(m Machine) Machine {
	or(&m.Source, ownSource)
	same := c.named(m)
	if len(same) == 0 {
		return m
	}
	host := same[0]
	orCount(&m.VCPU, host.VCPU)
	orCount(&m.MemoryGiB, host.MemoryGiB)
	if accelerators := names(same, func(m Machine) string { return m.Accelerator }); m.Accelerator == "" && len(accelerators) == 1 {
		m.Accelerator = accelerators[0]
	}
	of := func(known Machine) bool {
		return known.Accelerator == m.Accelerator && (m.Count == 0 || m.Count == known.Count)
	}
	i := slices.IndexFunc(same, func(known Machine) bool { return of(known) && known.Region == m.Region })
	if i < 0 {
		i = slices.IndexFunc(same, of)
	}
	if i < 0 {
		return m
	}
	known := same[i]
	orCount(&m.Count, known.Count)
	orCount(&m.GPUMemoryGiB, known.GPUMemoryGiB)
	or(&m.Note, known.Note)
	if m.Spot == "" {
		m.Spot = known.Spot
		if m.OnDemand != "" && m.Spot.Cmp(m.OnDemand) > 0 {
			m.Spot = m.OnDemand
		}
	}
	if known.OnDemand != "" && m.OnDemand.Cmp(known.OnDemand) == 0 {
		or(&m.AsOf, known.AsOf)
	}
	return m
}

func or(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func orCount(field *int64, value int64) {
	if *field == 0 {
		*field = value
	}
}

// With is the list with other rows, such as negotiated prices: a row takes the place of
// that of the same cloud, region and type, and one without region that of all regions.
// What a row leaves out is completed as by Read.
func (c *Catalog) With(rows []Machine) *Catalog {
	out := &Catalog{slices.Clone(c.rows)}
	byRegion := slices.Clone(rows)
	// A row of one region stays beside one of every region, whichever comes first.
	slices.SortStableFunc(byRegion, func(a, b Machine) int { return min(len(a.Region), 1) - min(len(b.Region), 1) })
	for _, m := range byRegion {
		out.put(c.complete(m))
	}
	return out
}

func (c *Catalog) put(m Machine) {
	replaced := func(old Machine) bool {
		return keyOf(old) == keyOf(m) && (m.Region == "" || old.Region == m.Region)
	}
	at := slices.IndexFunc(c.rows, replaced)
	if at < 0 {
		c.rows = append(c.rows, m)
		return
	}
	c.rows = slices.DeleteFunc(c.rows, replaced)
	c.rows = slices.Insert(c.rows, at, m)
}
