// Package karpenter writes the pools that Karpenter makes: a NodePool (karpenter.sh/v1)
// and an EC2NodeClass (karpenter.k8s.aws/v1) for each. It knows nodes of AWS; it knows
// nothing of the pods that want them. Facts: the definitions of Karpenter's provider for
// AWS v1.14.1. Karpenter itself, its rights and its queue of interruptions belong to the
// cluster.
package karpenter

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/karpenter, one file for each pool.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "karpenter" }

const folder = "platform/karpenter/"

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	pools := components.Provisioned(p)
	if len(pools) == 0 {
		return nil, nil
	}
	faults := slices.Concat(platformFaults(p), repairFaults(pools))
	for _, g := range pools {
		faults = append(faults, unable(g)...)
	}
	if err := faults.Err(); err != nil {
		return nil, faults
	}
	w := writer{p: p}
	var names []string
	for _, g := range pools {
		w.out.Commented(folder+g.Name+".yaml", comment(g), w.nodePool(g), w.nodeClass(g))
		names = append(names, g.Name+".yaml")
	}
	w.out.Kustomization(folder, names...)
	return w.out.Files()
}

type writer struct {
	p   *spec.Project
	out outcome.Outcome
}

// name is that of a pool's objects, which belong to the whole cluster.
func (w *writer) name(g *spec.GPUPool) string { return w.p.Platform.Name + "-" + g.Name }

func (w *writer) metadata(g *spec.GPUPool) metadata {
	return metadata{Name: w.name(g), Labels: w.p.Labels(w.name(g)), Annotations: w.p.Annotations()}
}

func comment(g *spec.GPUPool) []string {
	if shared(g) {
		return []string{
			"Karpenter starts a node for as many accelerators as the machine has: it learns only from the node",
			"that pods share them, so that a burst of pods starts more nodes than it needs, and at most limits.nodes.",
		}
	}
	return nil
}

// shared reports whether a node offers more accelerators than its machine has.
func shared(g *spec.GPUPool) bool { return g.Sharing.Strategy != "none" }

// ownLabels are those by which pods and device plugins find the nodes.
func ownLabels(g *spec.GPUPool) map[string]string {
	labels, _ := g.Place()
	maps.Copy(labels, g.SharingLabels())
	return labels
}

func (w *writer) nodePool(g *spec.GPUPool) nodePool {
	labels := ownLabels(g)
	maps.Copy(labels, g.Labels)
	template := nodeTemplate{
		Metadata: templateMetadata{Labels: labels},
		Spec: nodeSpec{
			Class:        classRef{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: w.name(g)},
			Requirements: requirements(g),
			ExpireAfter:  "720h",
		},
	}
	for _, t := range g.Taints {
		template.Spec.Taints = append(template.Spec.Taints, taint(t))
	}
	out := nodePool{APIVersion: "karpenter.sh/v1", Kind: "NodePool", Metadata: w.metadata(g)}
	out.Spec = nodePoolSpec{
		Template: template,
		// A run that is moved begins anew: only nodes without one go.
		Disruption: disruption{After: "5m", Policy: "WhenEmpty", Budgets: []budget{{"10%"}}},
		Limits:     limits(g),
	}
	return out
}

// requirements name the machine, how it may be paid for, and where it may be. Karpenter
// takes the cheapest of spot nodes first, after what is reserved.
func requirements(g *spec.GPUPool) []requirement {
	var capacity []string
	if g.Reservation != "" {
		capacity = append(capacity, "reserved")
	}
	for _, kind := range g.Capacity {
		capacity = append(capacity, strings.ReplaceAll(kind, "_", "-"))
	}
	out := []requirement{
		{"node.kubernetes.io/instance-type", "In", []string{machine(g)}},
		{"karpenter.sh/capacity-type", "In", capacity},
	}
	if len(g.Zones) > 0 {
		out = append(out, requirement{"topology.kubernetes.io/zone", "In", g.Zones})
	}
	return out
}

// machine is the type that the catalog chose, or the one that the user pinned.
func machine(g *spec.GPUPool) string { return cmp.Or(g.Machine, g.InstanceType) }

// limits bound a pool by its nodes, and by its accelerators where a node offers as many
// as its machine has.
func limits(g *spec.GPUPool) map[string]string {
	out := map[string]string{"nodes": strconv.FormatInt(g.Nodes.Max, 10)}
	if !shared(g) {
		out[g.Accelerator.Resource()] = strconv.FormatInt(g.Accelerator.Count*g.Nodes.Max, 10)
	}
	return out
}
