package provider_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
)

const pooled = `name = "train"
  accelerator = { type = "nvidia-t4" }
`

// pools are the lives of a pool of nodes.
var pools = map[string]story{
	"aws": {
		known: map[string]any{"instance_type": "g4dn.xlarge"},
		byHand: func(s *site, _ string) {
			s.eks.Edit("ml", s.eks.Groups()[0], func(g *awsfake.NodeGroup) { g.ScalingConfig.Max = to.Ptr(int32(9)) })
		},
		updates: "scaling", hand: "scaling", fixed: "instance_types",
		other: pooled + `instance_type = "g4dn.2xlarge"`,
	},
	"google": {
		known: map[string]any{"instance_type": nil},
		byHand: func(s *site, _ string) {
			s.google.Lock()
			defer s.google.Unlock()
			for _, p := range s.google.Pools {
				p.At("autoscaling")["totalMaxNodeCount"] = 9
			}
		},
		updates: "autoscaling", hand: "autoscaling", fixed: "capacity",
		other: pooled + `capacity = ["spot"]`,
	},
	"azure": {
		known: map[string]any{"instance_type": nil},
		byHand: func(s *site, _ string) {
			s.azure.Do(func() { s.azure.Clusters["ml"].Pools["train"].MaxCount = to.Ptr(int32(9)) })
		},
		updates: "maxCount", hand: "maxCount", fixed: "vmSize",
		other: pooled + `instance_type = "Standard_NC8as_T4_v3"`,
	},
}

// TestGPUPool_onClouds: the life of a pool on every cloud with an API.
func TestGPUPool_onClouds(t *testing.T) {
	t.Parallel()
	for cloud, y := range pools {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			y.kind, y.updated = "mlops_gpu_pool", "nodes"
			y.first, y.second = pooled+"  nodes = { max = 2 }", pooled+"  nodes = { max = 4 }"
			y.fresh = []string{"candidates", "choice"}
			for _, name := range []string{"candidates", "choice", "hourly_cost", "monthly_cost", "price_as_of", "node_selector", "tolerations"} {
				y.known[name] = nil
			}
			y.lives(t, sites[cloud](t))
		})
	}
}
