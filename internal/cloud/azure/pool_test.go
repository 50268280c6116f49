package azure_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func pool(name string, tags map[string]string, change func(*spec.GPUPool)) cloud.Pool {
	g := &spec.GPUPool{
		Platform: "fraud", Name: name, Nodes: &spec.Nodes{Max: 4}, Capacity: []string{"spot", "on_demand"}, Driver: "managed", NodeRepair: to.Ptr(true),
		Sharing: &spec.Sharing{Strategy: "none"}, Taints: []spec.Taint{{Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}},
	}
	if change != nil {
		change(g)
	}
	return cloud.Pool{On: on(tags), GPUPool: g, Machine: "NC24ads_A100_v4", Accelerator: spec.Accelerator{Type: "nvidia-a100-80gb", Count: 1}}
}

func poolCase() cloudtest.Case[cloud.Pool] {
	return cloudtest.Case[cloud.Pool]{
		Name: "pool",
		Kind: func(c cloud.Cloud) cloud.Kind[cloud.Pool] { return c.Pools },
		Before: pool("train-a100", map[string]string{"team": "risk"}, func(g *spec.GPUPool) {
			g.Azure, g.Labels, g.Zones = &spec.AzurePool{OSSKU: "Ubuntu"}, map[string]string{"tier": "a"}, []string{"2", "1"}
		}),
		After: pool("train-a100", map[string]string{"team": "fraud"}, func(g *spec.GPUPool) {
			g.Azure, g.Labels, g.Zones = &spec.AzurePool{OSSKU: "AzureLinux"}, map[string]string{"stage": "b"}, []string{"1", "2"}
			g.Nodes, g.Taints = &spec.Nodes{Min: 1, Max: 9}, []spec.Taint{{Key: "gpu", Effect: "NoExecute"}}
		}),
		With:   func(p cloud.Pool, id string) cloud.Pool { p.On.ID = id; return p },
		Tamper: tamperPool,
		Foreign: func(_ *testing.T, r cloudtest.Rig) {
			fake := fakeOf(r)
			fake.Do(func() {
				fake.Clusters["aks"].Pools["traina10"+spec.Hash("train-a100-on-demand")[:4]] = &azurefake.Pool{}
			})
		},
	}
}

func TestPools(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, open, poolCase())
}

func tamperPool(t *testing.T, r cloudtest.Rig, _, setting string) {
	fake := fakeOf(r)
	fake.Do(func() {
		list := fake.Clusters["aks"].Pools
		for name, p := range list {
			switch setting {
			case "agentPools":
				delete(list, name)
				return
			case "provisioningState":
				p.ProvisioningState = to.Ptr("Failed")
			case "mode":
				p.Mode = to.Ptr(armcontainerservice.AgentPoolModeSystem)
			case "enableAutoScaling":
				p.EnableAutoScaling = to.Ptr(false)
			case "minCount":
				p.MinCount = to.Ptr[int32](2)
			case "maxCount":
				p.MaxCount = to.Ptr[int32](50)
			case "nodeLabels":
				p.NodeLabels["somebody"] = to.Ptr("x")
			case "nodeTaints":
				p.NodeTaints = to.SliceOfPtrs("a=b:NoSchedule")
			case "tags":
				delete(p.Tags, "team")
			case "osSKU":
				p.OSSKU = to.Ptr(armcontainerservice.OSSKUAzureLinux)
			default:
				t.Errorf("nobody changes %s by hand here", setting)
			}
			return // one of both is enough
		}
	})
}

// A pool that does not come up leaves its id and the cloud's own words.
func TestPools_failed(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	fake := fakeOf(r)
	fake.Refuse = "Code=\"ZonalAllocationFailed\" Message=\"no capacity of this size in the zone\""
	id, err := r.Cloud.Pools.Store.Create(t.Context(), poolCase().Before)
	if id != "aks/train-a100" || err == nil || !strings.Contains(err.Error(), "no capacity of this size") {
		t.Fatalf("create: id %q, %v; want the id and the message", id, err)
	}
	fake.Refuse = ""
	if err := r.Cloud.Pools.Store.Update(t.Context(), id, poolCase().Before); err != nil {
		t.Errorf("the next update: %v", err)
	}
	for name, p := range fake.Clusters["aks"].Pools {
		if *p.ProvisioningState != "Succeeded" {
			t.Errorf("agent pool %s is %s", name, *p.ProvisioningState)
		}
	}
}

func TestPools_names(t *testing.T) {
	t.Parallel()
	form, seen := regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`), map[string]string{}
	for _, name := range []string{"a", "train", "train-a100", "train-spot", "a-very-long-name-of-a-pool", "a-very-long-name-of-another"} {
		for _, capacity := range [][]string{{"spot"}, {"spot", "on_demand"}} {
			r := open(t, plain)
			p := pool(name, nil, func(g *spec.GPUPool) { g.Capacity = capacity })
			if _, err := r.Cloud.Pools.Store.Create(t.Context(), p); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for made := range fakeOf(r).Clusters["aks"].Pools {
				key := name + strings.Join(capacity, ",")
				if other, taken := seen[made]; !form.MatchString(made) || taken && other != key {
					t.Errorf("%s becomes %q, as %q does", key, made, other)
				}
				seen[made] = key
			}
		}
	}
	if seen["traina100"] == "" {
		t.Errorf("a name that fits is not kept: %v", seen)
	}
}

// Two pools whose names become one are told apart by their marks.
func TestPools_collision(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	one := func(name string) cloud.Pool {
		return pool(name, nil, func(g *spec.GPUPool) { g.Capacity = []string{"spot"} })
	}
	if _, err := r.Cloud.Pools.Store.Create(t.Context(), one("train-a")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Cloud.Pools.Store.Create(t.Context(), one("tra-ina")); !errors.Is(err, cloud.ErrExists) {
		t.Errorf("a pool of the same name on AKS: %v, want ErrExists", err)
	}
}

func TestPools_settings(t *testing.T) {
	t.Parallel()
	plan := azure.New(config(nil)).Pools.Plan
	for name, c := range map[string]struct {
		change        func(*spec.GPUPool)
		setting, want string
	}{
		"size":        {nil, "vmSize", "Standard_NC24ads_A100_v4"},
		"spot":        {nil, "scaleSetPriority", "Spot Regular"},
		"price":       {nil, "spotMaxPrice", "-1 none"},
		"mig":         {func(g *spec.GPUPool) { g.Sharing = &spec.Sharing{Strategy: "mig", Profile: "3g.40gb"} }, "gpuInstanceProfile", "MIG3g"},
		"slicing":     {func(g *spec.GPUPool) { g.Sharing = &spec.Sharing{Strategy: "time_slicing", Replicas: 2} }, "gpuInstanceProfile", "none"},
		"no driver":   {func(g *spec.GPUPool) { g.Driver = "none" }, "gpuDriver", "None"},
		"taints":      {nil, "nodeTaints", `["nvidia.com/gpu=present:NoSchedule"]`},
		"labels":      {nil, "nodeLabels", `{"mlops.dev/accelerator":"nvidia-a100-80gb","mlops.dev/pool":"train"}`},
		"disk":        {func(g *spec.GPUPool) { g.Disk = &spec.Disk{SizeGiB: 256, Type: "Managed"} }, "osDiskSizeGB", "256"},
		"disk type":   {func(g *spec.GPUPool) { g.Disk = &spec.Disk{Type: "Ephemeral"} }, "osDiskType", "Ephemeral"},
		"zones":       {func(g *spec.GPUPool) { g.Zones = []string{"3", "1"} }, "availabilityZones", `["1","3"]`},
		"subnet":      {func(g *spec.GPUPool) { g.Azure = &spec.AzurePool{SubnetID: "/subscriptions/s/n"} }, "vnetSubnetID", "/subscriptions/s/n"},
		"image":       {func(g *spec.GPUPool) { g.Azure = &spec.AzurePool{OSSKU: "AzureLinux"} }, "osSKU", "AzureLinux"},
		"nodes":       {func(g *spec.GPUPool) { g.Nodes = &spec.Nodes{Min: 2, Max: 3} }, "minCount", "2 0"},
		"most nodes":  {func(g *spec.GPUPool) { g.Nodes = &spec.Nodes{Min: 2, Max: 3} }, "maxCount", "3"},
		"label":       {func(g *spec.GPUPool) { g.Labels = map[string]string{"a": "b"} }, "nodeLabels", `{"a":"b","mlops.dev/accelerator":"nvidia-a100-80gb","mlops.dev/pool":"train"}`},
		"no value":    {func(g *spec.GPUPool) { g.Taints = []spec.Taint{{Key: "gpu", Effect: "NoExecute"}} }, "nodeTaints", `["gpu=:NoExecute"]`},
		"reservation": {func(g *spec.GPUPool) { g.Capacity, g.Reservation = []string{"on_demand"}, "/subscriptions/s/x" }, "capacityReservationGroupID", "/subscriptions/s/x"},
	} {
		got, err := plan.Settings(pool("train", nil, c.change))
		if err != nil || got[c.setting] != c.want {
			t.Errorf("%s: %s is %q, %v; want %q", name, c.setting, got[c.setting], err, c.want)
		}
	}
	later := pool("train", nil, nil)
	later.Machine = ""
	if got, err := plan.Settings(later); err != nil || got["vmSize"] != cloud.Later {
		t.Errorf("vmSize is %q, %v; want it later", got["vmSize"], err)
	}
}

func TestPools_refused(t *testing.T) {
	t.Parallel()
	plan := azure.New(config(nil)).Pools.Plan
	for want, change := range map[string]func(*spec.GPUPool){
		"driver: \"latest\"":       func(g *spec.GPUPool) { g.Driver = "latest" },
		"node_repair":              func(g *spec.GPUPool) { g.NodeRepair = to.Ptr(false) },
		"sharing.profile":          func(g *spec.GPUPool) { g.Sharing = &spec.Sharing{Strategy: "mig", Profile: "5g.1gb"} },
		"zones":                    func(g *spec.GPUPool) { g.Zones = []string{"westeurope-1"} },
		"labels: \"mlops.dev/pool": func(g *spec.GPUPool) { g.Labels = map[string]string{"mlops.dev/pool": "mine"} },
		"no spot nodes":            func(g *spec.GPUPool) { g.Reservation = "/subscriptions/s" },
		"reservation":              func(g *spec.GPUPool) { g.Reservation = "r" },
		"azure.subnet_id":          func(g *spec.GPUPool) { g.Azure = &spec.AzurePool{SubnetID: "s"} },
		"azure.os_sku":             func(g *spec.GPUPool) { g.Azure = &spec.AzurePool{OSSKU: "Debian"} },
		"disk.type":                func(g *spec.GPUPool) { g.Disk = &spec.Disk{Type: "gp3"} },
		"nodes.max":                func(g *spec.GPUPool) { g.Nodes = &spec.Nodes{Max: 1001} },
		"kubernetes.azure.com/x":   func(g *spec.GPUPool) { g.Labels = map[string]string{"kubernetes.azure.com/x": "1"} },
		"keeps taints":             func(g *spec.GPUPool) { g.Taints = []spec.Taint{{Key: "kubernetes.azure.com/x", Effect: "NoSchedule"}} },
	} {
		if _, err := plan.Settings(pool("train", nil, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// Who waits is told the cloud's own words for how far it is.
func TestPools_progress(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}}
	cfg, told := config(fake), []string{}
	cfg.Progress = func(text string) { told = append(told, text) }
	if _, err := azure.New(cfg).Pools.Store.Create(t.Context(), poolCase().Before); err != nil {
		t.Fatal(err)
	}
	if len(told) == 0 || !strings.Contains(told[0], "InProgress") {
		t.Errorf("told %q", told)
	}
}
