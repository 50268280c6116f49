package aws

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const nodeRole = "arn:aws:iam::111122223333:role/nodes"

// inProcess hands requests to a handler.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// poolsOn are the pools of a driver on a fake.
func poolsOn(t *testing.T, f *awsfake.EKS, wrap func(http.RoundTripper) http.RoundTripper, progress func(string)) cloud.Kind[cloud.Pool] {
	t.Helper()
	return newPools(newClients(Config{
		Region: "eu-central-1", Keys: &Keys{AccessKey: "AKIDEXAMPLE", SecretKey: "secret"},
		Endpoints: map[string]string{"eks": "http://127.0.0.1"}, HTTPClient: wrap(awsfake.EKSChecked(t, inProcess{f})),
		Attempt: 200 * time.Millisecond, Pace: time.Millisecond, Progress: progress,
	}))
}

func unwrapped(next http.RoundTripper) http.RoundTripper { return next }

// newEKS is a cluster with a node group that its owner made.
func newEKS() *awsfake.EKS {
	f := awsfake.NewEKS("ml", "subnet-b", "subnet-a")
	f.AddGroup(awsfake.NodeGroup{ClusterName: "ml", NodegroupName: "system", Status: awsfake.Active, NodeRole: nodeRole})
	f.Play(awsfake.Script{Polls: 1})
	return f
}

func openPools(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
	t.Helper()
	f := newEKS()
	return cloudtest.Rig{
		Cloud: cloud.Cloud{Pools: poolsOn(t, f, wrap, nil)}, Fake: f, Answer: eksAnswer,
		Count: func() int { return len(f.Groups()) },
	}
}

// eksAnswer is how EKS words a fault.
func eksAnswer(fault cloudtest.Fault, r *http.Request) *http.Response {
	say := func(status int, kind, message string) *http.Response {
		return cloudtest.Reply(r, status, "application/json", fmt.Sprintf(`{"__type":%q,"message":%q}`, kind, message))
	}
	group := strings.Contains(r.URL.Path, "/node-groups/lab-") && r.Method == http.MethodGet
	change := strings.Contains(r.URL.Path, "/node-groups") && r.Method != http.MethodGet
	switch fault {
	case cloudtest.Throttled, cloudtest.ThrottledUntil:
		resp := say(http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded")
		if fault == cloudtest.ThrottledUntil {
			resp.Header.Set("Retry-After", "0")
		}
		return resp
	case cloudtest.Internal:
		return say(http.StatusInternalServerError, "ServerException", "Internal error")
	case cloudtest.Unavailable:
		return say(http.StatusServiceUnavailable, "ServiceUnavailableException", "try later")
	case cloudtest.Expired:
		return say(http.StatusForbidden, "ExpiredTokenException", "The security token included in the request is expired")
	case cloudtest.Denied:
		return say(http.StatusForbidden, "AccessDeniedException", "User is not authorized to perform this action")
	case cloudtest.Busy:
		if change {
			return say(http.StatusConflict, "ResourceInUseException", "There is an operation in progress on the cluster")
		}
	case cloudtest.Absent:
		if group {
			return say(http.StatusNotFound, "ResourceNotFoundException", "No node group found")
		}
	default: // no answer at all
	}
	return nil
}

// aPool is a pool of platform lab.
func aPool(change func(*cloud.Pool)) cloud.Pool {
	repair := true
	p := cloud.Pool{
		GPUPool: &spec.GPUPool{
			Name: "gpu", Accelerator: &spec.Accelerator{Type: "nvidia-l4", Count: 1}, Nodes: &spec.Nodes{Min: 1, Max: 4},
			Capacity: []string{"spot", "on_demand"}, Sharing: &spec.Sharing{Strategy: "none"}, Driver: "managed", NodeRepair: &repair,
			Taints: []spec.Taint{{Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}},
			Labels: map[string]string{"team": "vision", "old": "one"},
		},
		On: cloud.On{
			Platform: &spec.Platform{Name: "lab", Cluster: &spec.Cluster{Name: "ml"}, Region: "eu-central-1"},
			Tags:     map[string]string{"cost-centre": "42"},
		},
		Machine: "g6.xlarge", Accelerator: spec.Accelerator{Type: "nvidia-l4", Count: 1},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func withID(p cloud.Pool, id string) cloud.Pool { p.On.ID = id; return p }

// later is aPool with every setting changed that EKS can change.
func later(p *cloud.Pool) {
	repair := false
	p.Nodes = &spec.Nodes{Min: 2, Max: 6}
	p.Sharing = &spec.Sharing{Strategy: "time_slicing", Replicas: 4}
	p.NodeRepair = &repair
	p.Labels = map[string]string{"team": "language", "new": "two"}
	p.Taints = []spec.Taint{{Key: "nvidia.com/gpu", Value: "yes", Effect: "NoSchedule"}, {Key: "team", Effect: "PreferNoSchedule"}}
	p.Tags = map[string]string{"cost-centre": "43", "stage": "test"}
}

// byHand changes one setting of a group behind the driver's back.
func byHand(t *testing.T, r cloudtest.Rig, id, setting string) {
	t.Helper()
	f := r.Fake.(*awsfake.EKS)
	name := f.Groups()[0]
	if setting == "status" {
		f.Hold("ml", name, awsfake.Updating)
		return
	}
	f.Edit("ml", name, func(g *awsfake.NodeGroup) {
		switch setting {
		case "scaling":
			nine := int32(9)
			g.ScalingConfig = &awsfake.Scaling{Min: g.ScalingConfig.Min, Max: &nine, Desired: &nine}
		case "labels":
			g.Labels = maps.Clone(g.Labels)
			delete(g.Labels, "team")
			g.Labels["by"] = "hand"
		case "taints":
			g.Taints = slices.Concat(g.Taints[1:], []awsfake.Taint{{Key: "by", Value: "hand", Effect: "NO_EXECUTE"}})
		case "tags":
			g.Tags = maps.Clone(g.Tags)
			delete(g.Tags, cloud.MarkName)
			g.Tags["cost-centre"] = "none"
			g.Tags["of-another"] = "kept"
			g.Tags[templateTag+"vendor.example/fpga"] = "1"
		case "update_config":
			g.UpdateConfig = &awsfake.Rolling{Percentage: 50, Strategy: "DEFAULT"}
		case "node_repair":
			g.NodeRepairConfig = nil
		default:
			t.Fatalf("nobody knows how to change %s of %s", setting, id)
		}
	})
}

// foreignGroup is in everything as the pool wants it, but for the marks.
func foreignGroup(t *testing.T, r cloudtest.Rig) {
	t.Helper()
	for _, name := range []string{"lab-gpu", "lab-gpu-on-demand"} {
		r.Fake.(*awsfake.EKS).AddGroup(awsfake.NodeGroup{
			ClusterName: "ml", NodegroupName: name, Status: awsfake.Active, NodeRole: nodeRole, Subnets: []string{"subnet-y", "subnet-z"},
			AmiType: "AL2023_x86_64_NVIDIA", CapacityType: "ON_DEMAND", DiskSize: 100, InstanceTypes: []string{"g6.xlarge"},
			Tags: map[string]string{cloud.MarkManager: cloud.Manager, cloud.MarkPlatform: "lab", cloud.MarkName: "gpu-on-demand"},
		})
	}
}
