package google

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/api/container/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// grouped are the settings of a pool: one value where its node pools agree, otherwise that
// of each by its name. A node pool that is missing is nil: it is made again as it is wanted,
// so that what is fixed stands as in want.
func grouped(p cloud.Pool, list, want []*container.NodePool) cloud.Settings {
	values := map[string]map[string]string{}
	names, capacity := []string{}, []string{}
	add := func(name string, of cloud.Settings) {
		for setting, value := range of {
			if values[setting] == nil {
				values[setting] = map[string]string{}
			}
			values[setting][name] = value
		}
	}
	for n, group := range p.Groups() {
		have := list[n]
		if have == nil {
			capacity = append(capacity, group.Capacity)
			if want != nil {
				add(group.Name, fixed(poolSettings(p, want[n])))
			}
			continue
		}
		names = append(names, group.Name)
		capacity = append(capacity, capacityOf(have))
		add(group.Name, poolSettings(p, have))
	}
	out := cloud.Settings{"node_pools": canonical(names), "capacity": canonicalSet(capacity)}
	for setting, byName := range values {
		different := slices.Compact(slices.Sorted(maps.Values(byName)))
		if len(different) == 1 {
			out[setting] = different[0]
		} else {
			out[setting] = canonical(byName)
		}
	}
	return out
}

func capacityOf(n *container.NodePool) string {
	if n.Config.Spot {
		return "spot"
	}
	return "on_demand"
}

// unlike names the settings in which a node pool differs from what is wanted, and that no
// call changes.
func unlike(p cloud.Pool, have, want *container.NodePool) (out []string) {
	is, should := fixed(poolSettings(p, have)), fixed(poolSettings(p, want))
	is["capacity"], should["capacity"] = capacityOf(have), capacityOf(want)
	for _, setting := range (poolPlan{}).Fixed() {
		if is[setting] != should[setting] {
			out = append(out, setting)
		}
	}
	return out
}

func fixed(all cloud.Settings) cloud.Settings {
	maps.DeleteFunc(all, func(setting, _ string) bool { return !slices.Contains(poolPlan{}.Fixed(), setting) })
	return all
}

// poolSettings are those of one node pool. What p leaves to GKE is not among them.
func poolSettings(p cloud.Pool, n *container.NodePool) cloud.Settings {
	c := n.Config
	out := cloud.Settings{
		"machine_type":      c.MachineType,
		"accelerators":      canonicalSet(c.Accelerators),
		"autoscaling":       canonical(scaling(n.Autoscaling)),
		"management":        canonical(map[string]bool{"auto_repair": n.Management != nil && n.Management.AutoRepair, "auto_upgrade": n.Management != nil && n.Management.AutoUpgrade}),
		"labels":            canonical(ownLabels(c.Labels, p)),
		"taints":            canonicalSet(ownTaints(c.Taints, p)),
		"resource_labels":   canonical(cloud.Managed(c.ResourceLabels, p.Marked(p.Name))),
		"workload_metadata": unset,
		"gvnic":             canonical(c.Gvnic != nil && c.Gvnic.Enabled),
		"flex_start":        canonical(c.FlexStart),
		"zones":             zones(n),
		"shielded_instance": canonical(shielded(c.ShieldedInstanceConfig)),
		"service_account":   cmp.Or(c.ServiceAccount, "default"),
	}
	if c.WorkloadMetadataConfig != nil {
		out["workload_metadata"] = c.WorkloadMetadataConfig.Mode
	}
	if !c.Spot {
		out["reservation"] = reservation(c.ReservationAffinity)
	}
	if p.Disk != nil && p.Disk.SizeGiB > 0 {
		out["disk_size_gb"] = canonical(diskSize(c))
	}
	if p.Disk != nil && p.Disk.Type != "" {
		out["disk_type"] = diskType(c)
	}
	return out
}

func scaling(a *container.NodePoolAutoscaling) map[string]any {
	if a == nil {
		return map[string]any{"enabled": false}
	}
	out := map[string]any{"enabled": a.Enabled, "min": a.TotalMinNodeCount, "max": a.TotalMaxNodeCount, "location_policy": a.LocationPolicy}
	if a.MaxNodeCount > 0 {
		out["max_per_zone"] = a.MaxNodeCount
	}
	return out
}

// zones are those of a node pool, or that they are the cluster's.
func zones(n *container.NodePool) string {
	if len(n.Locations) == 0 {
		return "those of the cluster"
	}
	return canonical(slices.Sorted(slices.Values(n.Locations)))
}

// ownLabels are those without what GKE adds by itself, unless the pool names it.
func ownLabels(have map[string]string, p cloud.Pool) map[string]string {
	out := maps.Clone(have)
	maps.DeleteFunc(out, func(key, _ string) bool {
		_, named := p.Labels[key]
		return addedLabel(key) && !named
	})
	return out
}

// ownTaints are those without what GKE adds by itself, unless the pool names it.
func ownTaints(have []*container.NodeTaint, p cloud.Pool) []*container.NodeTaint {
	named := taints(p)
	return slices.DeleteFunc(slices.Clone(have), func(t *container.NodeTaint) bool {
		return addedTaint(t) && !slices.ContainsFunc(named, func(n *container.NodeTaint) bool { return n.Key == t.Key })
	})
}

func shielded(s *container.ShieldedInstanceConfig) map[string]bool {
	return map[string]bool{"integrity_monitoring": s != nil && s.EnableIntegrityMonitoring, "secure_boot": s != nil && s.EnableSecureBoot}
}

// reservation is the name of the one that nodes come from. Without any word on it nodes come
// from whatever reservation matches; with flex_start they never do.
func reservation(r *container.ReservationAffinity) string {
	switch {
	case r != nil && r.ConsumeReservationType == "SPECIFIC_RESERVATION" && len(r.Values) > 0:
		return r.Values[0]
	case r != nil && r.ConsumeReservationType == "NO_RESERVATION":
		return r.ConsumeReservationType
	}
	return unset
}

// diskSize is where newer clusters keep it, or where older ones do.
func diskSize(c *container.NodeConfig) int64 {
	if c.BootDisk != nil && c.BootDisk.SizeGb > 0 {
		return c.BootDisk.SizeGb
	}
	return c.DiskSizeGb
}

func diskType(c *container.NodeConfig) string {
	if c.BootDisk != nil && c.BootDisk.DiskType != "" {
		return c.BootDisk.DiskType
	}
	return c.DiskType
}
