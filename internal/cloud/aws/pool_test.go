package aws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestPools(t *testing.T) {
	kind := func(c cloud.Cloud) cloud.Kind[cloud.Pool] { return c.Pools }
	given := func(p *cloud.Pool) {
		p.Capacity = []string{"on_demand"}
		p.AWS = &spec.AWSPool{NodeRole: nodeRole, Subnets: []string{"subnet-z", "subnet-y"}}
	}
	cloudtest.Run(t, openPools, cloudtest.Case[cloud.Pool]{
		Name: "two groups", Kind: kind, Before: aPool(nil), After: aPool(later), With: withID, Tamper: byHand, Foreign: foreignGroup,
	})
	cloudtest.Run(t, openPools, cloudtest.Case[cloud.Pool]{
		Name: "one group", Kind: kind, Before: aPool(given), After: aPool(func(p *cloud.Pool) { given(p); later(p) }),
		With: withID, Tamper: byHand, Foreign: foreignGroup,
	})
}

func TestPoolSettings(t *testing.T) {
	t.Parallel()
	got, err := newPools(newClients(Config{})).Plan.Settings(aPool(func(p *cloud.Pool) {
		p.Sharing = &spec.Sharing{Strategy: "mps", Replicas: 3}
		p.Accelerator.Count = 4
		p.Machine = "g6.12xlarge"
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := cloud.Settings{
		"provisioner": "managed_node_group", "cluster": "ml", "capacity": `["spot","on_demand"]`, "instance_types": `["g6.12xlarge"]`,
		"ami_type": "AL2023_x86_64_NVIDIA", "disk_size": "100", "subnets": cloud.Later, "node_role": cloud.Later,
		"scaling":       `{"on_demand":"0-4","spot":"1-4"}`,
		"labels":        `{"mlops.dev/accelerator":"nvidia-l4","mlops.dev/pool":"gpu","nvidia.com/device-plugin.config":"gpu","old":"one","team":"vision"}`,
		"taints":        `["nvidia.com/gpu=present:NO_SCHEDULE"]`,
		"tags":          `{"cost-centre":"42","k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu":"12","managed-by":"terraform-provider-mlops","mlops-name":"gpu","mlops-platform":"lab"}`,
		"update_config": `{"maxUnavailable":1,"updateStrategy":"MINIMAL"}`, "node_repair": "true", "status": "ACTIVE",
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d settings, want %d: %v", len(got), len(want), got)
	}
}

func TestPoolAMI(t *testing.T) {
	t.Parallel()
	for machine, want := range map[string]string{
		"g6.xlarge": "AL2023_x86_64_NVIDIA", "g5g.2xlarge": "AL2023_ARM_64_NVIDIA", "p6e-gb200.36xlarge": "AL2023_ARM_64_NVIDIA", "p6-b200.48xlarge": "AL2023_x86_64_NVIDIA", "": cloud.Later,
	} {
		got, err := poolPlan{}.Settings(aPool(func(p *cloud.Pool) { p.Machine = machine }))
		if err != nil || got["ami_type"] != want {
			t.Errorf("%s: %q, %v; want %q", machine, got["ami_type"], err, want)
		}
	}
	got, err := poolPlan{}.Settings(aPool(func(p *cloud.Pool) {
		p.Machine, p.GPUPool.Accelerator, p.Accelerator = "trn2.48xlarge", &spec.Accelerator{Type: "aws-trainium2", Count: 16}, spec.Accelerator{Type: "aws-trainium2", Count: 16}
	}))
	if err != nil || got["ami_type"] != "AL2023_x86_64_NEURON" || !strings.Contains(got["tags"], `resources/aws.amazon.com/neuron":"16"`) {
		t.Errorf("neuron: %q, %q, %v", got["ami_type"], got["tags"], err)
	}
	got, err = poolPlan{}.Settings(aPool(func(p *cloud.Pool) {
		p.Driver, p.AWS, p.Machine, p.Accelerator.Type = "none", &spec.AWSPool{AMIType: "AL2023_x86_64_STANDARD"}, "p5.4xlarge", "nvidia-h100"
		p.Sharing = &spec.Sharing{Strategy: "mig", Profile: "1g.10gb+me"}
	}))
	if err != nil || got["ami_type"] != "AL2023_x86_64_STANDARD" || !strings.Contains(got["labels"], `"nvidia.com/mig.config":"all-1g.10gb.me"`) || strings.Contains(got["tags"], "node-template") {
		t.Errorf("mig: %v, %v", got, err)
	}
}

func TestPoolsRefuse(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*cloud.Pool){
		"cluster.name must be set on platform":                 func(p *cloud.Pool) { p.On.Platform.Cluster = nil },
		"reservation: a managed node group":                    func(p *cloud.Pool) { p.Reservation = "cr-1" },
		"disk.type: a managed node group":                      func(p *cloud.Pool) { p.Disk = &spec.Disk{Type: "io2"} },
		`driver: "latest" is not possible`:                     func(p *cloud.Pool) { p.Driver = "latest" },
		`driver: "none" needs an AMI`:                          func(p *cloud.Pool) { p.Driver = "none" },
		"zones: a managed node group is where its subnets are": func(p *cloud.Pool) { p.Zones = []string{"eu-central-1a"} },
		"name subnets of eu-central-1a in aws.subnet_ids": func(p *cloud.Pool) {
			p.Zones, p.AWS = []string{"eu-central-1a"}, &spec.AWSPool{Subnets: []string{"subnet-1"}}
		},
		"ARM_64_NVIDIA\" is for processors of ARM, and g6.xlarge has none": func(p *cloud.Pool) { p.AWS = &spec.AWSPool{AMIType: "AL2023_ARM_64_NVIDIA"} },
		"BOTTLEROCKET_x86_64_NVIDIA\" is for x86, and g5g.xlarge has a processor of ARM": func(p *cloud.Pool) {
			p.Machine, p.AWS = "g5g.xlarge", &spec.AWSPool{AMIType: "BOTTLEROCKET_x86_64_NVIDIA"}
		},
		"AL2023_x86_64_NEURON\" has a driver for accelerators of AWS, and not for nvidia-l4": func(p *cloud.Pool) { p.AWS = &spec.AWSPool{AMIType: "AL2023_x86_64_NEURON"} },
		"AL2023_x86_64_NVIDIA\" has a driver for accelerators of NVIDIA, and not for aws-trainium2": func(p *cloud.Pool) {
			p.Accelerator.Type, p.Machine, p.AWS = "aws-trainium2", "trn2.48xlarge", &spec.AWSPool{AMIType: "AL2023_x86_64_NVIDIA"}
		},
		"pods of the platform run on Linux":                   func(p *cloud.Pool) { p.Driver, p.AWS = "none", &spec.AWSPool{AMIType: "WINDOWS_CORE_2022_x86_64"} },
		"labels: eks.amazonaws.com/zone is of those that EKS": func(p *cloud.Pool) { p.Labels = map[string]string{"eks.amazonaws.com/zone": "a"} },
		"labels: node-role.kubernetes.io/gpu":                 func(p *cloud.Pool) { p.Labels = map[string]string{"node-role.kubernetes.io/gpu": "true"} },
		"labels: k8s.io/x":                                    func(p *cloud.Pool) { p.Labels = map[string]string{"k8s.io/x": "true"} },
		"accelerator: it is not known what a g6.xlarge has": func(p *cloud.Pool) {
			p.GPUPool.Accelerator, p.Accelerator, p.Driver, p.AWS = nil, spec.Accelerator{}, "none", &spec.AWSPool{AMIType: "AL2023_x86_64_STANDARD"}
		},
		"taints: team:NoSchedule is named twice": func(p *cloud.Pool) {
			p.Taints = []spec.Taint{{Key: "team", Value: "a", Effect: "NoSchedule"}, {Key: "team", Value: "b", Effect: "NoSchedule"}}
		},
		"aws.ami_alias: belongs to":                             func(p *cloud.Pool) { p.AWS = &spec.AWSPool{AMIAlias: "al2023@v20261101"} },
		"must be the ARN of a role":                             func(p *cloud.Pool) { p.AWS = &spec.AWSPool{NodeRole: "nodes"} },
		"aws.ami_type: CUSTOM needs a launch template":          func(p *cloud.Pool) { p.AWS = &spec.AWSPool{AMIType: "CUSTOM"} },
		`aws.ami_type: EKS has no "AL2024"`:                     func(p *cloud.Pool) { p.AWS = &spec.AWSPool{AMIType: "AL2024"} },
		`"AL2023_x86_64_STANDARD" has no driver`:                func(p *cloud.Pool) { p.AWS = &spec.AWSPool{AMIType: "AL2023_x86_64_STANDARD"} },
		`contradicts aws.ami_type: "AL2023_x86_64_NVIDIA"`:      func(p *cloud.Pool) { p.Driver, p.AWS = "none", &spec.AWSPool{AMIType: "AL2023_x86_64_NVIDIA"} },
		`labels: empty=""`:                                      func(p *cloud.Pool) { p.Labels = map[string]string{"empty": ""} },
		"labels: mlops.dev/pool is":                             func(p *cloud.Pool) { p.Labels = map[string]string{"mlops.dev/pool": "x"} },
		"taints: EKS takes 50":                                  func(p *cloud.Pool) { p.Taints = make([]spec.Taint, 51) },
		`taints: ` + strings.Repeat("k", 64):                    func(p *cloud.Pool) { p.Taints = []spec.Taint{{Key: strings.Repeat("k", 64), Effect: "NoSchedule"}} },
		`tag "a;b"`:                                             func(p *cloud.Pool) { p.Tags = map[string]string{"a;b": "c"} },
		`accelerator: no AMI of EKS has a driver for "amd-mi30`: func(p *cloud.Pool) { p.Accelerator.Type = "amd-mi300x" },
		"sharing: mps is for accelerators of NVIDIA": func(p *cloud.Pool) {
			p.Accelerator.Type, p.Sharing = "aws-trainium", &spec.Sharing{Strategy: "mps", Replicas: 2}
		},
	} {
		kind := newPools(newClients(Config{}))
		if _, err := kind.Plan.Settings(aPool(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
		if id, err := kind.Store.Create(t.Context(), aPool(change)); err == nil || id != "" {
			t.Errorf("%s: create: %q, %v", want, id, err)
		}
	}
	_, err := poolPlan{}.Settings(aPool(func(p *cloud.Pool) { p.Reservation, p.Driver = "cr-1", "latest" }))
	if err == nil || !strings.Contains(err.Error(), "reservation") || !strings.Contains(err.Error(), "driver") {
		t.Errorf("all faults at once: %v", err)
	}
}

// Labels that a kubelet sets of itself are those of its own source.
func TestPoolLabelsOfKubernetes(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"team": true, "acme.com/team": true, "nvidia.com/mig.config.x": true, "node.kubernetes.io/pool": true, "x.node.kubernetes.io/y": true, "kubelet.kubernetes.io/z": true, "topology.kubernetes.io/zone": true,
		"kubernetes.io/arch": true, "notkubernetes.io/x": true, "kubernetes.io/team": false, "node-restriction.kubernetes.io/x": false, "topology.kubernetes.io/rack": false,
	} {
		_, err := poolPlan{}.Settings(aPool(func(p *cloud.Pool) { p.Labels = map[string]string{key: "x"} }))
		if (err == nil) != want {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestPoolNames(t *testing.T) {
	t.Parallel()
	long := spec.NodeGroups(strings.Repeat("p", 40), strings.Repeat("q", 40))
	if len(long)+len("-on-demand") > 63 || long == spec.NodeGroups(strings.Repeat("p", 40), strings.Repeat("q", 41)) {
		t.Errorf("%q", long)
	}
	if got := spec.NodeGroups("lab", "gpu"); got != "lab-gpu" {
		t.Errorf("%q", got)
	}
	for _, id := range []string{"", "ml", "ml/", "/x", "a/b/c"} {
		if _, err := placeOf(id, aPool(nil)); err == nil {
			t.Errorf("%q is taken for an id", id)
		}
	}
}

// A pool of Karpenter is in the repository alone: nothing is asked of the API.
func TestPoolOfKarpenter(t *testing.T) {
	t.Parallel()
	kind := newPools(newClients(Config{}))
	p := aPool(func(p *cloud.Pool) {
		p.AWS = &spec.AWSPool{Provisioner: "karpenter", NodeRole: "nodes"}
		p.Reservation = "cr-1"
	})
	want, err := kind.Plan.Settings(p)
	if err != nil || want["provisioner"] != "karpenter" || want["cluster"] != "ml" {
		t.Fatalf("%v, %v", want, err)
	}
	id, err := kind.Store.Create(t.Context(), p)
	if err != nil || id != "ml/lab-gpu" {
		t.Fatalf("%q, %v", id, err)
	}
	got, err := kind.Store.Read(t.Context(), id, p)
	if err != nil || len(got) != len(want) || got["provisioner"] != "karpenter" {
		t.Errorf("%v, %v", got, err)
	}
	if err := errors.Join(kind.Store.Update(t.Context(), id, p), kind.Store.Delete(t.Context(), id, p)); err != nil {
		t.Error(err)
	}
	p.On.Platform.Cluster = nil
	if _, err := kind.Plan.Settings(p); err == nil {
		t.Error("the nodes of Karpenter join a cluster too")
	}
}

func TestPoolEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newEKS()
	f.Play(awsfake.Script{Polls: 1 << 20})
	var seen []string
	kind := poolsOn(t, f, unwrapped, func(s string) { seen = append(seen, s) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	id, err := kind.Store.Create(ctx, aPool(nil))
	if !errors.Is(err, context.DeadlineExceeded) || id != "ml/lab-gpu" {
		t.Errorf("%q, %v", id, err)
	}
	if len(seen) == 0 || !strings.Contains(seen[0], "CREATING") {
		t.Errorf("progress: %v", seen)
	}
}
