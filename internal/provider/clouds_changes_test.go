package provider_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
)

func poolOf(body string) string {
	return story{kind: "mlops_gpu_pool"}.resource("g", pooled+"  "+body)
}

// TestGPUPool_provisioner: another maker of nodes is another pool, and nothing of the old
// one stays.
func TestGPUPool_provisioner(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	for n, provisioner := range []string{"managed_node_group", "karpenter", "managed_node_group"} {
		f.write(s.platform(0) + poolOf(fmt.Sprintf("aws = { provisioner = %q }", provisioner)))
		c := f.planned("mlops_gpu_pool.g")
		if want := []string{"create", "delete then create", "delete then create"}[n]; c.action() != want || n > 0 && fmt.Sprint(c.ChangeOf.Replaced) != "[[settings provisioner]]" {
			t.Errorf("to %s: the plan is to %s for %v", provisioner, c.action(), c.ChangeOf.Replaced)
		}
		f.applied()
		if got := len(s.eks.Groups()); got != 1-n%2 {
			t.Errorf("by %s there are %d node groups", provisioner, got)
		}
	}
	f.exits(0, nil, "destroy", "-auto-approve")
	if s.count() != 0 {
		t.Errorf("%d objects are left", s.count())
	}
}

// TestGPUPool_prices: new prices never replace nodes and never hinder a destroy; what is
// dearer than allowed is refused at plan.
func TestGPUPool_prices(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	list := filepath.Join(t.TempDir(), "prices.csv")
	prices := func(lines ...string) {
		write(t, list, "cloud,instance_type,on_demand\n"+strings.Join(lines, "\n")+"\n")
	}
	s.section += fmt.Sprintf("\n  prices = %q", list)
	prices("aws,g4dn.xlarge,0.50")
	f.write(s.platform(0) + poolOf("max_hourly_price = 0.60"))
	if c := f.planned("mlops_gpu_pool.g"); c.ChangeOf.After["instance_type"] != "g4dn.xlarge" || fmt.Sprint(c.ChangeOf.After["hourly_cost"]) == "" {
		t.Errorf("the pool is of %v", c.ChangeOf.After["instance_type"])
	}
	f.applied()

	prices("aws,g4dn.xlarge,0.55", "aws,g4dn.2xlarge,0.10")
	if c := f.planned("mlops_gpu_pool.g"); c.action() != "update" || c.ChangeOf.After["instance_type"] != "g4dn.xlarge" || !strings.Contains(fmt.Sprint(c.ChangeOf.After["choice"]), "g4dn.2xlarge is cheaper by now") {
		t.Errorf("when another machine is cheaper the plan is to %s: %v, %v", c.action(), c.ChangeOf.After["instance_type"], c.ChangeOf.After["choice"])
	}
	f.applied()

	prices("aws,g4dn.xlarge,0.75", "aws,g4dn.2xlarge,0.80")
	f.exits(1, []string{"costs 0.75 USD an hour, which is above 0.6; g4dn.xlarge is the cheapest of 5 machines of aws with 1 nvidia-t4, at 0.75 USD an hour on demand; the next is g4dn.2xlarge at 0.80. Raise the limit"}, "plan")
	f.write(s.platform(0)) // what is dearer than allowed can go
	f.apply()
	if s.count() != 0 {
		t.Errorf("%d objects are left", s.count())
	}
}

// TestTimeouts: an operation that takes longer than timeouts allow ends with what it
// waited for, and the pool that came to be is in the state.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	s.eks.Play(awsfake.Script{Polls: 1000})
	f.write(s.platform(0) + poolOf(`timeouts = { create = "2s" }`))
	f.refused("Unable to Create GPU Pool", "CREATING", "deadline exceeded")
	if !f.has("mlops_gpu_pool.g") {
		t.Error("the pool is not in the state")
	}
	f.write(s.platform(0) + poolOf(`timeouts = { create = "soon" }`))
	f.exits(1, []string{`timeouts.create`, `"soon" must be a duration such as 60m`}, "plan")
}

// TestClouds_gone: what somebody deleted is made again.
func TestClouds_gone(t *testing.T) {
	t.Parallel()
	s, f := onGoogle(t), newFolder(t)
	f.write(s.platform(0) + story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`) + poolOf(""))
	f.apply()
	s.google.Lock()
	clear(s.google.Buckets)
	clear(s.google.Pools)
	s.google.Unlock()
	f.exits(0, nil, "plan", "-out=next.tfplan")
	for _, c := range f.all() {
		if strings.HasPrefix(c.Address, "mlops_") && c.Address != "mlops_platform.p" && c.action() != "create" {
			t.Errorf("the plan is to %s %s", c.action(), c.Address)
		}
	}
	f.applied()
}

// TestClouds_ofAnother: what is somebody else's is refused with the way out, is not in the
// state, and is as it was.
func TestClouds_ofAnother(t *testing.T) {
	t.Parallel()
	for cloud, tt := range map[string]struct {
		theirs func(s *site)
		says   string
	}{
		"aws":    {func(s *site) { s.aws.AddBucket("acme-artifacts", "eu-west-1", map[string]string{}) }, "exists already, and is not ours: import it"},
		"google": {func(s *site) { s.google.Buckets["acme-artifacts"] = googlefake.NewBucket("acme-artifacts") }, "exists already, and is not ours: the bucket has no marks of this platform; import it"},
		"azure":  {func(s *site) { s.azure.Do(func() { s.azure.Taken["fraud"] = true }) }, "is already taken.; its name follows from the platform's"},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := sites[cloud](t), newFolder(t)
			tt.theirs(s)
			before := s.count()
			f.write(s.platform(0) + story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`))
			f.refused("Unable to Create Bucket", tt.says)
			if f.has("mlops_bucket.b") || s.count() != before {
				t.Errorf("in the state: %v; %d objects of %d", f.has("mlops_bucket.b"), s.count(), before)
			}
		})
	}
}

// TestClouds_importRefused: an import names what cannot be imported.
func TestClouds_importRefused(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	f.write(s.platform(0) + story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`) + poolOf(""))
	for _, tt := range [][]string{
		{"mlops_bucket.b", "acme:artifacts", "must be CLOUD:ID, such as aws:acme-artifacts"},
		{"mlops_bucket.b", "aws:", "must be CLOUD:ID, such as aws:acme-artifacts"},
		{"mlops_bucket.b", "aws:acme-artifacts", "not found"},
		{"mlops_gpu_pool.g", "aws:train", "is no id of a pool: it is CLUSTER/PLATFORM-POOL"},
		{"mlops_gpu_pool.g", "aws:ml/fraud-train", "not found"},
	} {
		f.exits(1, tt[2:], "import", tt[0], tt[1])
	}
}

// TestClouds_tags: tags of the provider and the platform are on every object, and a change
// of them is one in place.
func TestClouds_tags(t *testing.T) {
	t.Parallel()
	for cloud, setting := range map[string]string{"aws": "tags", "google": "labels", "azure": "tags"} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := sites[cloud](t), newFolder(t)
			text := story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`) + poolOf("")
			f.write(s.platform(0) + text)
			f.apply()
			s.section += "\n  tags = { stage = \"test\" }"
			f.write(s.platform(0) + text)
			f.onlyInPlace()
			for _, c := range f.all() {
				if slices.Contains([]string{"mlops_bucket.b", "mlops_gpu_pool.g"}, c.Address) && (c.action() != "update" || !strings.Contains(fmt.Sprint(c.settings()), "test")) {
					t.Errorf("the plan is to %s %s, with %s %s", c.action(), c.Address, setting, c.settings()[setting])
				}
			}
			f.applied()
		})
	}
}

// TestClouds_another: a platform that moves to another cloud makes everything there anew,
// and takes away what it had.
func TestClouds_another(t *testing.T) {
	t.Parallel()
	from, to, f := onAmazon(t), onGoogle(t), newFolder(t)
	section := from.section + "\n  " + to.section
	from.section, to.section = section, section
	text := story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`) + poolOf("") + story{kind: "mlops_identity"}.resource("i", runs)
	f.write(from.platform(0) + text)
	f.apply()
	f.write(to.platform(0) + text)
	f.exits(0, nil, "plan", "-out=next.tfplan")
	for _, c := range f.all() {
		if c.Address != "mlops_platform.p" && c.action() != "delete then create" {
			t.Errorf("the plan is to %s %s", c.action(), c.Address)
		}
	}
	f.applied()
	if from.count() != 0 || to.count() == 0 {
		t.Errorf("%d objects are left, and %d are new", from.count(), to.count())
	}
}

// TestClouds_elsewhere: nodes and pod identities are made anew in another region or
// cluster, and nothing of them stays where they were.
func TestClouds_elsewhere(t *testing.T) {
	t.Parallel()
	for cloud, second := range map[string]func(s *site){
		"aws": func(s *site) {
			s.eks.AddCluster("other", "subnet-a")
			s.eks.AddGroup(awsfake.NodeGroup{ClusterName: "other", NodegroupName: "system", Status: awsfake.Active, NodeRole: "arn:aws:iam::123456789012:role/nodes"})
		},
		"google": func(*site) {},
		"azure": func(s *site) {
			s.azure.Do(func() { s.azure.Clusters["other"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}} })
		},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			s, f := sites[cloud](t), newFolder(t)
			second(s)
			f.write(s.platform(0) + poolOf(""))
			f.apply()
			full := s.count()
			for n, platform := range []string{strings.Replace(s.platform(0), `"ml"`, `"other"`, 1), strings.Replace(s.platform(1), `"ml"`, `"other"`, 1)} {
				f.write(platform + poolOf(""))
				if c := f.planned("mlops_gpu_pool.g"); c.action() != "delete then create" {
					t.Errorf("%d: the plan is to %s: %v", n, c.action(), c.settings())
				}
				f.applied()
				if s.count() != full {
					t.Errorf("%d: %d objects instead of %d", n, s.count(), full)
				}
			}
		})
	}
}
