package spec

import "strings"

// Group is one set of equal nodes of a pool: clouds have spot or on-demand nodes in a
// group, never both.
type Group struct {
	Name     string // of the group; the pool's own when there is one
	Capacity string // spot or on_demand
}

// Groups are those of a pool, in order of preference.
func (g *GPUPool) Groups() []Group {
	switch len(g.Capacity) {
	case 0:
		return []Group{{g.Name, "on_demand"}}
	case 1:
		return []Group{{g.Name, g.Capacity[0]}}
	}
	var out []Group
	for _, capacity := range g.Capacity {
		out = append(out, Group{g.Name + "-" + strings.ReplaceAll(capacity, "_", "-"), capacity})
	}
	return out
}

// NodeGroups is how EKS calls the node groups of a platform's pool, without the suffix of
// a capacity: it takes 63 characters with the longest of these.
func NodeGroups(platform, pool string) string {
	const size = 63 - len("-on-demand")
	name := platform + "-" + pool
	if len(name) <= size {
		return name
	}
	return strings.TrimRight(name[:size-9], "-") + "-" + Hash(name)[:8]
}

// AgentPool is how AKS calls the agent pool of a group: it takes 12 small letters and
// digits. A name that had to be cut, and that of one group of several, carries a hash.
func (g Group) AgentPool(several bool) string {
	name := strings.ReplaceAll(g.Name, "-", "")
	if !several && len(name) <= 12 {
		return name
	}
	return name[:min(8, len(name))] + Hash(g.Name)[:4]
}
