package kueue

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindGPUPool},
		Elsewhere: map[string]string{
			"gpu_pool.platform": "spec", "gpu_pool.instance_type": "kubernetes", "gpu_pool.nodes.min": "kubernetes", "gpu_pool.capacity": "golden spot",
			"gpu_pool.max_hourly_price": "provider", "gpu_pool.sharing.profile": "TestCapacity", "gpu_pool.labels": "kubernetes", "gpu_pool.zones": "provider",
			"gpu_pool.disk": "provider", "gpu_pool.driver": "provider", "gpu_pool.node_repair": "provider", "gpu_pool.reservation": "provider", "gpu_pool.aws": "provider",
			"gpu_pool.google": "provider", "gpu_pool.azure": "provider", "gpu_pool.machine": "provider", "gpu_pool.model": "spec's own test", "gpu_pool.price": "provider",
		},
	})
}

// TestObjects: the definitions of Kueue take what is written.
func TestObjects(t *testing.T) {
	t.Parallel()
	realtools.KubeValidate(t, realtools.WriteFiles(t, templatestest.Objects(t))).Accept(t, "the objects")
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sharing spec.Sharing
		want    int64
	}{
		"whole":               {spec.Sharing{Strategy: "none"}, 6},
		"time slicing":        {spec.Sharing{Strategy: "time_slicing", Replicas: 4}, 24},
		"MPS":                 {spec.Sharing{Strategy: "mps", Replicas: 10}, 60},
		"seven slices":        {spec.Sharing{Strategy: "mig", Profile: "1g.10gb"}, 42},
		"three slices":        {spec.Sharing{Strategy: "mig", Profile: "2g.20gb"}, 18},
		"two slices":          {spec.Sharing{Strategy: "mig", Profile: "3g.40gb"}, 12},
		"one slice":           {spec.Sharing{Strategy: "mig", Profile: "7g.80gb"}, 6},
		"with a media engine": {spec.Sharing{Strategy: "mig", Profile: "1g.10gb+me"}, 42},
		"an unknown profile":  {spec.Sharing{Strategy: "mig", Profile: "all"}, 6},
	} {
		g := &spec.GPUPool{Accelerator: &spec.Accelerator{Type: "nvidia-h100", Count: 2}, Nodes: &spec.Nodes{Max: 3}, Sharing: &tt.sharing}
		if got := capacity(g); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*templatestest.Case)
		want   string // "" when it is written
	}{
		"as it is": {func(*templatestest.Case) {}, ""},
		"nine taints": {
			func(c *templatestest.Case) {
				var taints []any
				for _, key := range strings.Split("abcdefghi", "") {
					taints = append(taints, map[string]any{"key": key, "effect": "NoSchedule"})
				}
				c.Object(t, spec.KindGPUPool, "train-l4")["taints"] = taints
			},
			`gpu_pool "train-l4": taints: Kueue takes 8 of a pool, and these are 9`,
		},
		"a step of no pool": {func(c *templatestest.Case) { unpooled(t, c, "nvidia-l4") }, ""},
		"a step that no pool can take": {
			func(c *templatestest.Case) { unpooled(t, c, "nvidia-h100") },
			`pipeline "train": steps["train"].resources.accelerator: Kueue lets nothing start that asks for what no pool has, and none has nvidia-h100`,
		},
		"the same where nothing waits": {
			func(c *templatestest.Case) {
				unpooled(t, c, "nvidia-h100")
				c.Object(t, spec.KindPlatform, "fraud")["queueing"] = "none"
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := templatestest.Full(t)
			tt.change(c)
			p, faults := c.Link()
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			_, err := Target{}.Render(p)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// unpooled lets the training step ask for an accelerator without naming a pool, under no
// quota of its environment.
func unpooled(t *testing.T, c *templatestest.Case, accelerator string) {
	t.Helper()
	environments, _ := c.Object(t, spec.KindPlatform, "fraud")["environments"].(map[string]any)
	environments["staging"] = map[string]any{}
	steps, _ := c.Object(t, spec.KindPipeline, "train")["steps"].(map[string]any)
	step, _ := steps["train"].(map[string]any)
	delete(step, "pool")
	step["resources"] = map[string]any{"accelerator": map[string]any{"type": accelerator, "count": "1"}}
}

// TestNothing: without a queue and without a pool that Kueue must hold there is no file.
func TestNothing(t *testing.T) {
	t.Parallel()
	p, faults := templatestest.Quickstart(t).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if files, err := (Target{}).Render(p); err != nil || files != nil {
		t.Errorf("%d files, %v", len(files), err)
	}
}
