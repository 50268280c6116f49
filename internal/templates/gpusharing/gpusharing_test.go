package gpusharing_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/gpusharing"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, gpusharing.Target{}, templatestest.Options{})
}

// TestObjects: Kubernetes takes the object, and a pool has an entry of its name.
func TestObjects(t *testing.T) {
	t.Parallel()
	realtools.KubeValidate(t, realtools.WriteFiles(t, templatestest.Objects(t))).Accept(t, "the objects")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*templatestest.Case)
		want   []string // none when it is written
	}{
		"as it is": {func(*templatestest.Case) {}, nil},
		"another vendor": {
			func(c *templatestest.Case) {
				c.Object(t, spec.KindGPUPool, "train-l4")["accelerator"] = map[string]any{"type": "amd-mi300x"}
				c.Specs = without(c.Specs, spec.KindPipeline, spec.KindEndpoint)
			},
			[]string{`gpu_pool "train-l4": sharing: time_slicing is for accelerators of NVIDIA, not for amd-mi300x`},
		},
		"the plugin's own name": {
			func(c *templatestest.Case) {
				c.Object(t, spec.KindGPUPool, "train-l4")["name"] = "default"
				c.Specs = without(c.Specs, spec.KindPipeline, spec.KindEndpoint)
			},
			[]string{`gpu_pool "default": name: "default" is the entry of nodes that belong to no pool`},
		},
		"two shares": {
			func(c *templatestest.Case) {
				two := map[string]any{"type": "nvidia-l4", "count": "2"}
				c.Object(t, spec.KindGPUPool, "train-l4")["accelerator"] = two
				steps, _ := c.Object(t, spec.KindPipeline, "train")["steps"].(map[string]any)
				step, _ := steps["train"].(map[string]any)
				step["resources"] = map[string]any{"accelerator": two}
				e := c.Object(t, spec.KindEndpoint, "fraud-score")
				e["pool"], e["resources"] = "train-l4", map[string]any{"accelerator": two}
			},
			[]string{
				`pipeline "train": steps["train"].resources.accelerator.count: the pods of pool "train-l4" get a share of one accelerator, and cannot ask for 2`,
				`endpoint "fraud-score": resources.accelerator.count: the pods of pool "train-l4" get a share`,
			},
		},
		"two whole ones": {
			func(c *templatestest.Case) {
				two := map[string]any{"type": "nvidia-l4", "count": "2"}
				pool := c.Object(t, spec.KindGPUPool, "train-l4")
				pool["accelerator"], pool["sharing"] = two, map[string]any{"strategy": "none"}
			}, nil,
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
			_, err := gpusharing.Target{}.Render(p)
			if (err == nil) != (len(tt.want) == 0) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func without(specs []map[string]any, kinds ...spec.Kind) (out []map[string]any) {
	for _, s := range specs {
		keep := true
		for _, kind := range kinds {
			keep = keep && s["kind"] != string(kind)
		}
		if keep {
			out = append(out, s)
		}
	}
	return out
}

// TestGoogle: GKE shares accelerators itself.
func TestGoogle(t *testing.T) {
	t.Parallel()
	c := &templatestest.Case{Specs: []map[string]any{
		{"kind": "platform", "name": "fraud", "owner": "fraud-ml", "cloud": "google", "region": "europe-west1", "environments": map[string]any{"staging": map[string]any{}}},
		{"kind": "gpu_pool", "platform": "fraud", "name": "l4", "accelerator": map[string]any{"type": "nvidia-l4"}, "sharing": map[string]any{"strategy": "mps", "replicas": "4"}},
	}}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if files, err := (gpusharing.Target{}).Render(p); err != nil || files != nil {
		t.Errorf("%d files, %v", len(files), err)
	}
}
