package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// pools keeps a pool as agent pools of an AKS cluster, one for each of its groups. The id
// is CLUSTER/POOL.
type pools struct{ *driver }

// Settings are those of the agent pools.
func (s pools) Settings(p cloud.Pool) (cloud.Settings, error) {
	want, err := s.wantedPools(p)
	if err != nil {
		return nil, err
	}
	cluster, err := clusterOf(p)
	if err != nil {
		return nil, err
	}
	out := describePools(cluster, want, want)
	if p.Machine == "" {
		out["vmSize"] = cloud.Later
	}
	return out, nil
}

// Fixed are what AKS would make another agent pool for.
func (pools) Fixed() []string { return slices.Clone(fixedPool) }

func clusterOf(p cloud.Pool) (string, error) {
	if p.On.Platform == nil || p.On.Platform.Cluster == nil || p.On.Platform.Cluster.Name == "" {
		return "", errors.New("a pool needs the platform's cluster: set cluster.name to the AKS cluster")
	}
	return p.On.Platform.Cluster.Name, nil
}

// atPool is an id in its two parts.
func atPool(id string) (cluster, pool string, err error) {
	cluster, pool, two := strings.Cut(id, "/")
	if !two || cluster == "" || pool == "" || strings.Contains(pool, "/") {
		return "", "", fmt.Errorf("%q is no id of a pool on Azure: it is CLUSTER/POOL", id)
	}
	return cluster, pool, nil
}

func (s pools) Create(ctx context.Context, p cloud.Pool) (string, error) {
	cluster, err := clusterOf(p)
	if err != nil {
		return "", err
	}
	want, err := s.wantedPools(p)
	if err != nil {
		return "", err
	}
	if p.Machine == "" {
		return "", errors.New("the machine of the pool is not known: set instance_type")
	}
	c, err := s.clients()
	if err != nil {
		return "", err
	}
	// All are looked at before any is made, so that a refused pool leaves nothing.
	mine := func(name string, have *profile) error {
		if p.Ours(values(have.Tags), p.Name) {
			return nil
		}
		return fmt.Errorf("agent pool %s of cluster %s: %w: import it with %s/%s, or name the pool otherwise", name, cluster, cloud.ErrExists, cluster, p.Name)
	}
	for _, w := range want {
		have, err := c.pool(ctx, cluster, w.name)
		if err == nil {
			err = mine(w.name, have)
		}
		if err != nil && !errors.Is(err, cloud.ErrNotFound) {
			return "", err
		}
	}
	id, there := cluster+"/"+p.Name, false
	for _, w := range want {
		begun, err := s.ensure(ctx, c, cluster, w, mine)
		there = there || begun || (err != nil && kept(ctx, c, cluster, w.name, mine))
		switch {
		case err != nil && there:
			return id, err
		case err != nil:
			return "", err
		}
	}
	return id, nil
}

// kept reports whether there is an agent pool of ours that AKS refused to make: it may
// find out late that it cannot, and keeps the pool as a failed one.
func kept(ctx context.Context, c *clients, cluster, name string, mine func(string, *profile) error) bool {
	have, err := c.pool(ctx, cluster, name)
	return err == nil && mine(name, have) == nil
}

// pool is an agent pool as it is.
func (c *clients) pool(ctx context.Context, cluster, name string) (*profile, error) {
	var got armcontainerservice.AgentPoolsClientGetResponse
	err := c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.pools.Get(ctx, c.cfg.clusterGroup(), cluster, name, nil)
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("agent pool %s of cluster %s: %w", name, cluster, err)
	case got.Properties == nil:
		return &profile{}, nil
	}
	return got.Properties, nil
}

// settled is an agent pool that no operation is under way on.
func (c *clients) settled(ctx context.Context, cluster, name string) (*profile, error) {
	for {
		have, err := c.pool(ctx, cluster, name)
		if err != nil {
			return nil, err
		}
		state := deref(have.ProvisioningState)
		if slices.Contains([]string{"", "Succeeded", "Failed", "Canceled"}, state) {
			return have, nil
		}
		c.cfg.progress(ctx, "agent pool %s: %s", name, state)
		if err := cloud.Pause(ctx, c.interval(&http.Response{})); err != nil {
			return nil, fmt.Errorf("agent pool %s of cluster %s is %s: %w", name, cluster, state, err)
		}
	}
}

// ensure brings one agent pool about, whether it is there or not. mine says why one that
// is there is not to be touched. there reports whether it is ours afterwards, however it
// came up.
func (s pools) ensure(ctx context.Context, c *clients, cluster string, want wantedPool, mine func(string, *profile) error) (there bool, err error) {
	for range tries {
		have, err := c.settled(ctx, cluster, want.name)
		if err == nil {
			err = mine(want.name, have)
		}
		options := armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions{}
		next := want.profile
		switch {
		case errors.Is(err, cloud.ErrNotFound):
			options.IfNoneMatch = to.Ptr("*")
		case err != nil:
			return there, err
		case maps.Equal(describePool(have, want.profile), describePool(want.profile, want.profile)):
			return true, nil
		default:
			there, next = true, overlay(have, want.profile)
			options.IfMatch = have.ETag
		}
		begun, err := c.putPool(ctx, cluster, want.name, next, options)
		there = there || begun
		// A quota that is used up has this status, too, and is nobody's change.
		if status(err) != http.StatusPreconditionFailed || !errors.Is(err, cloud.ErrConflict) {
			return there, err
		}
	}
	return there, fmt.Errorf("agent pool %s of cluster %s: %w: apply again when nobody else changes it", want.name, cluster, cloud.ErrConflict)
}

func (c *clients) putPool(ctx context.Context, cluster, name string, p *profile, options armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions) (begun bool, err error) {
	begun, err = wait(ctx, c, "agent pool "+name, true, func(ctx context.Context, token string) (*runtime.Poller[armcontainerservice.AgentPoolsClientCreateOrUpdateResponse], error) {
		o := options
		o.ResumeToken = token
		return c.pools.BeginCreateOrUpdate(ctx, c.cfg.clusterGroup(), cluster, name, armcontainerservice.AgentPool{Properties: p}, &o)
	})
	switch {
	case errors.Is(err, cloud.ErrNotFound) && !begun: // a pool that is not there is made
		return false, fmt.Errorf("agent pool %s of cluster %s: %w; the cluster was looked for in resource group %s", name, cluster, withoutKind(err), c.cfg.clusterGroup())
	case err != nil:
		return begun, fmt.Errorf("agent pool %s of cluster %s: %w", name, cluster, err)
	}
	return begun, nil
}

// overlay is the whole of an agent pool with what is wanted over it: AKS takes whole
// objects, and what is not ours in one stays.
func overlay(have, want *profile) *profile {
	next := *have
	next.ProvisioningState, next.ETag, next.CurrentOrchestratorVersion, next.NodeImageVersion = nil, nil, nil, nil
	next.EnableAutoScaling, next.MinCount, next.MaxCount, next.Mode = want.EnableAutoScaling, want.MinCount, want.MaxCount, want.Mode
	next.Count = to.Ptr(min(max(deref(have.Count), deref(want.MinCount)), deref(want.MaxCount)))
	next.Tags = merged(have.Tags, values(want.Tags))
	if want.OSSKU != nil {
		next.OSSKU = want.OSSKU
	}
	next.NodeLabels, next.NodeTaints = maps.Clone(want.NodeLabels), slices.Clone(want.NodeTaints)
	for key, value := range have.NodeLabels {
		if strings.HasPrefix(key, reserved) {
			next.NodeLabels[key] = value
		}
	}
	for _, taint := range have.NodeTaints {
		if strings.HasPrefix(deref(taint), reserved) {
			next.NodeTaints = append(next.NodeTaints, taint)
		}
	}
	return &next
}

// present are the agent pools of a pool that there are; none is ErrNotFound.
func (s pools) present(ctx context.Context, c *clients, cluster string, want []wantedPool) ([]wantedPool, error) {
	var out []wantedPool
	var gone error
	for _, w := range want {
		have, err := c.pool(ctx, cluster, w.name)
		switch {
		case errors.Is(err, cloud.ErrNotFound):
			gone = err
		case err != nil:
			return nil, err
		default:
			out = append(out, wantedPool{w.name, have})
		}
	}
	if len(out) == 0 {
		return nil, gone
	}
	return out, nil
}

// open finds the agent pools of the pool with an id.
func (s pools) open(ctx context.Context, id string, p cloud.Pool) (c *clients, cluster string, have, want []wantedPool, err error) {
	cluster, name, err := atPool(id)
	if err != nil {
		return nil, "", nil, nil, err
	}
	if p.Name == "" {
		return nil, "", nil, nil, fmt.Errorf("pool %q has no name here: it is %q in its id", id, name)
	}
	if want, err = s.wantedPools(p); err != nil {
		return nil, "", nil, nil, err
	}
	if c, err = s.clients(); err != nil {
		return nil, "", nil, nil, err
	}
	have, err = s.present(ctx, c, cluster, want)
	if errors.Is(err, cloud.ErrNotFound) && len(p.Capacity) == 0 && len(want) == 1 { // imported: it may be one of both
		spec := *p.GPUPool
		spec.Capacity, p.GPUPool = []string{"spot", "on_demand"}, &spec
		return s.open(ctx, id, p)
	}
	return c, cluster, have, want, err
}

func (s pools) Read(ctx context.Context, id string, p cloud.Pool) (cloud.Settings, error) {
	_, cluster, have, want, err := s.open(ctx, id, p)
	if err != nil {
		return nil, err
	}
	return describePools(cluster, have, want), nil
}

func (s pools) Update(ctx context.Context, id string, p cloud.Pool) error {
	c, cluster, _, want, err := s.open(ctx, id, p)
	if err != nil {
		return err
	}
	given := func(string, *profile) error { return nil } // by its id, marked or not
	for _, w := range want {
		if _, err := s.ensure(ctx, c, cluster, w, given); err != nil {
			return err
		}
	}
	return nil
}

// Delete waits for each agent pool: a cluster deletes one at a time.
func (s pools) Delete(ctx context.Context, id string, p cloud.Pool) error {
	c, cluster, have, _, err := s.open(ctx, id, p)
	if err != nil {
		return err
	}
	for _, h := range have {
		_, err := wait(ctx, c, "agent pool "+h.name, false, func(ctx context.Context, token string) (*runtime.Poller[armcontainerservice.AgentPoolsClientDeleteResponse], error) {
			return c.pools.BeginDelete(ctx, c.cfg.clusterGroup(), cluster, h.name, &armcontainerservice.AgentPoolsClientBeginDeleteOptions{ResumeToken: token})
		})
		if err != nil && !errors.Is(err, cloud.ErrNotFound) {
			return fmt.Errorf("agent pool %s of cluster %s: %w", h.name, cluster, err)
		}
	}
	return nil
}
