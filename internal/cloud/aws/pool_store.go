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

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// pools makes and changes the node groups of pools.
type pools struct{ *clients }

// poolRun is one operation on one pool.
type poolRun struct {
	*clients
	place

	api  *eks.Client
	pool cloud.Pool
}

func (s pools) run(ctx context.Context, id string, p cloud.Pool) (poolRun, error) {
	at, err := placeOf(id, p)
	if err != nil {
		return poolRun{}, err
	}
	region := ""
	if p.On.Platform != nil {
		region = p.On.Platform.Region
	}
	api, err := s.eks(ctx, region)
	return poolRun{s.clients, at, api, p}, err
}

// ready are the groups that a pool wants, when it can be made at all.
func ready(p cloud.Pool) ([]nodeGroup, error) {
	groups, err := nodeGroups(p)
	if err == nil && p.Machine == "" && !p.Provisioned("aws") {
		err = errors.New("instance_type must be set: the catalog knows no machine for this pool")
	}
	if err != nil {
		return nil, fmt.Errorf("gpu pool %q: %w", p.Name, err)
	}
	return groups, nil
}

func (s pools) Create(ctx context.Context, p cloud.Pool) (string, error) {
	want, err := ready(p)
	if err != nil {
		return "", err
	}
	id := poolID(p.On.Platform.Cluster.Name, spec.NodeGroups(p.On.Platform.Name, p.Name))
	if p.Provisioned("aws") {
		return id, nil
	}
	o, err := s.run(ctx, id, p)
	if err != nil {
		return "", err
	}
	names, err := o.list(ctx)
	if err != nil {
		return "", err
	}
	found, err := o.ours(ctx, want, names)
	if err != nil {
		return "", err
	}
	began := len(found) > 0
	if err = o.lookUp(ctx, want, names); err == nil {
		began, err = o.raise(ctx, want, found, began)
	}
	if !began {
		return "", err
	}
	return id, err
}

// ours are the groups that an interrupted Create left, by name.
func (o poolRun) ours(ctx context.Context, want []nodeGroup, names []string) (map[string]*types.Nodegroup, error) {
	out := map[string]*types.Nodegroup{}
	for _, g := range want {
		if !slices.Contains(names, g.name) {
			continue
		}
		n, err := o.find(ctx, g.name)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		if err := o.takeable(g, n); err != nil {
			return nil, err
		}
		out[g.name] = n
	}
	return out, nil
}

// takeable says why a group that there is cannot be taken for one that is wanted.
func (o poolRun) takeable(g nodeGroup, n *types.Nodegroup) error {
	if !o.pool.Ours(n.Tags, o.pool.Name) {
		return fmt.Errorf("%s: %w: import it as %s, or give the pool another name", o.object(g.name), cloud.ErrExists, poolID(o.cluster, o.stem))
	}
	if broken(n) {
		return nil // it is made anew
	}
	want, have := g.settings(), held(n, nil)
	want["capacity"], have["capacity"] = g.capacity, capacityText(n)
	for _, name := range (poolPlan{}).Fixed() {
		if value, there := want[name]; there && value != cloud.Later && value != have[name] {
			return fmt.Errorf("%s: %w: its %s is %s, not %s, and cannot be changed; import it as %s, or delete it",
				o.object(g.name), cloud.ErrExists, name, have[name], value, poolID(o.cluster, o.stem))
		}
	}
	return nil
}

func broken(n *types.Nodegroup) bool {
	return n.Status == types.NodegroupStatusCreateFailed || n.Status == types.NodegroupStatusDeleting || n.Status == types.NodegroupStatusDeleteFailed
}

// raise makes what is missing or broken and brings every setting of the rest about. It
// reports whether any group came to be.
func (o poolRun) raise(ctx context.Context, want []nodeGroup, found map[string]*types.Nodegroup, began bool) (bool, error) {
	for _, g := range want {
		if n := found[g.name]; n != nil && broken(n) {
			if err := o.remove(ctx, g.name); err != nil {
				return began, err
			}
			delete(found, g.name)
		}
	}
	for _, g := range want {
		if found[g.name] == nil {
			made, err := o.create(ctx, g)
			began = began || made
			if err != nil {
				return began, err
			}
		}
	}
	var faults []error
	for _, g := range want { // all have started by now, and what is wrong with one is no fault of the others
		err := error(nil)
		if found[g.name] != nil {
			err = o.bring(ctx, g)
		} else {
			_, err = o.settled(ctx, g.name, true)
		}
		faults = append(faults, err)
	}
	return began, errors.Join(faults...)
}

func (s pools) Update(ctx context.Context, id string, p cloud.Pool) error {
	want, err := ready(p)
	if err != nil || p.Provisioned("aws") {
		return err
	}
	o, err := s.run(ctx, id, p)
	if err != nil {
		return err
	}
	found := map[string]*types.Nodegroup{}
	var sister *types.Nodegroup
	for i, m := range o.members {
		want[i].member = m // an imported pool keeps its names
		n, err := o.find(ctx, m.name)
		if err != nil {
			return err
		}
		if n != nil {
			found[m.name], sister = n, n
		}
	}
	if sister == nil {
		return fmt.Errorf("%s: %w", o.object(o.stem), cloud.ErrNotFound)
	}
	for i := range want { // a group made anew is like the others of the pool
		if want[i].role == "" {
			want[i].role = sdk.ToString(sister.NodeRole)
		}
		if len(want[i].subnets) == 0 {
			want[i].subnets = sister.Subnets
		}
	}
	_, err = o.raise(ctx, want, found, true)
	return err
}

func (s pools) Delete(ctx context.Context, id string, p cloud.Pool) error {
	if p.GPUPool != nil && p.Provisioned("aws") {
		return nil
	}
	o, err := s.run(ctx, id, p)
	if err != nil {
		return err
	}
	var there []string
	for _, m := range o.members {
		n, err := o.find(ctx, m.name)
		if err != nil {
			return err
		}
		if n != nil {
			there = append(there, m.name)
		}
	}
	if len(there) == 0 {
		return fmt.Errorf("%s: %w", o.object(o.stem), cloud.ErrNotFound)
	}
	for _, name := range there {
		if err := o.drop(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range there {
		if err := o.gone(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// tag brings the tags of a group about and leaves those of others alone.
func (o poolRun) tag(ctx context.Context, n *types.Nodegroup, want map[string]string) error {
	set := maps.Clone(want)
	maps.DeleteFunc(set, func(key, value string) bool { have, there := n.Tags[key]; return there && have == value })
	if stale := without(poolTagsOf(n.Tags, want), want); len(stale) > 0 { // first, because there is room for 50 only
		_, err := o.api.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: n.NodegroupArn, TagKeys: stale})
		if err != nil {
			return translate(o.object(sdk.ToString(n.NodegroupName)), err)
		}
	}
	if len(set) > 0 {
		_, err := o.api.TagResource(ctx, &eks.TagResourceInput{ResourceArn: n.NodegroupArn, Tags: set})
		return translate(o.object(sdk.ToString(n.NodegroupName)), err)
	}
	return nil
}
