package google

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// accelerators are GKE's names of the portable types.
var accelerators = map[string]string{
	"nvidia-t4": "nvidia-tesla-t4", "nvidia-v100": "nvidia-tesla-v100", "nvidia-p100": "nvidia-tesla-p100", "nvidia-l4": "nvidia-l4",
	"nvidia-a100": "nvidia-tesla-a100", "nvidia-a100-80gb": "nvidia-a100-80gb", "nvidia-h100": "nvidia-h100-80gb", "nvidia-h100-mega": "nvidia-h100-mega-80gb",
	"nvidia-h200": "nvidia-h200-141gb", "nvidia-b200": "nvidia-b200", "nvidia-gb200": "nvidia-gb200", "nvidia-rtx-pro-6000": "nvidia-rtx-pro-6000",
}

// What the language calls otherwise than GKE.
var (
	drivers = map[string]string{"managed": "DEFAULT", "latest": "LATEST", "none": "INSTALLATION_DISABLED"}
	sharing = map[string]string{"time_slicing": "TIME_SHARING", "mps": "MPS"}
	effects = map[string]string{"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
)

// reservationKey is the label that reservations are named by.
const reservationKey = "compute.googleapis.com/reservation-name"

// poolPlan says what becomes of a pool, which is one node pool of GKE for each group.
type poolPlan struct{}

// Fixed: GKE takes these when a node pool is made, and never again.
func (poolPlan) Fixed() []string {
	return []string{"capacity", "reservation", "service_account", "shielded_instance"}
}

func (poolPlan) Settings(p cloud.Pool) (cloud.Settings, error) {
	list, err := nodePools(p)
	if err != nil {
		return nil, err
	}
	out := grouped(p, list, nil)
	if p.Machine == "" {
		out["machine_type"] = cloud.Later
	}
	return out, nil
}

// nodePools are the node pools of a pool as the API takes them, in order of preference.
func nodePools(p cloud.Pool) ([]*container.NodePool, error) {
	if err := possible(p); err != nil {
		return nil, err
	}
	tags, err := labels(p.On, p.Name)
	if err != nil {
		return nil, err
	}
	var out []*container.NodePool
	for n, group := range p.Groups() {
		if len(group.Name) > 40 {
			return nil, fmt.Errorf("the name %q of the node pool has %d characters, and GKE takes at most 40: choose a shorter one", group.Name, len(group.Name))
		}
		out = append(out, &container.NodePool{
			Name: group.Name, Locations: sortedZones(p), Autoscaling: autoscaling(p, n),
			Config: nodeConfig(p, group, tags), Management: &container.NodeManagement{AutoRepair: p.NodeRepair == nil || *p.NodeRepair, AutoUpgrade: true, ForceSendFields: []string{"AutoRepair"}},
		})
	}
	return out, nil
}

// possible says what GKE cannot do.
func possible(p cloud.Pool) error {
	if err := placed(p); err != nil {
		return err
	}
	flex := p.Google != nil && p.Google.FlexStart
	switch {
	case p.Nodes == nil:
		return errors.New("the pool has no size: set nodes")
	case p.Accelerator.Type != "" && accelerators[p.Accelerator.Type] == "":
		return fmt.Errorf("%w: GKE has no nodes with %s", cloud.ErrUnsupported, p.Accelerator.Type)
	case flex && slices.Contains(p.Capacity, "spot"):
		return errors.New("flex_start waits for on-demand nodes: leave \"spot\" out of capacity")
	case flex && p.Nodes.Min > 0:
		return errors.New("flex_start brings nodes only when they are asked for: set nodes.min = 0")
	case flex && p.Reservation != "":
		return errors.New("flex_start takes no reservation: leave one of them out")
	case p.Reservation != "" && !slices.Contains(p.Capacity, "on_demand"):
		return errors.New("spot nodes take no reservation: add \"on_demand\" to capacity, or leave reservation out")
	}
	return nil
}

// autoscaling counts nodes of all zones together. Only the preferred group has a minimum, as
// the pool would otherwise have it once for each.
func autoscaling(p cloud.Pool, n int) *container.NodePoolAutoscaling {
	out := &container.NodePoolAutoscaling{Enabled: true, LocationPolicy: "ANY", TotalMaxNodeCount: p.Nodes.Max}
	if n == 0 {
		out.TotalMinNodeCount = p.Nodes.Min
	}
	return out
}

func nodeConfig(p cloud.Pool, group spec.Group, tags map[string]string) *container.NodeConfig {
	out := &container.NodeConfig{
		MachineType: p.Machine, Spot: group.Capacity == "spot", ResourceLabels: tags,
		Labels: nodeLabels(p), Taints: taints(p), Gvnic: &container.VirtualNIC{Enabled: true},
		WorkloadMetadataConfig: &container.WorkloadMetadataConfig{Mode: "GKE_METADATA"},
		// Nodes start unsigned drivers only without secure boot: who brings their own has such.
		ShieldedInstanceConfig: &container.ShieldedInstanceConfig{EnableIntegrityMonitoring: true, EnableSecureBoot: p.Driver != "none"},
	}
	if name := accelerators[p.Accelerator.Type]; name != "" {
		out.Accelerators = []*container.AcceleratorConfig{accelerator(p, name)}
	}
	if d := p.Disk; d != nil {
		out.DiskSizeGb, out.DiskType = d.SizeGiB, d.Type
	}
	if g := p.Google; g != nil {
		out.ServiceAccount, out.FlexStart = g.ServiceAccount, g.FlexStart
	}
	switch {
	case out.FlexStart:
		out.ReservationAffinity = &container.ReservationAffinity{ConsumeReservationType: "NO_RESERVATION"}
	case p.Reservation != "" && !out.Spot:
		out.ReservationAffinity = &container.ReservationAffinity{ConsumeReservationType: "SPECIFIC_RESERVATION", Key: reservationKey, Values: []string{p.Reservation}}
	}
	return out
}

func accelerator(p cloud.Pool, name string) *container.AcceleratorConfig {
	out := &container.AcceleratorConfig{AcceleratorType: name, AcceleratorCount: p.Accelerator.Count}
	if version := drivers[p.Driver]; version != "" {
		out.GpuDriverInstallationConfig = &container.GPUDriverInstallationConfig{GpuDriverVersion: version}
	}
	if s := p.Sharing; s != nil {
		out.GpuPartitionSize = s.Profile
		if strategy := sharing[s.Strategy]; strategy != "" {
			out.GpuSharingConfig = &container.GPUSharingConfig{GpuSharingStrategy: strategy, MaxSharedClientsPerGpu: s.Replicas}
		}
	}
	return out
}

func nodeLabels(p cloud.Pool) map[string]string {
	out := map[string]string{"mlops.dev/pool": p.Name}
	if p.Accelerator.Type != "" {
		out["mlops.dev/accelerator"] = p.Accelerator.Type
	}
	for key, value := range p.Labels {
		out[key] = value
	}
	return out
}

// taints are the user's. GKE taints nodes with accelerators by itself, and is not told to.
func taints(p cloud.Pool) []*container.NodeTaint {
	var out []*container.NodeTaint
	for _, t := range p.Taints {
		out = append(out, &container.NodeTaint{Key: t.Key, Value: t.Value, Effect: effects[t.Effect]})
	}
	return slices.DeleteFunc(out, ofAccelerators)
}

func ofAccelerators(t *container.NodeTaint) bool {
	return t.Key == "nvidia.com/gpu" && t.Value == "present" && t.Effect == "NO_SCHEDULE"
}

// addedTaint are the taints that GKE gives nodes by itself. Users give some of them as well:
// cloud.google.com/gke-spot keeps other pods off spot nodes.
func addedTaint(t *container.NodeTaint) bool {
	return ofAccelerators(t) || strings.HasPrefix(t.Key, "cloud.google.com/")
}

// addedLabel are the labels that GKE gives nodes by itself.
func addedLabel(key string) bool {
	domain, _, two := strings.Cut(key, "/")
	return two && (domain == "cloud.google.com" || strings.HasSuffix(domain, ".gke.io"))
}

func sortedZones(p cloud.Pool) []string {
	out := slices.Clone(p.Zones)
	slices.Sort(out)
	return slices.Compact(out)
}
