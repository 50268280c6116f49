package google_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// inZone is a cluster by its id, as google_container_cluster has it.
const inZone = "projects/acme-shared/locations/us-central1-b/clusters/ml"

func TestPool_imported(t *testing.T) {
	t.Parallel()
	c, _ := opened(t)
	id, err := c.Pools.Store.Create(t.Context(), gpus(both))
	if err != nil {
		t.Fatal(err)
	}
	named := cloud.Pool{On: on(nil), GPUPool: &spec.GPUPool{Name: "gpu", Capacity: []string{"on_demand"}}}
	got, err := c.Pools.Store.Read(t.Context(), id, named)
	if err != nil || got["capacity"] != `["on_demand","spot"]` || got["node_pools"] != `["gpu-spot","gpu-on-demand"]` || got["machine_type"] != "g2-standard-8" {
		t.Errorf("got %v, %v", got, err)
	}
	named.Name = "cpu"
	if _, err := c.Pools.Store.Read(t.Context(), nodePoolsOf+"cpu", named); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Pools.Store.Read(t.Context(), "gpu", named); err == nil || !strings.Contains(err.Error(), "it has the form projects/") {
		t.Errorf("got %v", err)
	}
}

func TestPool_inAClusterByItsID(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(func(p *cloud.Pool) { p.On.Platform.Cluster.Name, p.Zones = inZone, []string{"us-central1-c"} })
	id, err := c.Pools.Store.Create(t.Context(), p)
	if err != nil || id != inZone+"/nodePools/gpu" {
		t.Fatalf("%q, %v", id, err)
	}
	if err := c.Pools.Store.Delete(t.Context(), id, p); err != nil || f.Count() != 0 {
		t.Errorf("%v, %d pools are left", err, f.Count())
	}
}

func TestPoolSettings_orderOfCapacity(t *testing.T) {
	t.Parallel()
	c, _ := opened(t)
	first, err := c.Pools.Plan.Settings(gpus(both))
	second, err2 := c.Pools.Plan.Settings(gpus(func(p *cloud.Pool) { both(p); p.Capacity = []string{"on_demand", "spot"}; p.Nodes.Min = 1 }))
	if err != nil || err2 != nil || first["node_pools"] == second["node_pools"] {
		t.Fatalf("%v, %v: %v, %v", err, err2, first, second)
	}
	for _, setting := range c.Pools.Plan.Fixed() {
		if first[setting] != second[setting] {
			t.Errorf("%s is %q and %q", setting, first[setting], second[setting])
		}
	}
}

func TestPool_inTheZonesOfTheCluster(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	named := gpus(nil)
	id, err := c.Pools.Store.Create(t.Context(), named)
	if err != nil {
		t.Fatal(err)
	}
	p := gpus(func(p *cloud.Pool) { p.Zones = nil })
	want, err := c.Pools.Plan.Settings(p)
	if err != nil || want["zones"] != "those of the cluster" {
		t.Fatalf("settings %v, %v", want, err)
	}
	for name, before := range map[string][]string{"zones were named": {"europe-west1-b", "europe-west1-c"}, "changed by hand": {"europe-west1-d"}} {
		f.Pools[id].Meta["locations"] = before
		if got, err := c.Pools.Store.Read(t.Context(), id, p); err != nil || got["zones"] != `["`+strings.Join(before, `","`)+`"]` {
			t.Errorf("%s: %v, zones are %s", name, err, got["zones"])
		}
		if err := c.Pools.Store.Update(t.Context(), id, p); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Pools.Store.Read(t.Context(), id, p); err != nil || got["zones"] != want["zones"] {
			t.Errorf("%s: %v, zones are %s", name, err, got["zones"])
		}
	}
}
