package azure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// profile is an agent pool in Azure's terms.
type profile = armcontainerservice.ManagedClusterAgentPoolProfileProperties

// reserved is the prefix of the labels and taints that AKS adds by itself.
const reserved = "kubernetes.azure.com/"

// wantedPool is one agent pool of a pool.
type wantedPool struct {
	name string
	*profile
}

func (d *driver) wantedPools(p cloud.Pool) ([]wantedPool, error) {
	base, err := d.profile(p)
	if err != nil {
		return nil, err
	}
	list := p.Groups()
	var out []wantedPool
	for n, g := range list {
		one := *base
		if n > 0 && one.MinCount != nil {
			one.MinCount, one.Count = to.Ptr[int32](0), to.Ptr[int32](0) // the fewest nodes are of the preferred capacity
		}
		if g.Capacity == "spot" {
			if p.Reservation != "" {
				return nil, spec.Misfit("reservation", "Azure has no spot nodes in a capacity reservation: use capacity on_demand")
			}
			one.ScaleSetPriority = to.Ptr(armcontainerservice.ScaleSetPrioritySpot)
			one.ScaleSetEvictionPolicy = to.Ptr(armcontainerservice.ScaleSetEvictionPolicyDelete)
			one.SpotMaxPrice = to.Ptr[float32](-1)
		} else {
			one.ScaleSetPriority = to.Ptr(armcontainerservice.ScaleSetPriorityRegular)
			one.UpgradeSettings = &armcontainerservice.AgentPoolUpgradeSettings{MaxSurge: to.Ptr("10%")}
		}
		out = append(out, wantedPool{g.AgentPool(len(list) > 1), &one})
	}
	return out, nil
}

// profile is what the agent pools of a pool have in common.
func (d *driver) profile(p cloud.Pool) (*profile, error) {
	if p.On.Platform == nil { // an imported pool has a name only
		p.On.Platform = &spec.Platform{}
	}
	if err := unsupported(p); err != nil {
		return nil, err
	}
	out := &profile{
		EnableAutoScaling: to.Ptr(true),
		Mode:              to.Ptr(armcontainerservice.AgentPoolModeUser),
		OSType:            to.Ptr(armcontainerservice.OSTypeLinux),
		Type:              to.Ptr(armcontainerservice.AgentPoolTypeVirtualMachineScaleSets),
		GpuProfile:        &armcontainerservice.GPUProfile{Driver: to.Ptr(armcontainerservice.GPUDriverInstall)},
		AvailabilityZones: to.SliceOfPtrs(p.Zones...),
		Tags:              pointers(p.Marked(p.Name)),
	}
	if p.Driver == "none" {
		out.GpuProfile.Driver = to.Ptr(armcontainerservice.GPUDriverNone)
	}
	if p.Nodes != nil {
		out.MinCount, out.MaxCount, out.Count = to.Ptr(int32(p.Nodes.Min)), to.Ptr(int32(p.Nodes.Max)), to.Ptr(int32(p.Nodes.Min))
	}
	if p.Machine != "" {
		out.VMSize = to.Ptr(size(p.Machine))
	}
	if p.Reservation != "" {
		out.CapacityReservationGroupID = to.Ptr(p.Reservation)
	}
	out.NodeLabels = nodeLabels(p)
	for _, t := range p.Taints {
		out.NodeTaints = append(out.NodeTaints, to.Ptr(t.Key+"="+t.Value+":"+t.Effect))
	}
	if p.Disk != nil && p.Disk.SizeGiB > 0 {
		out.OSDiskSizeGB = to.Ptr(int32(p.Disk.SizeGiB))
	}
	if p.Disk != nil && p.Disk.Type != "" {
		out.OSDiskType = to.Ptr(armcontainerservice.OSDiskType(p.Disk.Type))
	}
	if p.Azure != nil && p.Azure.SubnetID != "" {
		out.VnetSubnetID = to.Ptr(p.Azure.SubnetID)
	}
	if p.Azure != nil && p.Azure.OSSKU != "" {
		out.OSSKU = to.Ptr(armcontainerservice.OSSKU(p.Azure.OSSKU))
	}
	return out, mig(out, p)
}

// size is the name of a machine as AKS wants it.
func size(machine string) string {
	if strings.HasPrefix(machine, "Standard_") || strings.HasPrefix(machine, "Basic_") {
		return machine
	}
	return "Standard_" + machine
}

var zone = pattern.New(`^[1-9]$`)

// unsupported says what AKS has no word for, by the name of the attribute.
func unsupported(p cloud.Pool) error {
	switch {
	case p.Driver == "latest":
		return spec.Misfit("driver", "\"latest\": AKS installs the one driver of its node image: use managed, or none with the NVIDIA GPU operator")
	case p.NodeRepair != nil && !*p.NodeRepair:
		return spec.Misfit("node_repair", "AKS always repairs its nodes: leave it out")
	case p.Reservation != "" && !strings.HasPrefix(p.Reservation, "/subscriptions/"):
		return spec.Misfit("reservation", "%q: on Azure it is the resource id of a capacity reservation group, /subscriptions/…", p.Reservation)
	case p.Nodes != nil && p.Nodes.Max > 1000:
		return spec.Misfit("nodes.max", "%d: a pool of AKS has at most 1000 nodes", p.Nodes.Max)
	}
	for _, z := range p.Zones {
		if !zone.MatchString(z) {
			return spec.Misfit("zones", "%q is no availability zone of Azure, which are \"1\", \"2\" and \"3\"", z)
		}
	}
	if err := unknown(p); err != nil {
		return err
	}
	if err := unshared(p); err != nil {
		return err
	}
	ours := ownedLabels(p)
	for _, key := range sorted(p.Labels) {
		switch mine, taken := ours[key]; {
		case strings.HasPrefix(key, reserved):
			return spec.Misfit("labels", "%q: AKS keeps labels below %s for itself", key, reserved)
		case taken && mine != p.Labels[key]:
			return spec.Misfit("labels", "%q is %q here, by which pods find the nodes: leave it out", key, mine)
		}
	}
	for _, t := range p.Taints {
		if strings.HasPrefix(t.Key, reserved) {
			return spec.Misfit("taints", "%q: AKS keeps taints below %s for itself", t.Key, reserved)
		}
	}
	return checkTags(p.Marked(p.Name))
}

// unknown says which of the words that are the cloud's own AKS does not know.
func unknown(p cloud.Pool) error {
	if d := p.Disk; d != nil && d.Type != "" && !slices.Contains(armcontainerservice.PossibleOSDiskTypeValues(), armcontainerservice.OSDiskType(d.Type)) {
		return spec.Misfit("disk.type", "%q: AKS has %v", d.Type, armcontainerservice.PossibleOSDiskTypeValues())
	}
	a := p.Azure
	switch {
	case a == nil:
	case a.SubnetID != "" && !strings.HasPrefix(a.SubnetID, "/subscriptions/"):
		return fmt.Errorf("azure.subnet_id %q must be the resource id of a subnet, /subscriptions/…", a.SubnetID)
	case a.OSSKU != "" && !slices.Contains(armcontainerservice.PossibleOSSKUValues(), armcontainerservice.OSSKU(a.OSSKU)):
		return spec.Misfit("azure.os_sku", "%q: AKS has %v", a.OSSKU, armcontainerservice.PossibleOSSKUValues())
	}
	return nil
}

// unshared says which sharing the accelerators of a pool do not know.
func unshared(p cloud.Pool) error {
	if why := p.Sharing.Unshareable(&p.Accelerator); why != "" && p.Accelerator.Type != "" {
		return spec.Misfit("sharing", "%s", why)
	}
	return nil
}

// ownedLabels are those by which pods and device plugins find the nodes.
func ownedLabels(p cloud.Pool) map[string]string {
	out := p.SharingLabels()
	out["mlops.dev/pool"] = p.Name
	if p.Accelerator.Type != "" {
		out["mlops.dev/accelerator"] = p.Accelerator.Type
	}
	return out
}

// nodeLabels are the user's and ours.
func nodeLabels(p cloud.Pool) map[string]*string {
	out := pointers(p.Labels)
	maps.Copy(out, pointers(ownedLabels(p)))
	return out
}
