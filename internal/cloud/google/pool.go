package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/container/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// pools keeps node pools of GKE, one for each group of a pool. The id is
// projects/P/locations/L/clusters/C/nodePools/NAME with the name of the pool.
type pools struct{ services }

// Create makes one node pool after the other: a cluster takes one change at a time. A node
// pool that came up broken is there all the same, so that the id comes with the error.
func (s pools) Create(ctx context.Context, p cloud.Pool) (string, error) {
	want, err := nodePools(p)
	if err != nil {
		return "", err
	}
	if p.Machine == "" {
		return "", fmt.Errorf("pool %q: the machine type is not known", p.Name)
	}
	cluster, err := s.at("", p)
	if err != nil {
		return "", err
	}
	api, err := s.container()
	if err != nil {
		return "", err
	}
	id, made := cluster+"/nodePools/"+p.Name, false
	for _, n := range want {
		there, err := s.make(ctx, api, cluster, p, n)
		made = made || there
		if err != nil {
			if !made {
				id = ""
			}
			return id, fmt.Errorf("pool %q: %w", p.Name, err)
		}
	}
	return id, nil
}

// make makes a node pool, or takes up what an earlier apply left of it. It says whether
// there is one at the end.
func (s pools) make(ctx context.Context, api *container.Service, cluster string, p cloud.Pool, want *container.NodePool) (there bool, err error) {
	name := cluster + "/nodePools/" + want.Name
	op, err := api.Projects.Locations.Clusters.NodePools.Create(cluster, &container.CreateNodePoolRequest{NodePool: want}).Context(ctx).Do()
	if status(err) == http.StatusConflict {
		there, err = s.takeUp(ctx, api, name, p, want)
		if !errors.Is(err, cloud.ErrNotFound) {
			return there, err
		}
		// An earlier destroy ended in the meantime, and the name is free.
		op, err = api.Projects.Locations.Clusters.NodePools.Create(cluster, &container.CreateNodePoolRequest{NodePool: want}).Context(ctx).Do()
	}
	if err := failure(err, "container.clusters.update"); err != nil {
		if errors.Is(err, cloud.ErrNotFound) {
			return false, fmt.Errorf("the cluster %s does not exist: make it first, or correct cluster and region of the platform: %s", cluster, messageOf(err))
		}
		return false, err
	}
	failed := s.finish(ctx, api, cluster, op)
	var bad *broken
	if failed != nil && !errors.As(failed, &bad) {
		return true, failed // it may come to be yet
	}
	have, err := s.made(ctx, api, name)
	switch {
	case errors.Is(err, cloud.ErrNotFound) && failed != nil:
		return false, failed
	case err != nil:
		return true, errors.Join(failed, err)
	}
	return true, errors.Join(failed, health(have))
}

// seen reads a node pool that was just made, whatever becomes of it.
func (s pools) seen(ctx context.Context, api *container.Service, name string) (have *container.NodePool, err error) {
	err = s.patient(ctx, func() (err error) {
		have, err = api.Projects.Locations.Clusters.NodePools.Get(name).Context(ctx).Do()
		return failure(err, "container.clusters.get")
	})
	return have, err
}

// made reads a node pool that was just made, once GKE is done with it.
func (s pools) made(ctx context.Context, api *container.Service, name string) (have *container.NodePool, err error) {
	err = s.patient(ctx, func() (err error) {
		have, err = s.settled(ctx, api, name)
		return err
	})
	return have, err
}

func (s pools) takeUp(ctx context.Context, api *container.Service, name string, p cloud.Pool, want *container.NodePool) (there bool, err error) {
	have, err := s.seen(ctx, api, name)
	if err != nil {
		return false, err
	}
	if !p.Ours(have.Config.ResourceLabels, p.Name) {
		return false, fmt.Errorf("%w: node pool %s has no marks of this pool; import it, or choose another name", cloud.ErrExists, name)
	}
	if have, err = s.made(ctx, api, name); err != nil {
		return !errors.Is(err, cloud.ErrNotFound), err
	}
	if err := health(have); err != nil {
		return true, err
	}
	if others := unlike(p, have, want); len(others) > 0 {
		return true, fmt.Errorf("an earlier apply left node pool %s with other %s, which GKE never changes: apply again to have it made anew", name, strings.Join(others, ", "))
	}
	return true, s.change(ctx, api, name, p, have, want)
}

func (s pools) Read(ctx context.Context, id string, p cloud.Pool) (cloud.Settings, error) {
	cluster, err := s.at(id, p)
	if err != nil {
		return nil, err
	}
	api, err := s.container()
	if err != nil {
		return nil, err
	}
	if imported(p) {
		if p.GPUPool, err = s.guess(ctx, api, cluster, p); err != nil {
			return nil, err
		}
	}
	list, err := s.list(ctx, api, cluster, p)
	if err != nil {
		return nil, fmt.Errorf("pool %q: %w", p.Name, err)
	}
	want, err := nodePools(p)
	if err != nil {
		want = nil // of an imported pool the name is known, and no more
	}
	return grouped(p, list, want), nil
}

// list reads the node pools of the groups of a pool; one that is missing is nil.
func (s pools) list(ctx context.Context, api *container.Service, cluster string, p cloud.Pool) (out []*container.NodePool, err error) {
	found := false
	for _, group := range p.Groups() {
		n, err := api.Projects.Locations.Clusters.NodePools.Get(cluster + "/nodePools/" + group.Name).Context(ctx).Do()
		if err != nil && status(err) != http.StatusNotFound {
			return nil, failure(err, "container.clusters.get")
		}
		found = found || err == nil
		out = append(out, n)
	}
	if !found {
		return nil, fmt.Errorf("%w in %s", cloud.ErrNotFound, cluster)
	}
	home, err := s.home(ctx, api, cluster, p)
	for _, n := range out {
		if n != nil {
			atHome(n, home)
		}
	}
	return out, err
}

// Update changes each node pool where it differs, and makes one again that is gone.
func (s pools) Update(ctx context.Context, id string, p cloud.Pool) error {
	want, err := nodePools(p)
	if err != nil {
		return err
	}
	cluster, err := s.at(id, p)
	if err != nil {
		return err
	}
	api, err := s.container()
	if err != nil {
		return err
	}
	have := make([]*container.NodePool, len(want))
	found := false
	for n, group := range want {
		have[n], err = s.settled(ctx, api, cluster+"/nodePools/"+group.Name)
		if err != nil && !errors.Is(err, cloud.ErrNotFound) {
			return fmt.Errorf("pool %q: %w", p.Name, err)
		}
		found = found || err == nil
	}
	if !found {
		return fmt.Errorf("pool %q: %w in %s", p.Name, cloud.ErrNotFound, cluster)
	}
	for n, group := range want {
		if have[n] == nil {
			_, err = s.make(ctx, api, cluster, p, group)
		} else {
			err = s.change(ctx, api, cluster+"/nodePools/"+group.Name, p, have[n], group)
		}
		if err != nil {
			return fmt.Errorf("pool %q: %w", p.Name, err)
		}
	}
	return nil
}

// Delete removes every node pool of the pool. One that is gone is no matter, all are.
func (s pools) Delete(ctx context.Context, id string, p cloud.Pool) error {
	cluster, err := s.at(id, p)
	if err != nil {
		return err
	}
	api, err := s.container()
	if err != nil {
		return err
	}
	found := false
	for _, group := range p.Groups() {
		op, err := api.Projects.Locations.Clusters.NodePools.Delete(cluster + "/nodePools/" + group.Name).Context(ctx).Do()
		if status(err) == http.StatusNotFound {
			continue
		}
		found = true
		err = failure(err, "container.clusters.update")
		if err == nil {
			err = s.explained(ctx, api, cluster+"/nodePools/"+group.Name, s.finish(ctx, api, cluster, op))
		}
		if err != nil {
			return fmt.Errorf("pool %q: delete node pool %s: %w", p.Name, group.Name, err)
		}
	}
	if !found {
		return fmt.Errorf("pool %q: %w in %s", p.Name, cloud.ErrNotFound, cluster)
	}
	return nil
}
