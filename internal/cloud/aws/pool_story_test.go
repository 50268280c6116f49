package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func single(p *cloud.Pool) { p.Capacity = []string{"spot"} }

// told checks that an error has each of the texts.
func told(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q in: %v", text, err)
		}
	}
}

func TestPoolThatFailsToComeUp(t *testing.T) {
	t.Parallel()
	f := newEKS()
	f.Play(awsfake.Script{Polls: 1, CreateFails: []awsfake.Issue{{Code: "InstanceLimitExceeded", Message: "0 of g6.xlarge left", ResourceIDs: []string{"asg-1", "i-2"}}}})
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(single))
	told(t, err, `"lab-gpu"`, "CREATE_FAILED", "InstanceLimitExceeded", "0 of g6.xlarge left", "asg-1, i-2")
	if id != "ml/lab-gpu" {
		t.Errorf("the id of what came to be all the same: %q", id)
	}
	got, err := kind.Store.Read(t.Context(), id, aPool(single))
	if err != nil || !strings.HasPrefix(got["status"], "CREATE_FAILED: InstanceLimitExceeded") {
		t.Errorf("%v, %v", got, err)
	}
	f.Play(awsfake.Script{Polls: 1})
	if err := kind.Store.Update(t.Context(), id, aPool(single)); err != nil {
		t.Errorf("a broken group is made anew: %v", err)
	}
	if got, err = kind.Store.Read(t.Context(), id, aPool(single)); err != nil || got["status"] != "ACTIVE" {
		t.Errorf("%v, %v", got, err)
	}
	if err := kind.Store.Delete(t.Context(), id, aPool(single)); err != nil || len(f.Groups()) != 0 {
		t.Errorf("%v, %v", err, f.Groups())
	}
}

func TestPoolThatDegrades(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.Edit("ml", "lab-gpu-spot", func(g *awsfake.NodeGroup) {
		g.Status = awsfake.Degraded
		g.Health.Issues = []awsfake.Issue{{Code: "AsgInstanceLaunchFailures", Message: "no capacity"}}
	})
	got, err := kind.Store.Read(t.Context(), id, aPool(nil))
	if err != nil || got["status"] != `{"on_demand":"ACTIVE","spot":"DEGRADED: AsgInstanceLaunchFailures: no capacity"}` {
		t.Errorf("%v, %v", got, err)
	}
	told(t, kind.Store.Update(t.Context(), id, aPool(later)), "lab-gpu-spot", "DEGRADED", "AsgInstanceLaunchFailures", "no capacity")
	want, err := poolPlan{}.Settings(aPool(later))
	if err != nil {
		t.Fatal(err)
	}
	if got, err = kind.Store.Read(t.Context(), id, aPool(later)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"labels", "taints", "tags", "scaling"} {
		if got[name] != want[name] {
			t.Errorf("a degraded pool takes its settings all the same: %s is %s, want %s", name, got[name], want[name])
		}
	}
}

func TestPoolWhoseUpdateFails(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(single))
	if err != nil {
		t.Fatal(err)
	}
	f.Play(awsfake.Script{Polls: 1, UpdateFails: []awsfake.UpdateError{{Code: "PodEvictionFailure", Message: "Reached max retries", ResourceIDs: []string{"i-1"}}}})
	told(t, kind.Store.Update(t.Context(), id, aPool(func(p *cloud.Pool) { single(p); later(p) })), "Failed", "PodEvictionFailure", "Reached max retries", "i-1")
}

// The size belongs to the autoscaler while it is within the bounds.
func TestPoolLeavesItsSizeAlone(t *testing.T) {
	t.Parallel()
	size := func(f *awsfake.EKS) (out int32) {
		f.Edit("ml", "lab-gpu", func(g *awsfake.NodeGroup) { out = *g.ScalingConfig.Desired })
		return out
	}
	for _, c := range []struct{ has, low, high, want int64 }{{3, 0, 5, 3}, {3, 0, 2, 2}, {1, 2, 5, 2}} {
		f := newEKS()
		kind := poolsOn(t, f, unwrapped, nil)
		id, err := kind.Store.Create(t.Context(), aPool(single))
		if err != nil {
			t.Fatal(err)
		}
		if got := size(f); got != 1 {
			t.Fatalf("a new pool starts with its minimum, got %d", got)
		}
		has := int32(c.has)
		f.Edit("ml", "lab-gpu", func(g *awsfake.NodeGroup) { g.ScalingConfig.Desired = &has })
		if err := kind.Store.Update(t.Context(), id, aPool(func(p *cloud.Pool) { single(p); p.Nodes = &spec.Nodes{Min: c.low, Max: c.high} })); err != nil {
			t.Fatal(err)
		}
		if got := int64(size(f)); got != c.want {
			t.Errorf("%d nodes in %d-%d became %d, want %d", c.has, c.low, c.high, got, c.want)
		}
	}
}

func TestPoolLooksUp(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	got, err := kind.Store.Read(t.Context(), id, aPool(nil))
	if err != nil || got["node_role"] != nodeRole || got["subnets"] != `["subnet-a","subnet-b"]` {
		t.Errorf("%v, %v", got, err)
	}
	f.Drop("ml", "lab-gpu-spot")
	if got, err = kind.Store.Read(t.Context(), id, aPool(nil)); err != nil || got["status"] != `{"on_demand":"ACTIVE","spot":"ABSENT"}` || got["capacity"] != `["spot","on_demand"]` {
		t.Errorf("%v, %v", got, err)
	}
	f.Drop("ml", "system")
	if err := kind.Store.Update(t.Context(), id, aPool(nil)); err != nil || !slices.Equal(f.Groups(), []string{"lab-gpu-on-demand", "lab-gpu-spot"}) {
		t.Errorf("a group that is gone is made like its sister: %v, %v", err, f.Groups())
	}
	if got, err = kind.Store.Read(t.Context(), id, aPool(nil)); err != nil || got["node_role"] != nodeRole {
		t.Errorf("%v, %v", got, err)
	}

	alone := awsfake.NewEKS("ml", "subnet-a")
	id, err = poolsOn(t, alone, unwrapped, nil).Store.Create(t.Context(), aPool(nil))
	told(t, err, "aws.node_role")
	none := awsfake.NewEKS("ml")
	_, failed := poolsOn(t, none, unwrapped, nil).Store.Create(t.Context(), aPool(func(p *cloud.Pool) { p.AWS = &spec.AWSPool{NodeRole: nodeRole} }))
	told(t, failed, "aws.subnet_ids")
	_, failed = poolsOn(t, awsfake.NewEKS("other"), unwrapped, nil).Store.Create(t.Context(), aPool(nil))
	told(t, failed, `cluster "ml"`, "No cluster found")
	if id != "" || len(alone.Groups())+len(none.Groups()) != 0 {
		t.Errorf("%q, %v", id, alone.Groups())
	}
}

// Of an imported pool only the id is known.
func TestPoolImported(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := kind.Store.Read(t.Context(), id, aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]cloud.Pool{"nothing": {}, "the name": {GPUPool: &spec.GPUPool{Name: "gpu"}}} {
		got, err := kind.Store.Read(t.Context(), id, p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for setting, want := range whole {
			if got[setting] != want {
				t.Errorf("%s: %s is %q, want %q", name, setting, got[setting], want)
			}
		}
	}
	_, err = kind.Store.Read(t.Context(), "ml/nobody", cloud.Pool{GPUPool: &spec.GPUPool{Name: "nobody"}})
	if !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// What an interrupted create left is taken up only when it can become what is wanted.
func TestPoolTakenUp(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.Drop("ml", "lab-gpu-on-demand")
	if again, err := kind.Store.Create(t.Context(), aPool(later)); err != nil || again != id || len(f.Groups()) != 2 {
		t.Errorf("%q, %v, %v", again, err, f.Groups())
	}
	for setting, change := range map[string]func(*cloud.Pool){
		"instance_types": func(p *cloud.Pool) { p.Machine = "g6.2xlarge" },
		"disk_size":      func(p *cloud.Pool) { p.Disk = &spec.Disk{SizeGiB: 7} },
	} {
		none, err := kind.Store.Create(t.Context(), aPool(change))
		told(t, err, setting, "import it as ml/lab-gpu")
		if none != "" || !errors.Is(err, cloud.ErrExists) {
			t.Errorf("%q, %v", none, err)
		}
	}
	f.Edit("ml", "lab-gpu-spot", func(g *awsfake.NodeGroup) { g.Status = awsfake.CreateFailed })
	f.Hold("ml", "lab-gpu-on-demand", awsfake.Creating)
	if again, err := kind.Store.Create(t.Context(), aPool(nil)); err != nil || again != id || len(f.Groups()) != 2 {
		t.Errorf("%q, %v, %v", again, err, f.Groups())
	}
}

func TestPoolWhoseGroupIsHidden(t *testing.T) {
	t.Parallel()
	f := newEKS()
	f.Play(awsfake.Script{Polls: 1, Hidden: 3, Busy: 2})
	if _, err := poolsOn(t, f, unwrapped, nil).Store.Create(t.Context(), aPool(nil)); err != nil {
		t.Error(err)
	}
}

// Which capacity is preferred is where the minimum stands: no group is made anew for it.
func TestPoolPrefersAnotherCapacity(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	turned := aPool(func(p *cloud.Pool) { p.Capacity = []string{"on_demand", "spot"} })
	have, err := kind.Store.Read(t.Context(), id, aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	want, err := kind.Plan.Settings(turned)
	if err != nil {
		t.Fatal(err)
	}
	for _, fixed := range kind.Plan.Fixed() {
		if want[fixed] != cloud.Later && want[fixed] != have[fixed] {
			t.Errorf("%s is %s, and would be made anew for %s", fixed, have[fixed], want[fixed])
		}
	}
	if err := kind.Store.Update(t.Context(), id, turned); err != nil {
		t.Fatal(err)
	}
	if got, err := kind.Store.Read(t.Context(), id, turned); err != nil || got["scaling"] != `{"on_demand":"1-4","spot":"0-4"}` || got["scaling"] != want["scaling"] {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPoolThatFailsToGo(t *testing.T) {
	t.Parallel()
	f := newEKS()
	kind := poolsOn(t, f, unwrapped, nil)
	id, err := kind.Store.Create(t.Context(), aPool(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.Play(awsfake.Script{Polls: 1, DeleteFails: []awsfake.Issue{{Code: "Ec2SecurityGroupDeletionFailure", Message: "sg-1 is in use", ResourceIDs: []string{"sg-1"}}}})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	told(t, kind.Store.Delete(ctx, id, aPool(nil)), "DELETE_FAILED", "Ec2SecurityGroupDeletionFailure", "sg-1 is in use")
	if len(f.Groups()) != 2 {
		t.Fatalf("%v", f.Groups())
	}
	f.Play(awsfake.Script{Polls: 1})
	if err := kind.Store.Delete(t.Context(), id, aPool(nil)); err != nil || len(f.Groups()) != 0 {
		t.Errorf("the next delete: %v, %v", err, f.Groups())
	}
}
