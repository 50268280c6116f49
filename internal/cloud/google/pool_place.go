package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// clusterForm is the id of a cluster, as the API and google_container_cluster have it.
var clusterForm = pattern.New(`^projects/([^/]+)/locations/([^/]+)/clusters/[^/]+$`)

// at is where the groups of a pool are: the cluster, from the id or from the platform.
func (s pools) at(id string, p cloud.Pool) (cluster string, err error) {
	if id != "" {
		cluster, _, two := strings.Cut(id, "/nodePools/")
		if !two || !clusterForm.MatchString(cluster) {
			return "", fmt.Errorf("%q is not the id of a pool: it has the form projects/PROJECT/locations/LOCATION/clusters/CLUSTER/nodePools/NAME", id)
		}
		return cluster, nil
	}
	if name := p.On.Platform.Cluster.Name; clusterForm.MatchString(name) {
		return name, nil
	}
	where := region(p.On, s.Region)
	if where == "" {
		return "", errors.New("the region of the pool is not known: set region of the platform")
	}
	return fmt.Sprintf("projects/%s/locations/%s/clusters/%s", s.Project, where, p.On.Platform.Cluster.Name), nil
}

// placed says what is wrong with where a pool is to be. A cluster is named by its name, which
// is then in the region of the platform, or by its id, which may be that of a zone.
func placed(p cloud.Pool) error {
	c := p.On.Platform.Cluster
	if c == nil || c.Name == "" {
		return errors.New("the platform has no cluster: set cluster")
	}
	where := p.On.Platform.Region
	if id := clusterForm.FindStringSubmatch(c.Name); id != nil {
		where = id[2]
	} else if strings.Contains(c.Name, "/") {
		return fmt.Errorf("the cluster %q is neither a name nor of the form projects/PROJECT/locations/LOCATION/clusters/CLUSTER", c.Name)
	}
	if parts := strings.Split(where, "-"); len(parts) == 3 {
		where = strings.Join(parts[:2], "-") // of the zone europe-west1-b
	}
	for _, zone := range p.Zones {
		if where != "" && !strings.HasPrefix(zone, where+"-") {
			return fmt.Errorf("the zone %q is not in %s, where the cluster is: name a zone such as %s-b", zone, where, where)
		}
	}
	return nil
}

// home are the zones of a cluster, which a pool has that names none; nil for another.
func (s pools) home(ctx context.Context, api *container.Service, cluster string, p cloud.Pool) ([]string, error) {
	if len(p.Zones) > 0 {
		return nil, nil
	}
	c, err := api.Projects.Locations.Clusters.Get(cluster).Fields("locations").Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("zones of the cluster: %w", failure(err, "container.clusters.get"))
	}
	return c.Locations, nil
}

// atHome leaves the zones of a node pool out that are the cluster's.
func atHome(n *container.NodePool, home []string) {
	if len(home) > 0 && slices.Equal(slices.Sorted(slices.Values(n.Locations)), slices.Sorted(slices.Values(home))) {
		n.Locations = nil
	}
}

// imported reports whether no more than the name of a pool is known.
func imported(p cloud.Pool) bool { return p.Accelerator.Type == "" && p.Machine == "" }

// guess finds the groups of an imported pool among the node pools of its cluster: the one of
// its name, or those that Groups would call so. Which of them is preferred nothing says.
func (s pools) guess(ctx context.Context, api *container.Service, cluster string, p cloud.Pool) (*spec.GPUPool, error) {
	list, err := api.Projects.Locations.Clusters.NodePools.List(cluster).Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("pool %q: %w", p.Name, failure(err, "container.clusters.get"))
	}
	out := *p.GPUPool
	out.Capacity = nil
	for _, n := range list.NodePools {
		capacity := "on_demand"
		if n.Config != nil && n.Config.Spot {
			capacity = "spot"
		}
		switch n.Name {
		case p.Name:
			out.Capacity = []string{capacity}
			return &out, nil
		case p.Name + "-spot", p.Name + "-on-demand":
			out.Capacity = append(out.Capacity, capacity)
		}
	}
	if len(out.Capacity) != 2 {
		return nil, fmt.Errorf("pool %q: %w in %s", p.Name, cloud.ErrNotFound, cluster)
	}
	slices.Sort(out.Capacity)
	slices.Reverse(out.Capacity)
	return &out, nil
}
