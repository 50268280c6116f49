package google_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// An import knows the name of a pool only, whatever stands for the rest.

// Which capacity is preferred is no property of a node pool: nothing is replaced for it.

// Labels and taints that GKE has as well are the user's when the user names them.

func TestPool_labelsAndTaintsOfGKE(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(func(p *cloud.Pool) {
		p.Taints = append(p.Taints, spec.Taint{Key: "cloud.google.com/gke-spot", Value: "true", Effect: "NoSchedule"})
		p.Labels["cloud.google.com/compute-class"] = "training"
	})
	id, err := c.Pools.Store.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	config := f.Pools[id].At("config")
	if n := len(config["taints"].([]any)); n != 3 || f.Pools[id].At("config", "labels")["cloud.google.com/compute-class"] != "training" {
		t.Errorf("%v", config)
	}
	want, _ := c.Pools.Plan.Settings(p)
	if got, err := c.Pools.Store.Read(t.Context(), id, p); err != nil || got["taints"] != want["taints"] || got["labels"] != want["labels"] {
		t.Errorf("%v: got %v, want %v", err, got, want)
	}
	config["taints"] = config["taints"].([]any)[:1]
	delete(f.Pools[id].At("config", "labels"), "cloud.google.com/compute-class")
	if got, err := c.Pools.Store.Read(t.Context(), id, p); err != nil || got["taints"] == want["taints"] || got["labels"] == want["labels"] {
		t.Errorf("what was removed by hand is not seen: %v, %v", got, err)
	}
}

// What an interrupted apply left is taken up, and not called right when it is not.

func TestPool_leftOtherwise(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*cloud.Pool)
		want   string
	}{
		"service account": {func(p *cloud.Pool) { p.Google = nil }, "service_account"},
		"capacity":        {func(p *cloud.Pool) { p.Capacity = []string{"spot"} }, "capacity"},
		"reservation":     {func(p *cloud.Pool) { p.Reservation = "held" }, "reservation"},
		"flex_start":      {func(p *cloud.Pool) { p.Google.FlexStart = true }, "reservation"},
		"secure boot":     {func(p *cloud.Pool) { p.Driver = "none" }, "shielded_instance"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := opened(t)
			first, err := c.Pools.Store.Create(t.Context(), gpus(nil))
			if err != nil {
				t.Fatal(err)
			}
			id, err := c.Pools.Store.Create(t.Context(), gpus(tt.change))
			if id != first || err == nil || !strings.Contains(err.Error(), "with other "+tt.want) {
				t.Errorf("got %q, %v", id, err)
			}
			if err := c.Pools.Store.Delete(t.Context(), id, gpus(tt.change)); err != nil || f.Count() != 0 {
				t.Errorf("delete: %v", err)
			}
		})
	}
}

// A change that GKE takes and does not bring about is told in its words, and the next goes on.

func TestPool_operationFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		broken googlefake.Broken
		want   string
	}{
		"error":              {googlefake.Broken{Message: "Insufficient quota to satisfy the request: resource \"NVIDIA_L4_GPUS\"", Status: "RUNNING"}, "quota NVIDIA_L4_GPUS is used up"},
		"conditions":         {googlefake.Broken{Message: "some nodes did not come", Status: "RUNNING_WITH_ERROR", Conditions: []string{"GCE_STOCKOUT in europe-west1-b"}}, "node pool gpu is RUNNING_WITH_ERROR: RESOURCE_EXHAUSTED GCE_STOCKOUT in europe-west1-b"},
		"status message":     {googlefake.Broken{Message: "the nodes did not come", Status: "RUNNING", Old: true}, "failed: the nodes did not come"},
		"without any reason": {googlefake.Broken{Status: "RUNNING"}, "GKE gives no reason"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := opened(t)
			p := gpus(nil)
			id, err := c.Pools.Store.Create(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			broken := tt.broken
			f.Break = &broken
			p.Nodes = &spec.Nodes{Max: 9}
			if err := c.Pools.Store.Update(t.Context(), id, p); err == nil || !strings.Contains(err.Error(), "change [autoscaling]: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("update: %v", err)
			}
			f.Break = &broken
			if err := c.Pools.Store.Delete(t.Context(), id, p); err == nil || !strings.Contains(err.Error(), "delete node pool gpu: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("delete: %v", err)
			}
			if f.Count() != 1 {
				t.Fatal("a delete that fails leaves the pool")
			}
			if err := c.Pools.Store.Delete(t.Context(), id, p); err != nil || f.Count() != 0 {
				t.Errorf("delete again: %v", err)
			}
		})
	}
}

// Waiting ends with the user's time, and what is there is known all the same.

func TestPool_takesTooLong(t *testing.T) {
	t.Parallel()
	_, f := opened(t)
	f.Polls = 1 << 30
	for _, what := range []string{"made", "taken up"} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		id, err := google.New(config(f)).Pools.Store.Create(ctx, gpus(nil))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || id == "" || !strings.Contains(err.Error(), "waiting for ") {
			t.Errorf("%s: %q, %v", what, id, err)
		}
	}
}

// A pool that names no zones is in those of its cluster, and stays there.

// What is said of reservations and of sharing gets to GKE in its words.

func TestPool_sharedAndReserved(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(func(p *cloud.Pool) { both(p); p.Sharing = &spec.Sharing{Strategy: "mps", Replicas: 6} })
	if _, err := c.Pools.Store.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	held, spot := f.Pools[nodePoolsOf+"gpu-on-demand"].At("config"), f.Pools[nodePoolsOf+"gpu-spot"].At("config")
	want := map[string]any{"consumeReservationType": "SPECIFIC_RESERVATION", "key": "compute.googleapis.com/reservation-name", "values": []any{"held"}}
	if !reflect.DeepEqual(held["reservationAffinity"], want) || spot["reservationAffinity"] != nil || spot["spot"] != true || held["spot"] != nil {
		t.Errorf("on demand %v, spot %v", held, spot)
	}
	gpu := held["accelerators"].([]any)[0].(map[string]any)
	if !reflect.DeepEqual(gpu["gpuSharingConfig"], map[string]any{"gpuSharingStrategy": "MPS", "maxSharedClientsPerGpu": "6"}) {
		t.Errorf("sharing is %v", gpu)
	}
}

func TestPool_labelsOfOthersStay(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	id, err := c.Pools.Store.Create(t.Context(), gpus(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.Pools[id].At("config", "resourceLabels")["cost-center"] = "42"
	if err := c.Pools.Store.Update(t.Context(), id, gpus(func(p *cloud.Pool) { p.Tags = map[string]string{"team": "risk"} })); err != nil {
		t.Fatal(err)
	}
	if has := f.Pools[id].At("config", "resourceLabels"); has["cost-center"] != "42" || has["team"] != "risk" || has["mlops-name"] != "gpu" {
		t.Errorf("labels are %v", has)
	}
}

// Every single change may fail in the same way, and the next apply brings it about.
func TestPool_everyChangeFails(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	p := gpus(nil)
	id, err := c.Pools.Store.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Pools.Plan.Settings(p)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for setting := range want {
		if setting == "node_pools" || slices.Contains(c.Pools.Plan.Fixed(), setting) {
			continue
		}
		poolByHand(t, cloudtest.Rig{Fake: f}, id, setting)
		f.Break = &googlefake.Broken{Message: "no nodes of this kind", Status: "RUNNING"}
		if err := c.Pools.Store.Update(t.Context(), id, p); err == nil || !strings.Contains(err.Error(), setting) || !strings.Contains(err.Error(), "failed: no nodes of this kind") {
			t.Errorf("%s: %v", setting, err)
		}
		if err := c.Pools.Store.Update(t.Context(), id, p); err != nil {
			t.Errorf("%s, again: %v", setting, err)
		}
		if got, err := c.Pools.Store.Read(t.Context(), id, p); err != nil || got[setting] != want[setting] {
			t.Errorf("%s is %q, want %q; %v", setting, got[setting], want[setting], err)
		}
		tried++
	}
	if tried < 12 {
		t.Errorf("only %d changes were tried", tried)
	}
}
