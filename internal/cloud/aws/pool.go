package aws

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// newPools keeps pools as managed node groups of Amazon EKS, one for each kind of
// capacity. A pool that Karpenter makes from the emitted repository has no object of the
// API: its store only repeats what the plan says.
func newPools(c *clients) cloud.Kind[cloud.Pool] {
	return cloud.Kind[cloud.Pool]{Plan: poolPlan{}, Store: pools{c}}
}

type poolPlan struct{}

// Settings are those of all node groups of a pool, in one entry where they are equal and
// by capacity where they are not.
func (poolPlan) Settings(p cloud.Pool) (cloud.Settings, error) {
	groups, err := nodeGroups(p)
	if err != nil {
		return nil, fmt.Errorf("gpu pool %q: %w", p.Name, err)
	}
	if p.Provisioned("aws") {
		return declared(p), nil
	}
	by := map[string]cloud.Settings{}
	for _, g := range groups {
		by[g.capacity] = g.settings()
	}
	return joined(p.On.Platform.Cluster.Name, p.Capacity, by), nil
}

// Fixed are those that EKS changes for no node group that there is. Source: the input of
// UpdateNodegroupConfig.
func (poolPlan) Fixed() []string {
	return []string{"provisioner", "cluster", "capacity", "instance_types", "ami_type", "disk_size", "subnets", "node_role"}
}

// declared are the settings of a pool of Karpenter.
func declared(p cloud.Pool) cloud.Settings {
	return cloud.Settings{"provisioner": "karpenter", "cluster": p.On.Platform.Cluster.Name}
}

// joined makes one set of settings from those of the groups by capacity. Which capacity is
// preferred shows in the scaling: its order makes no other groups.
func joined(cluster string, capacity []string, by map[string]cloud.Settings) cloud.Settings {
	kinds := slices.SortedFunc(slices.Values(capacity), func(a, b string) int { return strings.Compare(b, a) }) // spot first
	out := cloud.Settings{"provisioner": "managed_node_group", "cluster": cluster, "capacity": jsonText(kinds)}
	names := map[string]bool{}
	for _, settings := range by {
		for name := range settings {
			names[name] = true
		}
	}
	for name := range names {
		values := map[string]string{}
		for capacity, settings := range by {
			if value, there := settings[name]; there {
				values[capacity] = value
			}
		}
		out[name] = one(values)
	}
	return out
}

// one is the value that all groups have, or all values by capacity.
func one(values map[string]string) string {
	first, equal := "", true
	for _, value := range values {
		first = value
	}
	for _, value := range values {
		if value == cloud.Later {
			return cloud.Later
		}
		equal = equal && value == first
	}
	if equal {
		return first
	}
	return jsonText(values)
}

func poolID(cluster, stem string) string { return cluster + "/" + stem }

// member is a node group of a pool by name. The capacity is "" where nobody said.
type member struct{ name, capacity string }

// place is where the node groups of a pool are.
type place struct {
	cluster, stem string
	members       []member
}

// placeOf takes an id apart. Of an imported pool nobody knows which groups it has: all
// that there can be are its members.
func placeOf(id string, p cloud.Pool) (place, error) {
	cluster, stem, two := strings.Cut(id, "/")
	if !two || cluster == "" || stem == "" || strings.Contains(stem, "/") {
		return place{}, fmt.Errorf("%q is no id of a pool: it is CLUSTER/PLATFORM-POOL", id)
	}
	out := place{cluster: cluster, stem: stem}
	switch {
	case p.GPUPool == nil || len(p.Capacity) == 0:
		out.members = []member{{stem, ""}, {stem + "-spot", "spot"}, {stem + "-on-demand", "on_demand"}}
	case len(p.Capacity) == 1:
		out.members = []member{{stem, p.Capacity[0]}}
	default:
		for _, capacity := range p.Capacity {
			out.members = append(out.members, member{stem + "-" + strings.ReplaceAll(capacity, "_", "-"), capacity})
		}
	}
	return out, nil
}

// accelerator is what a node has, by which pods find it; what was asked for when nothing
// was chosen yet.
func accelerator(p cloud.Pool) spec.Accelerator {
	if p.Accelerator.Type == "" && p.GPUPool.Accelerator != nil {
		return *p.GPUPool.Accelerator
	}
	return p.Accelerator
}

// poolLabels are the user's labels and those by which pods and device plugins find the
// nodes.
func poolLabels(p cloud.Pool) (map[string]string, error) {
	has := accelerator(p)
	ours := map[string]string{"mlops.dev/pool": p.Name, "mlops.dev/accelerator": has.Type}
	var faults []error
	if has.Type == "" {
		faults = append(faults, spec.Misfit("accelerator", "it is not known what a %s has: name its type and count", p.Machine))
	}
	if why := p.Sharing.Unshareable(&has); why != "" {
		faults = append(faults, spec.Misfit("sharing", "%s", why))
	}
	maps.Copy(ours, p.SharingLabels())
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(p.Labels)) {
		value := p.Labels[key]
		if mine, taken := ours[key]; taken && mine != value {
			faults = append(faults, spec.Misfit("labels", "%s is %q, which this provider sets: leave it out", key, mine))
		}
		if value == "" || len(value) > 63 || len(key) > 63 {
			faults = append(faults, spec.Misfit("labels", "%s=%q: EKS takes keys and values of 1 to 63 characters", key, value))
		}
		if err := labelUnable(key); err != nil {
			faults = append(faults, err)
		}
		out[key] = value
	}
	maps.Copy(out, ours)
	return out, errors.Join(faults...)
}
