package spec

import (
	"fmt"
	"strings"
)

// Queue is the queue in which runs wait for their turn, where queueing is on.
func (p *Project) Queue() string { return "training" }

// RunLabels are those of the pods of runs: unlike other objects they wait in the queue.
func (p *Project) RunLabels(name string) map[string]string {
	labels := p.Labels(name)
	if p.Platform.Queueing == "kueue" {
		labels["kueue.x-k8s.io/queue-name"] = p.Queue()
	}
	return labels
}

// Unshareable says why pods cannot share an accelerator, or "".
func (s *Sharing) Unshareable(a *Accelerator) string {
	if s == nil || s.Strategy == "" || s.Strategy == "none" || a.Resource() == nvidia {
		return ""
	}
	return fmt.Sprintf("%s is for accelerators of NVIDIA, not for %s: leave it out", s.Strategy, a.Type)
}

// SharingLabels are those by which the device plugin of NVIDIA finds how pods share the
// accelerators of the pool's nodes: the entry of its configuration, or the slices.
func (g *GPUPool) SharingLabels() map[string]string {
	switch s := g.Sharing; {
	case s == nil:
	case s.Strategy == "time_slicing", s.Strategy == "mps":
		return map[string]string{"nvidia.com/device-plugin.config": g.Name}
	case s.Strategy == "mig":
		return map[string]string{"nvidia.com/mig.config": "all-" + strings.ReplaceAll(s.Profile, "+", ".")}
	}
	return map[string]string{}
}
