package azure

import (
	"slices"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// fixedPool are the properties of an agent pool that AKS does not change, and those for
// which it would need a pool beside it. Source: the service's own API and azurerm.
var fixedPool = []string{
	"cluster", "vmSize", "scaleSetPriority", "scaleSetEvictionPolicy", "spotMaxPrice", "gpuInstanceProfile", "gpuDriver", "osType",
	"availabilityZones", "capacityReservationGroupID", "osDiskSizeGB", "osDiskType", "vnetSubnetID",
}

// byNature are what spot and on-demand nodes differ in.
var byNature = []string{"scaleSetPriority", "scaleSetEvictionPolicy", "spotMaxPrice"}

// describePools are the settings of a pool: what its agent pools have in common, or the
// values of all where they differ. One that is missing shows in agentPools only, since it
// can be made again without the others.
func describePools(cluster string, have, want []wantedPool) cloud.Settings {
	var names []string
	each := map[string][]string{}
	for _, w := range want {
		i := slices.IndexFunc(have, func(h wantedPool) bool { return h.name == w.name })
		if i < 0 {
			missing := describePool(w.profile, w.profile)
			for _, setting := range byNature {
				each[setting] = append(each[setting], missing[setting])
			}
			continue
		}
		names = append(names, w.name)
		for setting, value := range describePool(have[i].profile, w.profile) {
			each[setting] = append(each[setting], value)
		}
	}
	out := cloud.Settings{"cluster": cluster, "agentPools": canonical(names)}
	for setting, list := range each {
		if !slices.Contains(byNature, setting) {
			list = same(list)
		}
		out[setting] = strings.Join(list, " ")
	}
	return out
}

func same(list []string) []string {
	for _, v := range list {
		if v != list[0] {
			return list
		}
	}
	return list[:1]
}

func describePool(have, want *profile) cloud.Settings {
	out := cloud.Settings{
		"provisioningState":          standing(have.ProvisioningState),
		"scaleSetPriority":           text(have.ScaleSetPriority, "Regular"),
		"scaleSetEvictionPolicy":     "none",
		"spotMaxPrice":               "none",
		"gpuInstanceProfile":         text(have.GpuInstanceProfile, "none"),
		"gpuDriver":                  "Install",
		"osType":                     text(have.OSType, "Linux"),
		"mode":                       text(have.Mode, "User"),
		"vmSize":                     text(alike(have.VMSize, want.VMSize), ""),
		"availabilityZones":          list(have.AvailabilityZones),
		"capacityReservationGroupID": text(alike(have.CapacityReservationGroupID, want.CapacityReservationGroupID), "none"),
		"enableAutoScaling":          flag(have.EnableAutoScaling),
		"minCount":                   number(have.MinCount),
		"maxCount":                   number(have.MaxCount),
		"nodeLabels":                 canonical(ownLabels(have.NodeLabels)),
		"nodeTaints":                 list(ownTaints(have.NodeTaints)),
		"tags":                       canonical(cloud.Managed(values(have.Tags), values(want.Tags))),
	}
	if have.GpuProfile != nil {
		out["gpuDriver"] = text(have.GpuProfile.Driver, "Install")
	}
	if out["scaleSetPriority"] == "Spot" {
		out["scaleSetEvictionPolicy"] = text(have.ScaleSetEvictionPolicy, "Delete")
		out["spotMaxPrice"] = strconv.FormatFloat(float64(deref(have.SpotMaxPrice)), 'f', -1, 32)
	}
	// AKS chooses what is not said, and its choice is no change by hand.
	for setting, p := range map[string]struct{ have, want *string }{
		"osSKU":        {(*string)(have.OSSKU), (*string)(want.OSSKU)},
		"osDiskType":   {(*string)(have.OSDiskType), (*string)(want.OSDiskType)},
		"vnetSubnetID": {alike(have.VnetSubnetID, want.VnetSubnetID), want.VnetSubnetID},
		"osDiskSizeGB": {numberText(have.OSDiskSizeGB), numberText(want.OSDiskSizeGB)},
	} {
		if p.want != nil {
			out[setting] = deref(p.have)
		}
	}
	return out
}

// standing is the state that an agent pool came to. AKS keeps what was asked for of a pool
// whose change failed, so that its state alone tells. What is under way is no difference.
func standing(state *string) string {
	if broken := deref(state); broken == "Failed" || broken == "Canceled" {
		return broken
	}
	return "Succeeded"
}

func text[T ~string](p *T, otherwise string) string {
	if p == nil || *p == "" {
		return otherwise
	}
	return string(*p)
}

func number(p *int32) string { return strconv.Itoa(int(deref(p))) }

func numberText(p *int32) *string {
	if p == nil {
		return nil
	}
	return to.Ptr(number(p))
}

// list is canonical: AKS knows no order of zones and taints.
func list(pointers []*string) string {
	out := []string{}
	for _, p := range pointers {
		out = append(out, deref(p))
	}
	slices.Sort(out)
	return canonical(out)
}

// ownLabels are the labels of a pool without those that AKS adds.
func ownLabels(have map[string]*string) map[string]string {
	out := values(have)
	for key := range out {
		if strings.HasPrefix(key, reserved) {
			delete(out, key)
		}
	}
	return out
}

func ownTaints(have []*string) []*string {
	return slices.DeleteFunc(slices.Clone(have), func(t *string) bool { return strings.HasPrefix(deref(t), reserved) })
}
