package prices

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Query asks for a machine.
type Query struct {
	Cloud        string
	Region       string // "" is not known
	Accelerator  string // portable type
	Count        int64  // at least; 0 is 1
	InstanceType string // pins one
	Capacity     []string
}

func (q Query) spot() bool { return slices.Contains(q.Capacity, "spot") }

// Choice is the machine that a query gets and why.
type Choice struct {
	Machine
	// Candidates are the machines to choose from, cheapest first. A pinned machine need
	// not be one of them.
	Candidates []Machine
	Why        string // a sentence
	// Region is that of the price. When it is not the region asked for, the price is an
	// estimate.
	Region     string
	Substitute string // the accelerator that is taken instead of the one asked for
}

// Choose takes the pinned machine or the cheapest that fits. The cheapest is the one
// with the lowest on-demand price, whatever the capacity: spot prices are estimates.
func (c *Catalog) Choose(q Query) (Choice, error) {
	q.Count = max(q.Count, 1)
	if q.InstanceType != "" {
		return c.pinned(q)
	}
	if q.Accelerator == "" {
		return Choice{}, errors.New("no accelerator is asked for: set its type, or pin instance_type")
	}
	found, err := c.fitting(q)
	if err != nil {
		return Choice{}, err
	}
	out := chosen(q, found.machines[0])
	out.Candidates = found.machines
	if found.substituted {
		out.Substitute = out.Accelerator
	}
	out.Why = found.why(q)
	return out, nil
}

func chosen(q Query, m Machine) Choice { return Choice{Machine: m, Region: cmp.Or(m.Region, q.Region)} }

// pinned is the machine that a query names. One that the list does not have is taken
// at the query's word.
func (c *Catalog) pinned(q Query) (Choice, error) {
	rows := c.nearest(q)
	found, _ := c.fitting(q) // none is no fault here: the pin decides
	m, known := q.pin(rows)
	if known {
		if err := q.contradicts(m, found.machines); err != nil {
			return Choice{}, err
		}
	}
	out := chosen(q, m)
	out.Candidates = found.machines
	out.Why = found.whyPinned(q, m, known)
	return out, nil
}

// pin finds the row that a query names.
func (q Query) pin(rows []Machine) (m Machine, known bool) {
	for _, m := range rows {
		if m.InstanceType != q.InstanceType {
			continue
		}
		if !attached(m.Cloud, m.InstanceType) || m.Accelerator == q.Accelerator && m.Count == q.Count {
			return m, true
		}
	}
	return Machine{Cloud: q.Cloud, Region: q.Region, InstanceType: q.InstanceType, Accelerator: q.Accelerator, Count: q.Count}, false
}

// contradicts says what a pinned machine lacks, as far as the list knows.
func (q Query) contradicts(m Machine, others []Machine) error {
	if q.Accelerator == "" || m.Accelerator == "" {
		return nil
	}
	if m.Accelerator != q.Accelerator {
		return fmt.Errorf("instance_type %q of %s has %s, not %s: ask for that accelerator, or leave instance_type out", m.InstanceType, m.Cloud, m.Accelerator, q.Accelerator)
	}
	has := fmt.Sprint(m.Count)
	switch {
	case m.Count >= q.Count:
		return nil
	case m.noted(fraction):
		has = fraction
	case m.Count == 0:
		return nil // not known
	}
	way := "leave instance_type out"
	if len(others) > 0 {
		way = fmt.Sprintf("%s has %d", others[0].InstanceType, others[0].Count)
	}
	return fmt.Errorf("instance_type %q of %s has %s %s, and %d are asked for: %s", m.InstanceType, m.Cloud, has, m.Accelerator, q.Count, way)
}

// nearest is one row for each machine of the cloud: that of the region asked for, else
// that of every region, else that of another region.
func (c *Catalog) nearest(q Query) []Machine {
	rank := func(m Machine) int {
		switch m.Region {
		case q.Region:
			return 0
		case "":
			return 1
		}
		return 2
	}
	var out []Machine
	at := map[key]int{}
	for _, m := range c.rows {
		if m.Cloud != q.Cloud {
			continue
		}
		i, there := at[keyOf(m)]
		if !there {
			at[keyOf(m)] = len(out)
			out = append(out, m)
			continue
		}
		if cmp.Or(cmp.Compare(rank(m), rank(out[i])), cmp.Compare(m.Region, out[i].Region)) < 0 {
			out[i] = m
		}
	}
	return out
}

// offer is what fits a query: at least one machine, cheapest first.
type offer struct {
	machines    []Machine
	types       []string // the accelerators that were looked for
	substituted bool
}

// fitting finds the machines that fit a query, its pin apart.
func (c *Catalog) fitting(q Query) (offer, error) {
	rows := c.nearest(q)
	if len(rows) == 0 {
		return offer{}, fmt.Errorf("there are no prices for cloud %q; there are for: %s; pin instance_type", q.Cloud, strings.Join(c.clouds(), ", "))
	}
	found := offer{types: []string{q.Accelerator}}
	have := names(rows, func(m Machine) string { return m.Accelerator })
	if !slices.Contains(have, q.Accelerator) {
		found.types, found.substituted = nil, true
		for _, s := range substitutes[q.Accelerator] {
			if slices.Contains(have, s.accelerator) {
				found.types = append(found.types, s.accelerator)
			}
		}
	}
	if len(found.types) == 0 {
		return offer{}, fmt.Errorf("the list of cloud %q has no %s; it has: %s; pin a machine that the list does not have with instance_type", q.Cloud, q.Accelerator, strings.Join(have, ", "))
	}
	var exact []Machine
	for _, m := range rows {
		if !slices.Contains(found.types, m.Accelerator) || m.Count < q.Count || !q.buys(m) {
			continue
		}
		found.machines = append(found.machines, m)
		if m.Count == q.Count {
			exact = append(exact, m)
		}
	}
	if len(exact) > 0 {
		found.machines = exact
	}
	if len(found.machines) == 0 {
		return offer{}, q.none(found.types, rows)
	}
	slices.SortFunc(found.machines, cheaper)
	return found, nil
}

// buys reports whether a machine may be chosen by its price.
func (q Query) buys(m Machine) bool {
	return m.OnDemand != "" && !m.noted(blocksOnly) && (!m.noted(spotOnly) || q.spot())
}

// cheaper is the order of candidates.
func cheaper(a, b Machine) int {
	return cmp.Or(a.OnDemand.Cmp(b.OnDemand), cmp.Compare(a.Count, b.Count), cmp.Compare(a.VCPU, b.VCPU), cmp.Compare(a.InstanceType, b.InstanceType))
}

// none says why no machine fits although the cloud has the accelerator.
func (q Query) none(types []string, rows []Machine) error {
	what := strings.Join(types, " or ")
	var most Machine
	var closed []string
	for _, m := range rows {
		if !slices.Contains(types, m.Accelerator) {
			continue
		}
		if m.Count > most.Count {
			most = m
		}
		if m.Count >= q.Count || m.Count == 0 && !m.noted(fraction) {
			closed = append(closed, fmt.Sprintf("%s (%s)", m.InstanceType, cmp.Or(m.Note, "no price")))
		}
	}
	switch {
	case len(closed) == 0 && most.Count == 0:
		return fmt.Errorf("%s has no whole %s: pin instance_type to take a fraction of one", q.Cloud, what)
	case len(closed) == 0:
		return fmt.Errorf("no machine of %s has %d %s: the most is %d, of %s", q.Cloud, q.Count, what, most.Count, most.InstanceType)
	}
	return fmt.Errorf("%s has %d %s only on machines that are not chosen by price: %s; pin instance_type, or give a price or another capacity", q.Cloud, q.Count, what, strings.Join(closed, ", "))
}
