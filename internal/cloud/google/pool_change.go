package google

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/api/container/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// step is one call that brings some settings about.
type step struct {
	settings []string
	call     func() (*container.Operation, error)
}

// change makes the calls whose settings differ, one after the other, as a cluster takes one
// change at a time and GKE does not take every field together with others.
func (s pools) change(ctx context.Context, api *container.Service, name string, p cloud.Pool, have, want *container.NodePool) error {
	cluster := name[:len(name)-len("/nodePools/")-len(want.Name)]
	home, err := s.home(ctx, api, cluster, p)
	if err != nil {
		return err
	}
	atHome(have, home)
	is, should := poolSettings(p, have), poolSettings(p, want)
	for _, step := range s.steps(ctx, api, name, have, want, home) {
		if !slices.ContainsFunc(step.settings, func(setting string) bool { return is[setting] != should[setting] }) {
			continue
		}
		s.say("node pool %s: changing %v", want.Name, step.settings)
		op, err := step.call()
		if err != nil {
			return fmt.Errorf("change %v: %w", step.settings, failure(err, "container.clusters.update"))
		}
		if err := s.finish(ctx, api, cluster, op); err != nil {
			return fmt.Errorf("change %v: %w", step.settings, s.explained(ctx, api, name, err))
		}
	}
	return nil
}

// explained adds to an operation that ended badly what GKE says of the node pool.
func (s pools) explained(ctx context.Context, api *container.Service, name string, failed error) error {
	var bad *broken
	if !errors.As(failed, &bad) {
		return failed
	}
	n, err := api.Projects.Locations.Clusters.NodePools.Get(name).Context(ctx).Do()
	if err != nil {
		return failed // which says more than that no more is known
	}
	return errors.Join(failed, health(n))
}

func (s pools) steps(ctx context.Context, api *container.Service, name string, have, want *container.NodePool, home []string) []step {
	calls, c := api.Projects.Locations.Clusters.NodePools, want.Config
	update := func(req *container.UpdateNodePoolRequest) func() (*container.Operation, error) {
		return func() (*container.Operation, error) { return calls.Update(name, req).Context(ctx).Do() }
	}
	return []step{
		{[]string{"machine_type", "accelerators", "disk_size_gb", "disk_type"}, update(hardware(have.Config, c))},
		{[]string{"flex_start"}, update(&container.UpdateNodePoolRequest{FlexStart: c.FlexStart, ForceSendFields: []string{"FlexStart"}})},
		{[]string{"labels"}, update(&container.UpdateNodePoolRequest{Labels: &container.NodeLabels{Labels: c.Labels}})},
		{[]string{"taints"}, update(&container.UpdateNodePoolRequest{Taints: &container.NodeTaints{Taints: c.Taints}})},
		{[]string{"resource_labels"}, update(&container.UpdateNodePoolRequest{ResourceLabels: &container.ResourceLabels{Labels: united(have.Config.ResourceLabels, c.ResourceLabels)}})},
		{[]string{"workload_metadata"}, update(&container.UpdateNodePoolRequest{WorkloadMetadataConfig: c.WorkloadMetadataConfig})},
		{[]string{"gvnic"}, update(&container.UpdateNodePoolRequest{Gvnic: c.Gvnic})},
		{[]string{"zones"}, update(&container.UpdateNodePoolRequest{Locations: append(home, want.Locations...)})},
		{[]string{"management"}, func() (*container.Operation, error) {
			return calls.SetManagement(name, &container.SetNodePoolManagementRequest{Management: want.Management}).Context(ctx).Do()
		}},
		{[]string{"autoscaling"}, func() (*container.Operation, error) {
			return calls.SetAutoscaling(name, &container.SetNodePoolAutoscalingRequest{Autoscaling: want.Autoscaling}).Context(ctx).Do()
		}},
	}
}

// hardware is sent as a whole: GKE makes the nodes anew for any of it, and the machine
// decides which accelerators there can be.
func hardware(have, want *container.NodeConfig) *container.UpdateNodePoolRequest {
	out := &container.UpdateNodePoolRequest{MachineType: want.MachineType, Accelerators: want.Accelerators, DiskSizeGb: want.DiskSizeGb, DiskType: want.DiskType}
	if len(want.Accelerators) == 0 && len(have.Accelerators) > 0 {
		out.ForceSendFields = append(out.ForceSendFields, "Accelerators")
	}
	return out
}

// united are the labels of others and ours: an update replaces them all.
func united(have, want map[string]string) map[string]string {
	out := maps.Clone(want)
	for key, value := range have {
		if _, ours := want[key]; !ours {
			out[key] = value
		}
	}
	return out
}
