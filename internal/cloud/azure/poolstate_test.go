package azure_test

import (
	"errors"
	"net/http"
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

// spot is a pool of one agent pool.
func spot(change func(*spec.GPUPool)) cloud.Pool {
	return pool("train", nil, func(g *spec.GPUPool) {
		g.Capacity = []string{"spot"}
		if change != nil {
			change(g)
		}
	})
}

// AKS keeps what was asked for of a pool whose change failed: only its state tells.
func TestPools_changeFailed(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake := r.Cloud.Pools.Store, fakeOf(r)
	id, err := store.Create(t.Context(), spot(nil))
	if err != nil {
		t.Fatal(err)
	}
	next := spot(func(g *spec.GPUPool) { g.Nodes = &spec.Nodes{Min: 2, Max: 4} })
	want, _ := r.Cloud.Pools.Plan.Settings(next)
	for _, state := range []string{"Failed", "Canceled"} {
		fake.Refuse = "no quota"
		if err := store.Update(t.Context(), id, next); err == nil || !strings.Contains(err.Error(), "no quota") {
			t.Fatalf("update: %v", err)
		}
		fake.Refuse = ""
		fake.Do(func() { fake.Clusters["aks"].Pools["train"].ProvisioningState = to.Ptr(state) })
		got, err := store.Read(t.Context(), id, next)
		if err != nil || got["provisioningState"] != state || got["minCount"] != want["minCount"] {
			t.Errorf("%s reads %v, %v", state, got, err)
		}
		if err := store.Update(t.Context(), id, next); err != nil {
			t.Fatal(err)
		}
		if got, err = store.Read(t.Context(), id, next); err != nil || !same(got, want) {
			t.Errorf("after the next apply: %v, %v; want %v", got, err, want)
		}
		next.Nodes.Min--
		want, _ = r.Cloud.Pools.Plan.Settings(next)
	}
}

// What AKS does by itself at the moment is no change by hand.
func TestPools_underWay(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	id, err := r.Cloud.Pools.Store.Create(t.Context(), spot(nil))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := r.Cloud.Pools.Plan.Settings(spot(nil))
	fake := fakeOf(r)
	for _, state := range []string{"Scaling", "Upgrading", "UpgradingNodeImageVersion", "Updating"} {
		fake.Do(func() { fake.Clusters["aks"].Pools["train"].ProvisioningState = to.Ptr(state) })
		if got, err := r.Cloud.Pools.Store.Read(t.Context(), id, spot(nil)); err != nil || !same(got, want) {
			t.Errorf("%s reads %v, %v", state, got["provisioningState"], err)
		}
	}
}

// A quota that is used up is told at once and in Azure's words, whatever the status is.
// Source of the status 412: an answer of Azure that users report.
func TestPools_quota(t *testing.T) {
	t.Parallel()
	asked := 0
	r := open(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPut {
				asked++
				return cloudtest.Reply(req, http.StatusPreconditionFailed, "application/json", `{"error":{"code":"QuotaExceeded","message":"exceeding quota limit of standardNCADSA100v4Family Cores"}}`), nil
			}
			return next.RoundTrip(req)
		})
	})
	_, err := r.Cloud.Pools.Store.Create(t.Context(), spot(nil))
	if err == nil || !strings.Contains(err.Error(), "standardNCADSA100v4Family") || !strings.Contains(err.Error(), "Usage + quotas") || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// AKS may refuse a pool and keep it all the same: it is ours, so it must not be lost.
func TestPools_refusedAndKept(t *testing.T) {
	t.Parallel()
	r := open(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if req.Method == http.MethodPut && err == nil {
				resp = cloudtest.Reply(req, http.StatusBadRequest, "application/json", `{"error":{"code":"InsufficientSubnetSize","message":"not enough addresses"}}`)
			}
			return resp, err
		})
	})
	id, err := r.Cloud.Pools.Store.Create(t.Context(), spot(nil))
	if id != "aks/train" || err == nil || !strings.Contains(err.Error(), "not enough addresses") {
		t.Errorf("id %q, %v; want the id and the words", id, err)
	}
	if err := r.Cloud.Pools.Store.Delete(t.Context(), id, spot(nil)); err != nil || r.Count() != 0 {
		t.Errorf("delete: %v, %d left", err, r.Count())
	}
}

// Azure does not tell upper and lower case apart in ids: no pool is made anew for them.
func TestPools_lettersOfIDs(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	p := pool("train", nil, func(g *spec.GPUPool) {
		g.Capacity, g.Reservation = []string{"on_demand"}, "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/capacityReservationGroups/C"
		g.Azure = &spec.AzurePool{SubnetID: "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/V/subnets/S"}
	})
	id, err := r.Cloud.Pools.Store.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	fake := fakeOf(r)
	fake.Do(func() {
		have := fake.Clusters["aks"].Pools["train"]
		for _, text := range []*string{have.VMSize, have.VnetSubnetID, have.CapacityReservationGroupID} {
			*text = strings.ToLower(*text)
		}
	})
	want, _ := r.Cloud.Pools.Plan.Settings(p)
	if got, err := r.Cloud.Pools.Store.Read(t.Context(), id, p); err != nil || !same(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// A pool that somebody stopped is not started on the way.
func TestPools_stopped(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	id, err := r.Cloud.Pools.Store.Create(t.Context(), spot(nil))
	if err != nil {
		t.Fatal(err)
	}
	fake := fakeOf(r)
	fake.Do(func() {
		fake.Clusters["aks"].Pools["train"].PowerState = &armcontainerservice.PowerState{Code: to.Ptr(armcontainerservice.CodeStopped)}
	})
	if err := r.Cloud.Pools.Store.Update(t.Context(), id, spot(func(g *spec.GPUPool) { g.Labels = map[string]string{"a": "b"} })); err != nil {
		t.Fatal(err)
	}
	if got := fake.Clusters["aks"].Pools["train"].PowerState; got == nil || *got.Code != armcontainerservice.CodeStopped {
		t.Error("the pool is not stopped any more")
	}
}

func TestPools_noCluster(t *testing.T) {
	t.Parallel()
	_, err := azure.New(config(azurefake.New())).Pools.Store.Create(t.Context(), spot(nil))
	if err == nil || errors.Is(err, cloud.ErrNotFound) || !strings.Contains(err.Error(), "resource group rg") {
		t.Errorf("%v; want where the cluster was looked for", err)
	}
}

// The cluster may be in a resource group of its own.
func TestPools_groupOfCluster(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Group: "clusters", Issuer: "https://issuer.example/", Pools: map[string]*azurefake.Pool{}}
	cfg := config(fake)
	cfg.ClusterResourceGroup = "clusters"
	c := azure.New(cfg)
	id, err := c.Pools.Store.Create(t.Context(), spot(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Identities.Store.Create(t.Context(), identityCase().Before); err != nil {
		t.Errorf("an identity of a service account of it: %v", err)
	}
	if err := errors.Join(c.Pools.Store.Update(t.Context(), id, spot(nil)), c.Pools.Store.Delete(t.Context(), id, spot(nil))); err != nil {
		t.Error(err)
	}
}
