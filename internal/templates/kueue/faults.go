package kueue

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// most is how many taints a ResourceFlavor has at most.
const most = 8

// faults are what Kueue cannot hold, and steps that it would never let start.
func faults(p *spec.Project) (out spec.Faults) {
	for _, g := range p.GPUPools {
		if n := len(g.Taints); n > most {
			out = append(out, spec.Refuse(g, spec.At("taints"), "Kueue takes %d of a pool, and these are %d: leave some out", most, n))
		}
	}
	for _, pl := range p.Pipelines {
		if p.Platform.Queueing != "kueue" || !taskgraph.Inside(p.Orchestrator(pl)) {
			continue
		}
		for _, name := range pl.StepNames() {
			s := pl.Steps[name]
			if s.Resources == nil || s.Resources.Accelerator == nil || s.Pool != "" || pooled(p, s.Resources.Accelerator.Type) {
				continue
			}
			at := spec.At("steps").Key(name).Attr("resources").Attr("accelerator")
			out = append(out, spec.Refuse(pl, at, "Kueue lets nothing start that asks for what no pool has, and none has %s: add an mlops_gpu_pool of that type, or set queueing = \"none\" on the platform", s.Resources.Accelerator.Type))
		}
	}
	return out
}

// pooled reports whether the nodes of a pool carry the label of a type of accelerator.
func pooled(p *spec.Project, accelerator string) bool {
	return slices.ContainsFunc(p.GPUPools, func(g *spec.GPUPool) bool {
		labels, _ := g.Place()
		return labels["mlops.dev/accelerator"] == accelerator
	})
}
