package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// bring makes a group that there is into what is wanted: first its configuration, then
// its tags, which are no part of that. The version of its nodes is left alone: EKS
// replaces the nodes for it, and no setting of a pool asks for that.
func (o poolRun) bring(ctx context.Context, g nodeGroup) error {
	for {
		n, err := o.settled(ctx, g.name, false)
		if err != nil {
			return err
		}
		in := changes(n, g)
		if in == nil {
			return o.finish(ctx, n, g)
		}
		out, err := o.api.UpdateNodegroupConfig(ctx, in)
		if err == nil {
			if err := o.waitUpdate(ctx, g.name, out.Update); err != nil {
				return err
			}
			return o.finish(ctx, n, g)
		}
		if !isCode(err, "ResourceInUseException") {
			return translate(o.object(g.name), err)
		}
		// Another change is under way: what it leaves is compared anew.
		o.tell("%s: waits: %v", o.object(g.name), err)
		if late := o.pause(ctx, pollGroup); late != nil {
			return errors.Join(late, translate(o.object(g.name), err))
		}
	}
}

// finish sets the tags, and reports what no request of ours can repair.
func (o poolRun) finish(ctx context.Context, n *types.Nodegroup, g nodeGroup) error {
	if err := o.tag(ctx, n, g.tags); err != nil {
		return err
	}
	if n.Status == types.NodegroupStatusDegraded {
		return fmt.Errorf("%s is %s: its settings are as wanted; repair what this names, or taint the pool to have it made anew", o.object(g.name), statusText(n))
	}
	return nil
}

// changes is the update that a group needs, nil when it needs none.
func changes(n *types.Nodegroup, g nodeGroup) *eks.UpdateNodegroupConfigInput {
	in := &eks.UpdateNodegroupConfigInput{
		ClusterName: &g.cluster, NodegroupName: &g.name,
		Labels: labelChanges(n.Labels, g.labels), Taints: taintChanges(n.Taints, g.taints), ScalingConfig: scalingChange(n.ScalingConfig, g),
	}
	want, have := g.settings(), held(n, nil)
	if want["update_config"] != have["update_config"] {
		in.UpdateConfig = rolling()
	}
	if want["node_repair"] != have["node_repair"] {
		in.NodeRepairConfig = &types.NodeRepairConfig{Enabled: &g.repair}
	}
	if in.Labels == nil && in.Taints == nil && in.ScalingConfig == nil && in.UpdateConfig == nil && in.NodeRepairConfig == nil {
		return nil
	}
	return in
}

func labelChanges(have, want map[string]string) *types.UpdateLabelsPayload {
	set := maps.Clone(want)
	maps.DeleteFunc(set, func(key, value string) bool { return have[key] == value })
	remove := without(ownLabels(have), want)
	if len(set) == 0 && len(remove) == 0 {
		return nil
	}
	return &types.UpdateLabelsPayload{AddOrUpdateLabels: set, RemoveLabels: remove}
}

// taintChanges takes taints with the same key and effect for one.
func taintChanges(have, want []types.Taint) *types.UpdateTaintsPayload {
	out := &types.UpdateTaintsPayload{}
	for _, t := range want {
		if !slices.ContainsFunc(have, func(h types.Taint) bool { return byKey(h, t) == 0 && sdk.ToString(h.Value) == sdk.ToString(t.Value) }) {
			out.AddOrUpdateTaints = append(out.AddOrUpdateTaints, t)
		}
	}
	for _, h := range have {
		if !slices.ContainsFunc(want, func(t types.Taint) bool { return byKey(h, t) == 0 }) {
			out.RemoveTaints = append(out.RemoveTaints, h)
		}
	}
	if out.AddOrUpdateTaints == nil && out.RemoveTaints == nil {
		return nil
	}
	return out
}

// scalingChange moves the bounds. The size itself belongs to the autoscaler: it is sent
// only where the new bounds leave it out.
func scalingChange(have *types.NodegroupScalingConfig, g nodeGroup) *types.NodegroupScalingConfig {
	low, high, desired := sizes(have)
	if have != nil && low == g.min && high == g.max {
		return nil
	}
	out := &types.NodegroupScalingConfig{MinSize: &g.min, MaxSize: &g.max}
	if clamped := min(max(desired, g.min), g.max); clamped != desired {
		out.DesiredSize = &clamped
	}
	return out
}
