package clusterautoscaler_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/clusterautoscaler"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, clusterautoscaler.Target{}, templatestest.Options{})
}

// TestObjects: Kubernetes takes the objects.
func TestObjects(t *testing.T) {
	t.Parallel()
	realtools.KubeValidate(t, realtools.WriteFiles(t, templatestest.Objects(t))).Accept(t, "the objects")
}

// TestPriorities reads the text as the expander does, and asks it for scaling groups as
// the clouds call them.
func TestPriorities(t *testing.T) {
	t.Parallel()
	const uuid = "-0ac1b2d3-4e5f-6a7b-8c9d-0e1f2a3b4c5d"
	for name, groups := range map[string]map[string]int{
		"aws/platform/cluster-autoscaler/priorities.yaml": {
			"eks-fraud-l4-spot" + uuid: 20, "eks-fraud-l4-on-demand" + uuid: 10,
			"eks-fraud-steady-on-demand" + uuid: 20, "eks-fraud-steady-spot" + uuid: 10,
			"eks-fraud-single" + uuid: 1, "eks-fraud-l4-spot-other-spot" + uuid: 1, "asg-of-others": 1,
		},
		"azure/platform/cluster-autoscaler/priorities.yaml": {
			"aks-trainl4sb66f-12345678-vmss": 20, "aks-trainl4oe04e-12345678-vmss": 10, "aks-system-12345678-vmss": 1,
		},
	} {
		var object struct {
			Data struct{ Priorities string }
		}
		if err := yaml.Unmarshal([]byte(templatestest.Objects(t)[name]), &object); err != nil {
			t.Fatal(err)
		}
		ranks := map[int][]string{}
		if err := yaml.Unmarshal([]byte(object.Data.Priorities), &ranks); err != nil {
			t.Fatalf("%v:\n%s", err, object.Data.Priorities)
		}
		for group, want := range groups {
			got := 0
			for rank, patterns := range ranks {
				matches := slices.ContainsFunc(patterns, func(p string) bool { return regexp.MustCompile(p).MatchString(group) })
				if matches && rank > got {
					got = rank
				}
			}
			if got != want {
				t.Errorf("%s: priority %d, want %d", group, got, want)
			}
		}
	}
}

// TestLongName: a node group whose name EKS takes only when it is cut is found as well.
func TestLongName(t *testing.T) {
	t.Parallel()
	platform, pool := strings.Repeat("p", 40), strings.Repeat("g", 40)
	c := &templatestest.Case{Specs: []map[string]any{
		{"kind": "platform", "name": platform, "owner": "ml", "cloud": "aws", "region": "eu-west-1", "cluster": map[string]any{"name": "ml"}, "environments": map[string]any{"staging": map[string]any{}}},
		{"kind": "gpu_pool", "platform": platform, "name": pool, "accelerator": map[string]any{"type": "nvidia-l4"}, "capacity": []any{"spot", "on_demand"}},
	}}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := clusterautoscaler.Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\^eks-(\S+?-on-demand)-\[`).FindStringSubmatch(string(files[0].Data))
	if len(name) != 2 || len(name[1]) > 63 {
		t.Errorf("%q is no name of a node group of EKS", name)
	}
}
