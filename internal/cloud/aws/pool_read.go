package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

func (s pools) Read(ctx context.Context, id string, p cloud.Pool) (cloud.Settings, error) {
	if p.GPUPool != nil && p.Provisioned("aws") {
		return declared(p), nil
	}
	o, err := s.run(ctx, id, p)
	if err != nil {
		return nil, err
	}
	tags, err := managedOf(p)
	if err != nil {
		return nil, err
	}
	capacity, by := []string{}, map[string]cloud.Settings{}
	exists := false
	for _, m := range o.members {
		n, err := o.find(ctx, m.name)
		if err != nil {
			return nil, err
		}
		switch {
		case n != nil:
			exists = true
			capacity = append(capacity, capacityText(n))
			by[m.kind(n)] = held(n, tags)
		case m.capacity != "" && p.GPUPool != nil && len(p.Capacity) > 0:
			capacity = append(capacity, m.capacity)
			by[m.kind(n)] = cloud.Settings{"status": "ABSENT"} // Update makes it
		}
	}
	if !exists {
		return nil, fmt.Errorf("%s: %w", o.object(o.stem), cloud.ErrNotFound)
	}
	return joined(o.cluster, capacity, by), nil
}

// managedOf are the tags that are compared: nil, which is all, of an imported pool.
func managedOf(p cloud.Pool) (map[string]string, error) {
	if p.On.Platform == nil || p.GPUPool == nil || p.Nodes == nil {
		return nil, nil
	}
	return poolTags(p)
}

func capacityText(n *types.Nodegroup) string {
	switch n.CapacityType {
	case types.CapacityTypesSpot:
		return "spot"
	case types.CapacityTypesOnDemand:
		return "on_demand"
	case types.CapacityTypesCapacityBlock:
	}
	return string(n.CapacityType)
}

// kind is what the settings of a group stand under: its wanted capacity, or the real one.
func (m member) kind(n *types.Nodegroup) string {
	if m.capacity != "" || n == nil {
		return m.capacity
	}
	return capacityText(n)
}
