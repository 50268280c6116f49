package karpenter_test

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/karpenter"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, karpenter.Target{}, templatestest.Options{})
}

// TestObjects: the definitions of Karpenter and their rules take what is written.
func TestObjects(t *testing.T) {
	t.Parallel()
	realtools.KubeValidate(t, realtools.WriteFiles(t, templatestest.Objects(t))).Accept(t, "the objects")
}

// pools is the input of the golden.
func pools(t *testing.T) *templatestest.Case {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/pools.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return templatestest.ParseCase(t, archive.Files[0].Data)
}

// rendered joins the files after a change of the platform and of pool h100, whose
// settings of AWS are given apart.
func rendered(t *testing.T, change func(platform, pool, aws map[string]any)) (string, error) {
	t.Helper()
	c := pools(t)
	pool := c.Object(t, spec.KindGPUPool, "h100")
	aws, _ := pool["aws"].(map[string]any)
	change(c.Object(t, spec.KindPlatform, "fraud"), pool, aws)
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := karpenter.Target{}.Render(p)
	text := ""
	for _, f := range files {
		text += string(f.Data)
	}
	return text, err
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(platform, pool, aws map[string]any){
		`platform "fraud": cluster: Karpenter finds subnets and security groups by the name of the cluster`: func(platform, _, _ map[string]any) { delete(platform, "cluster") },
		`platform "fraud": tags["domain"]: "pay;ments" cannot be a tag`:                                     func(platform, _, _ map[string]any) { platform["tags"] = map[string]any{"domain": "pay;ments"} },
		`instance_type: Karpenter needs the type of machine`:                                                func(_, pool, _ map[string]any) { delete(pool, "machine") },
		`nodes.min: Karpenter starts nodes for pods that wait, and keeps none without: set 0`:               func(_, pool, _ map[string]any) { pool["nodes"] = map[string]any{"min": "1", "max": "2"} },
		`capacity: Karpenter always tries spot nodes first`:                                                 func(_, pool, _ map[string]any) { pool["capacity"] = []any{"on_demand", "spot"} },
		`sharing: mps is for accelerators of NVIDIA, not for aws-trainium`:                                  func(_, pool, _ map[string]any) { pool["accelerator"] = map[string]any{"type": "aws-trainium"} },
		`driver: "none" has no effect with Karpenter`:                                                       func(_, pool, _ map[string]any) { pool["driver"] = "none" },
		`gpu_pool "l4": node_repair: Karpenter replaces the ill nodes of all pools or of none`:              func(_, pool, _ map[string]any) { pool["node_repair"] = false },
		`reservation: "arn:aws:x" must be the id of a capacity reservation`:                                 func(_, pool, _ map[string]any) { pool["reservation"] = "arn:aws:x" },
		`labels["mlops.dev/pool"]: is "h100", which this provider sets`:                                     func(_, pool, _ map[string]any) { pool["labels"] = map[string]any{"mlops.dev/pool": "l4"} },
		`labels["nvidia.com/device-plugin.config"]: is "h100"`: func(_, pool, _ map[string]any) {
			pool["labels"] = map[string]any{"nvidia.com/device-plugin.config": "x"}
		},
		`labels["karpenter.sh/nodepool"]: Karpenter sets this label itself`:                                         func(_, pool, _ map[string]any) { pool["labels"] = map[string]any{"karpenter.sh/nodepool": "x"} },
		`aws.ami_alias: must be set for Karpenter`:                                                                  func(_, _, aws map[string]any) { delete(aws, "ami_alias") },
		`aws.ami_alias: "al2023@latest" changes nodes whenever AWS publishes an image`:                              func(_, _, aws map[string]any) { aws["ami_alias"] = "al2023@latest" },
		`aws.ami_alias: "al2@v20260723" must be an image of al2023 or bottlerocket`:                                 func(_, _, aws map[string]any) { aws["ami_alias"] = "al2@v20260723" },
		`aws.ami_type: belongs to aws.provisioner = "managed_node_group"`:                                           func(_, _, aws map[string]any) { aws["ami_type"] = "AL2023_x86_64_NVIDIA" },
		`aws.node_role: must be set for Karpenter`:                                                                  func(_, _, aws map[string]any) { delete(aws, "node_role") },
		`aws.node_role: "arn:aws:iam::111122223333:role/nodes" must be the name of a role for Karpenter, not its A`: func(_, _, aws map[string]any) { aws["node_role"] = "arn:aws:iam::111122223333:role/nodes" },
		`aws.subnet_ids[0]: "vpc-1" must be the id of a subnet`:                                                     func(_, _, aws map[string]any) { aws["subnet_ids"] = []any{"vpc-1"} },
		`disk.size_gib: 60000 is more than the 59000 GiB`:                                                           func(_, pool, _ map[string]any) { pool["disk"] = map[string]any{"size_gib": "60000"} },
		`disk.type: "io2" must be one of gp2, gp3, standard`:                                                        func(_, pool, _ map[string]any) { pool["disk"] = map[string]any{"type": "io2"} },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if text, err := rendered(t, change); err == nil || !strings.Contains(err.Error(), want) || text != "" {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// TestSettings: each setting of a pool stands in what is written.
func TestSettings(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(platform, pool, aws map[string]any){
		"- p4d.24xlarge\n":         func(_, pool, _ map[string]any) { pool["machine"] = "p4d.24xlarge" },
		"- p4de.24xlarge\n":        func(_, pool, _ map[string]any) { delete(pool, "machine"); pool["instance_type"] = "p4de.24xlarge" },
		"nodes: \"9\"\n":           func(_, pool, _ map[string]any) { pool["nodes"] = map[string]any{"max": "9"} },
		"nvidia.com/gpu: \"16\"\n": func(_, pool, _ map[string]any) { pool["sharing"] = map[string]any{"strategy": "none"} },
		"- reserved\n            - spot\n            - on-demand\n": func(_, pool, _ map[string]any) { pool["capacity"] = []any{"spot", "on_demand"} },
		"nvidia.com/mig.config: all-1g.10gb\n": func(_, pool, _ map[string]any) {
			pool["sharing"] = map[string]any{"strategy": "mig", "profile": "1g.10gb"}
		},
		"tier: gold\n": func(_, pool, _ map[string]any) { pool["labels"] = map[string]any{"tier": "gold"} },
		"key: dedicated\n          value: research\n          effect: NoExecute\n": func(_, pool, _ map[string]any) {
			pool["taints"] = []any{map[string]any{"key": "dedicated", "value": "research", "effect": "NoExecute"}}
		},
		"- eu-west-1c\n":                       func(_, pool, _ map[string]any) { pool["zones"] = []any{"eu-west-1c"} },
		"- id: cr-77\n":                        func(_, pool, _ map[string]any) { pool["reservation"] = "cr-77" },
		"volumeSize: 77Gi\n":                   func(_, pool, _ map[string]any) { pool["disk"] = map[string]any{"size_gib": "77"} },
		"volumeType: gp2\n":                    func(_, pool, _ map[string]any) { pool["disk"] = map[string]any{"type": "gp2"} },
		"role: others\n":                       func(_, _, aws map[string]any) { aws["node_role"] = "others" },
		"- id: subnet-77\n":                    func(_, _, aws map[string]any) { aws["subnet_ids"] = []any{"subnet-77"} },
		"- alias: al2023@v20260801\n":          func(_, _, aws map[string]any) { aws["ami_alias"] = "al2023@v20260801" },
		"karpenter.sh/discovery: production\n": func(platform, _, _ map[string]any) { platform["cluster"] = map[string]any{"name": "production"} },
		"mlops.dev/accelerator: nvidia-h200\n": func(_, pool, _ map[string]any) { pool["model"] = "nvidia-h200" },
		"team: payments\n":                     func(platform, _, _ map[string]any) { platform["tags"] = map[string]any{"team": "payments"} },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			before, err := rendered(t, func(_, _, _ map[string]any) {})
			if err != nil || strings.Contains(before, want) {
				t.Fatalf("%q is there without the change: %v", want, err)
			}
			after, err := rendered(t, change)
			if err != nil || !strings.Contains(after, want) {
				t.Errorf("lacks %q: %v\n%s", want, err, after)
			}
		})
	}
}

// TestNothing: a managed node group is no matter of Karpenter.
func TestNothing(t *testing.T) {
	t.Parallel()
	c := pools(t)
	for _, name := range []string{"l4", "h100"} {
		c.Object(t, spec.KindGPUPool, name)["aws"] = map[string]any{"provisioner": "managed_node_group"}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if files, err := (karpenter.Target{}).Render(p); err != nil || files != nil {
		t.Errorf("%d files, %v", len(files), err)
	}
}
