package prices

import (
	"fmt"
	"strings"
)

// why says why the first machine of an offer is taken.
func (o offer) why(q Query) string {
	taken := o.machines[0]
	var s strings.Builder
	if o.substituted {
		fmt.Fprintf(&s, "%s has no %s, so %s is taken (%s): ", q.Cloud, q.Accelerator, taken.Accelerator, reasonFor(q.Accelerator, taken.Accelerator))
	}
	rank := "the only machine"
	if n := len(o.machines); n > 1 {
		rank = fmt.Sprintf("the cheapest of %d machines", n)
	}
	fmt.Fprintf(&s, "%s is %s of %s with %s", taken.InstanceType, rank, q.Cloud, o.wanted(q))
	if taken.Count > q.Count {
		s.WriteString(", as none that can be chosen has exactly that many")
	}
	s.WriteString(", " + q.cost(taken))
	if len(o.machines) > 1 {
		fmt.Fprintf(&s, "; the next is %s at %s", o.machines[1].InstanceType, o.machines[1].OnDemand)
	}
	return s.String() + remark(taken) + "."
}

// wanted is what the machines of an offer have.
func (o offer) wanted(q Query) string {
	what := strings.Join(o.types, " or ")
	if o.machines[0].Count > q.Count {
		return fmt.Sprintf("at least %d %s", q.Count, what)
	}
	return fmt.Sprintf("%d %s", q.Count, what)
}

// cost is the price of a machine with its date and place.
func (q Query) cost(m Machine) string {
	text := fmt.Sprintf("at %s USD an hour on demand", m.OnDemand)
	if m.AsOf != "" {
		text += " as of " + m.AsOf
	}
	if q.Region != "" && m.Region != "" && m.Region != q.Region {
		text += fmt.Sprintf(" (the price of %s, an estimate for %s)", m.Region, q.Region)
	}
	return text
}

// whyPinned says what is known of a pinned machine and what an offer would have been.
func (o offer) whyPinned(q Query, m Machine, known bool) string {
	text := m.InstanceType + " is pinned"
	switch {
	case !known && attached(m.Cloud, m.InstanceType):
		text += fmt.Sprintf("; the list has no price for it with %d %s", m.Count, m.Accelerator)
	case !known:
		text += "; it is not in the list, so its accelerators and its price are not known"
	case m.OnDemand == "":
		text += "; its price is not known"
	default:
		text += ", " + q.cost(m)
	}
	if len(o.machines) > 0 && o.machines[0].InstanceType != m.InstanceType {
		text += fmt.Sprintf("; the cheapest with %s would be %s at %s", o.wanted(q), o.machines[0].InstanceType, o.machines[0].OnDemand)
	}
	return text + remark(m) + "."
}

func remark(m Machine) string {
	if m.Note == "" {
		return ""
	}
	return "; note: " + m.Note
}
