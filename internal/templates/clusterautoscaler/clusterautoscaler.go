// Package clusterautoscaler writes which group of nodes Cluster Autoscaler grows first,
// where a pool has groups of several capacities: the ConfigMap of its expander
// "priority". It knows what clouds call the groups of a pool; it knows nothing of the
// autoscaler itself, which belongs to the cluster. Facts: the expander's readme in
// kubernetes/autoscaler.
package clusterautoscaler

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/cluster-autoscaler.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "clusterautoscaler" }

const (
	folder = "platform/cluster-autoscaler/"
	name   = "cluster-autoscaler-priority-expander" // the one that the autoscaler reads
)

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	pools := components.Mixed(p)
	if len(pools) == 0 {
		return nil, nil
	}
	text, err := priorities(p, pools)
	if err != nil {
		return nil, err
	}
	var out outcome.Outcome
	out.Commented(folder+"priorities.yaml", []string{
		"Cluster Autoscaler reads this with --expander=priority; on AKS the expander is a setting of the",
		"cluster. A cluster has one such object: where another exists, join the two and keep one.",
	}, configMap{
		APIVersion: "v1", Kind: "ConfigMap", Data: data{text},
		Metadata: metadata{Name: name, Namespace: components.AutoscalerNamespace, Labels: p.Labels(name), Annotations: p.Annotations()},
	})
	out.Kustomization(folder, "priorities.yaml")
	return out.Files()
}

// priorities rank the groups of each pool in the order of its capacities, and all other
// groups of the cluster below: where one that is ranked would do, the expander never
// takes one that is not. Ranks are numbers, which no key of an object can be.
func priorities(p *spec.Project, pools []*spec.GPUPool) (string, error) {
	ranks := map[int][]string{1: {".*"}}
	for _, g := range pools {
		for i, group := range g.Groups() {
			rank := 10 * (len(g.Groups()) - i)
			ranks[rank] = append(ranks[rank], pattern(p, g, group))
		}
	}
	var out strings.Builder
	for _, rank := range slices.Backward(slices.Sorted(maps.Keys(ranks))) {
		list, err := encode.YAMLWith(encode.Options{}, ranks[rank])
		if err != nil {
			return "", err
		}
		out.WriteString(strconv.Itoa(rank) + ":\n" + string(list))
	}
	return out.String(), nil
}

// pattern finds the scaling group of a cloud that is a group of a pool: EKS calls it
// eks-GROUP-UUID, AKS aks-POOL-NUMBER-vmss.
func pattern(p *spec.Project, g *spec.GPUPool, group spec.Group) string {
	if p.Platform.Cloud == "azure" {
		return "^aks-" + group.AgentPool(true) + "-[0-9]+-vmss$"
	}
	return "^eks-" + spec.NodeGroups(p.Platform.Name, g.Name) + strings.TrimPrefix(group.Name, g.Name) + "-[0-9a-f]{8}-[0-9a-f-]+$"
}

// The objects that this package writes, in output order.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	configMap struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Data       data     `yaml:"data"`
	}
	data struct {
		Priorities string `yaml:"priorities"`
	}
)
