package repository

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestNeeds: the README says what the cluster must have, and only that.
func TestNeeds(t *testing.T) {
	t.Parallel()
	on := func(cloud, region string, pool map[string]any, more map[string]any) func(*templatestest.Case) {
		return func(c *templatestest.Case) {
			c.Specs = c.Specs[:1]
			for attr, v := range map[string]any{"cloud": cloud, "region": region, "cluster": map[string]any{"name": "ml"}} {
				if v != "" {
					platform(c, attr, v)
				}
			}
			for attr, v := range more {
				platform(c, attr, v)
			}
			if pool != nil {
				base := map[string]any{"kind": "gpu_pool", "platform": "fraud", "name": "l4", "accelerator": map[string]any{"type": "nvidia-l4"}}
				for attr, v := range pool {
					base[attr] = v
				}
				c.Specs = append(c.Specs, base)
			}
		}
	}
	karpenter := map[string]any{"provisioner": "karpenter", "node_role": "nodes", "ami_alias": "al2023@v20260723"}
	for name, tt := range map[string]struct {
		change func(*templatestest.Case)
		want   []string
	}{
		"nothing":     {on("local", "", map[string]any{"capacity": []any{"spot", "on_demand"}}, nil), nil},
		"Karpenter":   {on("aws", "eu-west-1", map[string]any{"aws": karpenter}, nil), []string{"Karpenter 1.14 or later with its provider for AWS, feature gate `NodeRepair`; the tag `karpenter.sh/discovery` = `ml`"}},
		"no repair":   {on("aws", "eu-west-1", map[string]any{"aws": karpenter, "node_repair": false}, nil), []string{"its provider for AWS; the tag"}},
		"reserved":    {on("aws", "eu-west-1", map[string]any{"aws": karpenter, "reservation": "cr-1"}, nil), []string{"feature gate `ReservedCapacity`"}},
		"shared":      {on("azure", "westeurope", map[string]any{"sharing": map[string]any{"strategy": "mps", "replicas": "4"}}, nil), []string{"`devicePlugin.config.name` = `fraud-device-plugin`"}},
		"slices":      {on("kubernetes", "", map[string]any{"accelerator": map[string]any{"type": "nvidia-a100-80gb"}, "sharing": map[string]any{"strategy": "mig", "profile": "1g.10gb"}}, nil), []string{"`mig.strategy` = `single`"}},
		"two prices":  {on("aws", "eu-west-1", map[string]any{"capacity": []any{"spot", "on_demand"}}, nil), []string{"`--expander=priority`"}},
		"Kueue there": {on("local", "", nil, map[string]any{"queueing": "kueue", "packages": map[string]any{"kueue": map[string]any{"existing": true}}}), []string{"for namespace `fraud-training`"}},
		"Vault": {func(c *templatestest.Case) {
			on("local", "", nil, map[string]any{"secret_store": "vault"})(c)
			c.Specs = append(c.Specs, map[string]any{"kind": "secret", "platform": "fraud", "name": "a", "sync": map[string]any{"namespaces": []any{"fraud-training"}}, "store": map[string]any{"type": "vault", "address": "https://vault.example.com"}})
		}, []string{"A way to `https://vault.example.com`"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readme := render(t, tt.change)["README.md"]
			if readme == "" {
				t.Fatal("the case is refused")
			}
			if got := strings.Contains(readme, "The cluster must have:"); got != (tt.want != nil) {
				t.Errorf("says that the cluster must have something: %t\n%s", got, readme)
			}
			for _, want := range tt.want {
				if !strings.Contains(readme, want) {
					t.Errorf("lacks %q:\n%s", want, readme)
				}
			}
			if strings.Contains(readme, "\n\n\n") {
				t.Error("has two empty lines")
			}
		})
	}
}
