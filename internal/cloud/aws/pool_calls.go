package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

const (
	pollGroup    = 15 * time.Second // node groups take minutes
	hiddenPolls  = 10               // that a group which was just made may not be found
	passingTries = 6                // of a request that a role made a moment ago spoils
)

func (o poolRun) object(name string) string {
	return fmt.Sprintf("node group %q of cluster %q", name, o.cluster)
}

// find gives a node group, nil when there is none.
func (o poolRun) find(ctx context.Context, name string) (*types.Nodegroup, error) {
	out, err := o.api.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &o.cluster, NodegroupName: &name})
	if isCode(err, "ResourceNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, translate(o.object(name), err)
	}
	return out.Nodegroup, nil
}

// list gives the names of all node groups of the cluster.
func (o poolRun) list(ctx context.Context) (names []string, err error) {
	pages := eks.NewListNodegroupsPaginator(o.api, &eks.ListNodegroupsInput{ClusterName: &o.cluster})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, translate(fmt.Sprintf("cluster %q", o.cluster), err)
		}
		names = append(names, page.Nodegroups...)
	}
	return names, nil
}

// lookUp finds the role and the subnets that the pool does not name.
func (o poolRun) lookUp(ctx context.Context, want []nodeGroup, names []string) error {
	role, subnets := want[0].role, want[0].subnets
	if role == "" {
		var err error
		if role, err = o.someRole(ctx, names); err != nil {
			return err
		}
	}
	if len(subnets) == 0 {
		out, err := o.api.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &o.cluster})
		if err != nil {
			return translate(fmt.Sprintf("cluster %q", o.cluster), err)
		}
		if out.Cluster != nil && out.Cluster.ResourcesVpcConfig != nil {
			subnets = sorted(out.Cluster.ResourcesVpcConfig.SubnetIds)
		}
		if len(subnets) == 0 {
			return fmt.Errorf("cluster %q has no subnets: set aws.subnet_ids", o.cluster)
		}
	}
	for i := range want {
		want[i].role, want[i].subnets = role, subnets
	}
	return nil
}

// someRole is the role of a node group that the cluster has, of the first by name.
func (o poolRun) someRole(ctx context.Context, names []string) (string, error) {
	for _, name := range sorted(names) {
		n, err := o.find(ctx, name)
		if err != nil {
			return "", err
		}
		if n != nil && sdk.ToString(n.NodeRole) != "" {
			return *n.NodeRole, nil
		}
	}
	return "", fmt.Errorf("cluster %q has no node group to take the role of the nodes from: set aws.node_role to the ARN of one", o.cluster)
}

// create asks for a group. The name is what keeps it from being made twice, and the SDK
// gives the tries of one request one token. made is true as well of one that may be there.
func (o poolRun) create(ctx context.Context, g nodeGroup) (made bool, err error) {
	for try := 1; ; try++ {
		_, err := o.api.CreateNodegroup(ctx, g.input())
		switch {
		case err == nil:
			return true, nil
		case isCode(err, "ResourceInUseException"): // it is there after all, or the cluster is busy
			n, failed := o.find(ctx, g.name)
			if failed != nil {
				return false, failed
			}
			if n != nil {
				err := o.takeable(g, n)
				return err == nil, err
			}
		case isCode(err, "ResourcePropagationDelayException"):
		case try < passingTries && isCode(err, "InvalidParameterException") && strings.Contains(strings.ToLower(err.Error()), "role"):
			// IAM tells the other services of a new role by and by
		default:
			return unsure(err), translate(o.object(g.name), err)
		}
		o.tell("%s: waits: %v", o.object(g.name), err)
		if late := o.pause(ctx, pollGroup); late != nil {
			return false, errors.Join(late, translate(o.object(g.name), err))
		}
	}
}

// settled waits until a group is under no change, and says what is wrong when it cannot
// be used. A new group may not be found at first, and counts as one only when it is
// healthy.
func (o poolRun) settled(ctx context.Context, name string, healthy bool) (*types.Nodegroup, error) {
	for hidden := 0; ; {
		n, err := o.find(ctx, name)
		if err != nil {
			return nil, err
		}
		state := "NOT FOUND"
		if n != nil {
			state = statusText(n)
			switch n.Status {
			case types.NodegroupStatusActive:
				return n, nil
			case types.NodegroupStatusDegraded:
				if !healthy {
					return n, nil
				}
			case types.NodegroupStatusCreateFailed, types.NodegroupStatusDeleteFailed, types.NodegroupStatusDeleting:
				return nil, fmt.Errorf("%s is %s", o.object(name), state)
			case types.NodegroupStatusCreating, types.NodegroupStatusUpdating:
			}
		} else if hidden++; hidden > hiddenPolls {
			return nil, fmt.Errorf("%s: %w", o.object(name), cloud.ErrNotFound)
		}
		o.tell("%s: %s", o.object(name), state)
		if late := o.pause(ctx, pollGroup); late != nil {
			return nil, fmt.Errorf("%s is still %s: %w", o.object(name), state, late)
		}
	}
}

// remove deletes a group and waits until it is gone.
func (o poolRun) remove(ctx context.Context, name string) error {
	if err := o.drop(ctx, name); err != nil {
		return err
	}
	return o.gone(ctx, name)
}

// drop asks for the end of a group, again while something else changes it.
func (o poolRun) drop(ctx context.Context, name string) error {
	for {
		_, err := o.api.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: &o.cluster, NodegroupName: &name})
		if err == nil || isCode(err, "ResourceNotFoundException") {
			return nil
		}
		if !isCode(err, "ResourceInUseException") {
			return translate(o.object(name), err)
		}
		n, failed := o.find(ctx, name)
		if failed != nil {
			return failed
		}
		if n == nil || n.Status == types.NodegroupStatusDeleting {
			return nil
		}
		o.tell("%s: %s", o.object(name), statusText(n))
		if late := o.pause(ctx, pollGroup); late != nil {
			return errors.Join(late, translate(o.object(name), err))
		}
	}
}

// gone waits until a group is no more.
func (o poolRun) gone(ctx context.Context, name string) error {
	for {
		n, err := o.find(ctx, name)
		if err != nil || n == nil {
			return err
		}
		if n.Status == types.NodegroupStatusDeleteFailed {
			return fmt.Errorf("%s is %s", o.object(name), statusText(n))
		}
		o.tell("%s: %s", o.object(name), statusText(n))
		if late := o.pause(ctx, pollGroup); late != nil {
			return fmt.Errorf("%s is still %s: %w", o.object(name), statusText(n), late)
		}
	}
}

// waitUpdate waits for the end of an update; the SDK has no waiter for it.
func (o poolRun) waitUpdate(ctx context.Context, name string, u *types.Update) error {
	for {
		switch u.Status {
		case types.UpdateStatusSuccessful:
			return nil
		case types.UpdateStatusFailed, types.UpdateStatusCancelled:
			return fmt.Errorf("%s: its update is %s: %s", o.object(name), u.Status, updateText(u))
		case types.UpdateStatusInProgress:
		}
		o.tell("%s: update %s", o.object(name), u.Status)
		if late := o.pause(ctx, pollGroup); late != nil {
			return fmt.Errorf("%s: its update is still %s: %w", o.object(name), u.Status, late)
		}
		out, err := o.api.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: &o.cluster, NodegroupName: &name, UpdateId: u.Id})
		if err != nil {
			return translate(o.object(name), err)
		}
		u = out.Update
	}
}

// without are the keys of have that want has not.
func without(have, want map[string]string) (out []string) {
	for key := range have {
		if _, wanted := want[key]; !wanted {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}
