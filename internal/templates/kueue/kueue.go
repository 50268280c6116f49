// Package kueue writes the queue in which runs wait for accelerators: a flavour for each
// pool, the platform's quota over them, and the queue of the training namespace
// (kueue.x-k8s.io/v1beta2); and the values of Kueue's chart. It knows pools and quotas,
// and nothing of the pods: these carry the label of spec.Project.RunLabels. Facts: the
// definitions and the chart of Kueue v0.19.2.
package kueue

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/queues, and platform/kueue/values.yaml where the chart is
// deployed from here.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "kueue" }

const folder = "platform/queues/"

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if !components.Queues(p) {
		return nil, nil
	}
	if err := faults(p).Err(); err != nil {
		return nil, err
	}
	w := writer{p: p}
	w.out.Commented(folder+"queues.yaml", w.quotas(), w.clusterQueue(), w.localQueue())
	w.out.Commented(folder+"flavors.yaml", []string{
		"What takes a flavour's quota is sent to the nodes of its pool, and may run on them. The flavour",
		p.Platform.Name + " is for cpu and memory, on any node.",
	}, w.flavors()...)
	w.out.Kustomization(folder, "flavors.yaml", "queues.yaml")
	if components.Deploys(p, "kueue") {
		values, err := chartValues(p)
		if err != nil {
			return nil, err
		}
		w.out.YAML("platform/kueue/values.yaml", values)
	}
	return w.out.Files()
}

type writer struct {
	p   *spec.Project
	out outcome.Outcome
}

func (w *writer) metadata(name, namespace string) metadata {
	return metadata{Name: name, Namespace: namespace, Labels: w.p.Labels(name), Annotations: w.p.Annotations()}
}

// flavor is the name of a pool's flavour: flavours belong to the whole cluster.
func (w *writer) flavor(g *spec.GPUPool) string { return w.p.Platform.Name + "-" + g.Name }

func (w *writer) flavors() []any {
	out := []any{resourceFlavor{APIVersion: apiVersion, Kind: "ResourceFlavor", Metadata: w.metadata(w.p.Platform.Name, "")}}
	for _, g := range w.p.GPUPools {
		labels, _ := g.Place()
		f := flavorSpec{NodeLabels: labels, Tolerations: w.tolerations(g)}
		for _, t := range g.Taints {
			f.NodeTaints = append(f.NodeTaints, taint(t))
		}
		out = append(out, resourceFlavor{APIVersion: apiVersion, Kind: "ResourceFlavor", Metadata: w.metadata(w.flavor(g), ""), Spec: f})
	}
	return out
}

// tolerations let pods onto nodes that stay free of all others for their accelerators or
// their price. A taint of the user's own is for pods that name the pool, which tolerate
// it themselves.
func (w *writer) tolerations(g *spec.GPUPool) []toleration {
	out := []toleration{{Key: g.Accelerator.Resource(), Operator: "Exists", Effect: "NoSchedule"}}
	if w.p.Platform.Cloud == "azure" && slices.Contains(g.Capacity, "spot") {
		out = append(out, toleration(spec.SpotOnAzure))
	}
	return out
}

func (w *writer) localQueue() any {
	return localQueue{
		APIVersion: apiVersion, Kind: "LocalQueue", Metadata: w.metadata(w.p.Queue(), w.p.TrainingNamespace()),
		Spec: localQueueSpec{ClusterQueue: w.p.Platform.Name, StopPolicy: "None"},
	}
}
