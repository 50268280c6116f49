package google_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const nodePoolsOf = "projects/acme-ml/locations/europe-west1/clusters/ml/nodePools/"

func gpus(change func(*cloud.Pool)) cloud.Pool {
	p := cloud.Pool{
		On: on(map[string]string{"team": "ml"}), Machine: "g2-standard-8", Accelerator: spec.Accelerator{Type: "nvidia-l4", Count: 1},
		GPUPool: &spec.GPUPool{
			Name: "gpu", Nodes: &spec.Nodes{Max: 4}, Capacity: []string{"on_demand"}, Driver: "managed",
			Sharing: &spec.Sharing{Strategy: "none"}, Disk: &spec.Disk{SizeGiB: 200, Type: "pd-balanced"}, Zones: []string{"europe-west1-c", "europe-west1-b"},
			Labels: map[string]string{"tier": "a"}, Taints: []spec.Taint{{Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}, {Key: "team", Value: "ml", Effect: "NoExecute"}},
			NodeRepair: ptr(true), Google: &spec.GooglePool{ServiceAccount: "nodes@acme-ml.iam.gserviceaccount.com"},
		},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func ptr[T any](v T) *T { return &v }

func both(p *cloud.Pool) { p.Capacity, p.Reservation = []string{"spot", "on_demand"}, "held" }

func gpusLater(p *cloud.Pool) {
	p.On = on(map[string]string{"team": "risk"})
	p.Machine, p.Accelerator.Count = "g2-standard-24", 2
	p.Nodes, p.Driver, p.NodeRepair = &spec.Nodes{Max: 8}, "latest", ptr(false)
	p.Sharing = &spec.Sharing{Strategy: "time_slicing", Replicas: 4}
	p.Disk, p.Zones = &spec.Disk{SizeGiB: 300, Type: "pd-ssd"}, []string{"europe-west1-b"}
	p.Labels, p.Taints = map[string]string{"tier": "b"}, []spec.Taint{}
}

func poolByHand(t *testing.T, r cloudtest.Rig, id, setting string) {
	t.Helper()
	f := fakeOf(r)
	f.Lock()
	defer f.Unlock()
	name := id
	if f.Pools[name] == nil {
		name += "-on-demand"
	}
	p := f.Pools[name]
	config := p.At("config")
	changes := map[string]func(){
		"machine_type":      func() { config["machineType"] = "g2-standard-4" },
		"accelerators":      func() { config["accelerators"].([]any)[0].(map[string]any)["acceleratorCount"] = "4" },
		"autoscaling":       func() { p.At("autoscaling")["totalMaxNodeCount"] = 99 },
		"management":        func() { p.Meta["management"] = map[string]any{"autoUpgrade": true} },
		"labels":            func() { p.At("config", "labels")["extra"] = "x" },
		"taints":            func() { config["taints"] = []any{} },
		"resource_labels":   func() { delete(p.At("config", "resourceLabels"), "team") },
		"workload_metadata": func() { config["workloadMetadataConfig"] = map[string]any{"mode": "GCE_METADATA"} },
		"gvnic":             func() { delete(config, "gvnic") },
		"flex_start":        func() { config["flexStart"] = config["flexStart"] != true },
		"zones":             func() { p.Meta["locations"] = []any{"europe-west1-d"} },
		"disk_size_gb":      func() { config["diskSizeGb"] = 50 },
		"disk_type":         func() { config["diskType"] = "pd-standard" },
		"node_pools":        func() { delete(f.Pools, name) },
	}
	change := changes[setting]
	if change == nil {
		t.Fatalf("no way is known to change %s by hand", setting)
	}
	if setting == "node_pools" && strings.HasSuffix(id, "/gpu") && name == id {
		t.Fatal("a pool whose only node pool is gone is gone")
	}
	change()
}

func poolCase(name string, before, after cloud.Pool) cloudtest.Case[cloud.Pool] {
	return cloudtest.Case[cloud.Pool]{
		Name: name, Kind: func(c cloud.Cloud) cloud.Kind[cloud.Pool] { return c.Pools },
		Before: before, After: after,
		With:   func(p cloud.Pool, id string) cloud.Pool { p.On.ID = id; return p },
		Tamper: poolByHand,
		Foreign: func(_ *testing.T, r cloudtest.Rig) {
			for _, group := range before.Groups() {
				fakeOf(r).Pools[nodePoolsOf+group.Name] = &googlefake.Pool{Meta: map[string]any{"name": group.Name, "status": "RUNNING", "config": map[string]any{"resourceLabels": map[string]any{"team": "ml"}}}}
			}
		},
	}
}

func TestPools(t *testing.T) {
	t.Parallel()
	later := func(p *cloud.Pool) { both(p); gpusLater(p) }
	cloudtest.Run(t, rig(func(f *googlefake.Fake) { f.Polls = 1 }), poolCase("pool", gpus(both), gpus(later)))
}

func TestPool_withoutMarks(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(nil)
	poolCase("", p, p).Foreign(t, cloudtest.Rig{Fake: f})
	id, err := c.Pools.Store.Create(t.Context(), p)
	if !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), "import it") {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestPool_cameUpBroken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		broken googlefake.Broken
		id     bool
		want   []string
	}{
		"quota":      {googlefake.Broken{Message: `Insufficient regional quota to satisfy request: resource "NVIDIA_L4_GPUS": request requires '4.0'.`, Status: "ERROR", Conditions: []string{"quota of NVIDIA_L4_GPUS"}}, true, []string{"failed, quota NVIDIA_L4_GPUS is used up:", "node pool gpu is ERROR: RESOURCE_EXHAUSTED quota of NVIDIA_L4_GPUS"}},
		"some nodes": {googlefake.Broken{Message: "", Status: "RUNNING_WITH_ERROR", Conditions: []string{"GCE_STOCKOUT in europe-west1-b"}}, true, []string{"RUNNING_WITH_ERROR: RESOURCE_EXHAUSTED GCE_STOCKOUT in europe-west1-b"}},
		"never came": {googlefake.Broken{Message: "no such machine"}, false, []string{"failed: no such machine"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := opened(t)
			f.Break = &tt.broken
			id, err := c.Pools.Store.Create(t.Context(), gpus(nil))
			if err == nil || (id != "") != tt.id {
				t.Fatalf("got %q, %v", id, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if !tt.id {
				return
			}
			if again, err := c.Pools.Store.Create(t.Context(), gpus(nil)); err == nil || again != id {
				t.Errorf("a broken pool is taken up: %q, %v", again, err)
			}
			if err := c.Pools.Store.Delete(t.Context(), id, gpus(nil)); err != nil || f.Count() != 0 {
				t.Errorf("delete: %v", err)
			}
		})
	}
}

func TestPool_sendsWhatItSays(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(func(p *cloud.Pool) {
		p.Machine, p.Accelerator = "a2-highgpu-1g", spec.Accelerator{Type: "nvidia-a100", Count: 1}
		p.Sharing, p.Google, p.Capacity = &spec.Sharing{Strategy: "mig", Profile: "1g.5gb"}, &spec.GooglePool{FlexStart: true}, []string{"on_demand"}
		p.Driver = "none"
	})
	id, err := c.Pools.Store.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Pools.Plan.Settings(p)
	if got, failed := c.Pools.Store.Read(t.Context(), id, p); err != nil || failed != nil || !maps.Equal(got, want) || got["service_account"] != "default" {
		t.Errorf("%v, %v: got %v, want %v", err, failed, got, want)
	}
	config := f.Pools[id].At("config")
	gpu := config["accelerators"].([]any)[0].(map[string]any)
	for name, ok := range map[string]bool{
		"accelerator": gpu["acceleratorType"] == "nvidia-tesla-a100" && gpu["gpuPartitionSize"] == "1g.5gb",
		"driver":      gpu["gpuDriverInstallationConfig"].(map[string]any)["gpuDriverVersion"] == "INSTALLATION_DISABLED",
		"flex start":  config["flexStart"] == true,
		"reservation": f.Pools[id].At("config", "reservationAffinity")["consumeReservationType"] == "NO_RESERVATION",
		"metadata":    f.Pools[id].At("config", "workloadMetadataConfig")["mode"] == "GKE_METADATA",
		"secure boot": f.Pools[id].At("config", "shieldedInstanceConfig")["enableSecureBoot"] == nil,
		"marks":       f.Pools[id].At("config", "resourceLabels")["mlops-name"] == "gpu",
		"node label":  f.Pools[id].At("config", "labels")["mlops.dev/accelerator"] == "nvidia-a100",
		"scaling":     f.Pools[id].At("autoscaling")["locationPolicy"] == "ANY" && f.Pools[id].At("autoscaling")["totalMaxNodeCount"] == float64(4),
		// What the cloud adds comes last, and was not sent.
		"own taint":    len(config["taints"].([]any)) == 2 && config["taints"].([]any)[0].(map[string]any)["key"] == "team",
		"auto upgrade": f.Pools[id].At("management")["autoUpgrade"] == true,
	} {
		if !ok {
			t.Errorf("%s: %v", name, f.Pools[id].Meta)
		}
	}
}

// One node pool of two that is gone is made again; the other is not replaced for it.
func TestPool_oneOfTwoIsGone(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(both)
	id, err := c.Pools.Store.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	delete(f.Pools, nodePoolsOf+"gpu-on-demand")
	want, _ := c.Pools.Plan.Settings(p)
	got, err := c.Pools.Store.Read(t.Context(), id, p)
	if err != nil || got["node_pools"] != `["gpu-spot"]` {
		t.Fatalf("got %v, %v", got, err)
	}
	for _, setting := range c.Pools.Plan.Fixed() {
		if got[setting] != want[setting] || got[setting] == "" {
			t.Errorf("%s is %q, want %q", setting, got[setting], want[setting])
		}
	}
}

// interrupted loses every answer, as when the program is stopped.
type interrupted struct{ next http.RoundTripper }

func (i interrupted) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := i.next.RoundTrip(req)
	if err == nil {
		err = errors.Join(context.Canceled, resp.Body.Close())
	}
	return nil, err
}

// A destroy that was interrupted still goes on when the pool is wanted again.
func TestPool_whileItsNamesakeIsDeleted(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	id, err := c.Pools.Store.Create(t.Context(), gpus(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := google.New(config(interrupted{f})).Pools.Store.Delete(t.Context(), id, gpus(nil)); err == nil || f.Pools[id].Meta["status"] != "STOPPING" {
		t.Fatalf("delete: %v, %v", err, f.Pools[id].Meta)
	}
	again, err := c.Pools.Store.Create(t.Context(), gpus(nil))
	if err != nil || again != id || f.Count() != 1 || f.Pools[id].Meta["status"] != "RUNNING" {
		t.Errorf("got %q, %v", again, err)
	}
}

func TestPoolSettings_refused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*cloud.Pool)
		want   string
	}{
		"accelerator":      {func(p *cloud.Pool) { p.Accelerator.Type = "amd-mi300x" }, "GKE has no nodes with amd-mi300x"},
		"cluster":          {func(p *cloud.Pool) { p.On.Platform.Cluster = nil }, "set cluster"},
		"cluster's form":   {func(p *cloud.Pool) { p.On.Platform.Cluster.Name = "europe-west1/ml" }, `"europe-west1/ml" is neither a name nor of the form projects/`},
		"zone":             {func(p *cloud.Pool) { p.Zones = []string{"eu-west-1a"} }, `the zone "eu-west-1a" is not in europe-west1, where the cluster is`},
		"zone of a zone":   {func(p *cloud.Pool) { p.On.Platform.Cluster.Name = inZone }, `the zone "europe-west1-c" is not in us-central1`},
		"flex spot":        {func(p *cloud.Pool) { p.Google.FlexStart, p.Capacity = true, []string{"spot"} }, `leave "spot" out`},
		"flex minimum":     {func(p *cloud.Pool) { p.Google.FlexStart, p.Nodes.Min = true, 1 }, "nodes.min = 0"},
		"flex reservation": {func(p *cloud.Pool) { p.Google.FlexStart, p.Reservation = true, "r" }, "takes no reservation"},
		"spot reservation": {func(p *cloud.Pool) { p.Capacity, p.Reservation = []string{"spot"}, "r" }, "spot nodes take no reservation"},
		"name":             {func(p *cloud.Pool) { both(p); p.Name = strings.Repeat("a", 38) }, "at most 40"},
		"tag":              {func(p *cloud.Pool) { p.Tags = map[string]string{"Team": "x"} }, `"Team" cannot be a label`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := opened(t)
			p := gpus(tt.change)
			if _, err := c.Pools.Plan.Settings(p); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := c.Pools.Store.Create(t.Context(), p); err == nil || len(f.Calls) > 0 {
				t.Errorf("create: %v after %v", err, f.Calls)
			}
		})
	}
}

func TestPoolSettings_machineNotChosenYet(t *testing.T) {
	t.Parallel()
	c, _ := opened(t)
	got, err := c.Pools.Plan.Settings(gpus(func(p *cloud.Pool) { p.Machine = "" }))
	if err != nil || got["machine_type"] != cloud.Later {
		t.Errorf("got %v, %v", got, err)
	}
}
