package aws

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// nodeGroup is a managed node group as a pool wants it. Role and subnets are empty until
// they are looked up.
type nodeGroup struct {
	member

	cluster  string
	machine  string
	ami      types.AMITypes // "" until the machine is known
	disk     int32
	role     string
	subnets  []string
	min, max int32
	labels   map[string]string
	taints   []types.Taint
	tags     map[string]string
	repair   bool
}

// nodeGroups are those that a pool wants. All that EKS cannot express is in one error.
func nodeGroups(p cloud.Pool) ([]nodeGroup, error) {
	if p.On.Platform.Cluster == nil || p.On.Platform.Cluster.Name == "" {
		return nil, fmt.Errorf("cluster.name must be set on platform %q: the nodes join that cluster of EKS", p.On.Platform.Name)
	}
	if p.Provisioned("aws") {
		return nil, nil
	}
	base := nodeGroup{cluster: p.On.Platform.Cluster.Name, machine: p.Machine, disk: 100, repair: p.NodeRepair == nil || *p.NodeRepair}
	faults := []error{unable(p)}
	keep := func(err error) { faults = append(faults, err) }
	var err error
	if base.ami, err = amiType(p); err != nil {
		keep(err)
	}
	if base.labels, err = poolLabels(p); err != nil {
		keep(err)
	}
	if base.taints, err = poolTaints(p); err != nil {
		keep(err)
	}
	if base.tags, err = poolTags(p); err != nil {
		keep(err)
	}
	if p.Disk != nil && p.Disk.SizeGiB > 0 {
		base.disk = int32(p.Disk.SizeGiB)
	}
	if p.AWS != nil {
		base.role, base.subnets = p.AWS.NodeRole, sorted(p.AWS.Subnets)
	}
	name := spec.NodeGroups(p.On.Platform.Name, p.Name)
	at, err := placeOf(poolID(base.cluster, name), p)
	keep(err)
	var out []nodeGroup
	for i, m := range at.members {
		g := base
		g.member, g.max = m, int32(p.Nodes.Max)
		if i == 0 { // the capacity that is preferred: a minimum in each group would be one too many
			g.min = int32(p.Nodes.Min)
		}
		out = append(out, g)
	}
	return out, errors.Join(faults...)
}

// effects are those of Kubernetes in the words of EKS.
var effects = map[string]types.TaintEffect{
	"NoSchedule": types.TaintEffectNoSchedule, "PreferNoSchedule": types.TaintEffectPreferNoSchedule, "NoExecute": types.TaintEffectNoExecute,
}

func poolTaints(p cloud.Pool) (out []types.Taint, err error) {
	if len(p.Taints) > 50 {
		return nil, spec.Misfit("taints", "EKS takes 50 of a node group, and these are %d", len(p.Taints))
	}
	var faults []error
	for _, t := range p.Taints {
		if len(t.Key) > 63 || len(t.Value) > 63 {
			faults = append(faults, spec.Misfit("taints", "%s=%s: EKS takes keys and values of at most 63 characters", t.Key, t.Value))
		}
		taint := types.Taint{Key: sdk.String(t.Key), Effect: effects[t.Effect]}
		if slices.ContainsFunc(out, func(have types.Taint) bool { return byKey(have, taint) == 0 }) {
			faults = append(faults, spec.Misfit("taints", "%s:%s is named twice, and a node has one of a key and effect", t.Key, t.Effect))
		}
		if t.Value != "" {
			taint.Value = sdk.String(t.Value)
		}
		out = append(out, taint)
	}
	return out, errors.Join(faults...)
}

// settings are those of a group that there will be.
func (g nodeGroup) settings() cloud.Settings {
	return cloud.Settings{
		"instance_types": known(g.machine, jsonText([]string{g.machine})),
		"ami_type":       known(string(g.ami), string(g.ami)),
		"disk_size":      strconv.Itoa(int(g.disk)),
		"subnets":        known(strings.Join(g.subnets, ""), jsonText(g.subnets)),
		"node_role":      known(g.role, g.role),
		"scaling":        scalingText(g.min, g.max),
		"labels":         jsonText(g.labels),
		"taints":         taintTexts(g.taints),
		"tags":           jsonText(g.tags),
		"update_config":  rollingText(rolling()),
		"node_repair":    strconv.FormatBool(g.repair),
		"status":         string(types.NodegroupStatusActive),
	}
}

func known(what, text string) string {
	if what == "" {
		return cloud.Later
	}
	return text
}

// held are the settings of a group that there is. Its tags are those that tags names
// too; all when tags is nil.
func held(n *types.Nodegroup, tags map[string]string) cloud.Settings {
	low, high, _ := sizes(n.ScalingConfig)
	shown := n.Tags
	if tags != nil {
		shown = poolTagsOf(n.Tags, tags)
	}
	return cloud.Settings{
		"instance_types": jsonText(n.InstanceTypes),
		"ami_type":       string(n.AmiType),
		"disk_size":      strconv.Itoa(int(sdk.ToInt32(n.DiskSize))),
		"subnets":        jsonText(sorted(n.Subnets)),
		"node_role":      sdk.ToString(n.NodeRole),
		"scaling":        scalingText(low, high),
		"labels":         jsonText(ownLabels(n.Labels)),
		"taints":         taintTexts(n.Taints),
		"tags":           jsonText(shown),
		"update_config":  rollingText(n.UpdateConfig),
		"node_repair":    strconv.FormatBool(n.NodeRepairConfig != nil && sdk.ToBool(n.NodeRepairConfig.Enabled)),
		"status":         statusText(n),
	}
}

// ownLabels leaves out what EKS writes itself.
func ownLabels(labels map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range labels {
		if !strings.HasPrefix(key, "eks.amazonaws.com/") {
			out[key] = value
		}
	}
	return out
}

// input is the request that makes the group.
func (g nodeGroup) input() *eks.CreateNodegroupInput {
	capacity := types.CapacityTypesOnDemand
	if g.capacity == "spot" {
		capacity = types.CapacityTypesSpot
	}
	return &eks.CreateNodegroupInput{
		ClusterName: &g.cluster, NodegroupName: &g.name, NodeRole: &g.role, Subnets: g.subnets,
		AmiType: g.ami, CapacityType: capacity, DiskSize: &g.disk, InstanceTypes: []string{g.machine},
		Labels: g.labels, Tags: g.tags, Taints: g.taints,
		NodeRepairConfig: &types.NodeRepairConfig{Enabled: &g.repair},
		ScalingConfig:    &types.NodegroupScalingConfig{MinSize: &g.min, MaxSize: &g.max, DesiredSize: &g.min},
		UpdateConfig:     rolling(),
	}
}

// rolling replaces a node before the new one starts: there may be no second machine of
// the kind to be had.
func rolling() *types.NodegroupUpdateConfig {
	return &types.NodegroupUpdateConfig{MaxUnavailable: sdk.Int32(1), UpdateStrategy: types.NodegroupUpdateStrategiesMinimal}
}

func sorted(in []string) []string {
	return slices.Sorted(slices.Values(in))
}

func texts[S ~string](in []S) (out []string) {
	for _, s := range in {
		out = append(out, string(s))
	}
	return out
}

func byKey(a, b types.Taint) int {
	return cmp.Or(cmp.Compare(sdk.ToString(a.Key), sdk.ToString(b.Key)), cmp.Compare(a.Effect, b.Effect))
}
