package kueue

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// What no quota bounds still needs one: Kueue never lets in a pod that asks for a
// resource without. The numbers are in the API's canonical form.
const (
	plentyCPU    = "1M"
	plentyMemory = "1Pi"
)

// quotas says what stands in the queue.
func (w *writer) quotas() []string {
	out := []string{
		"Runs wait here until all they ask for is free. An accelerator's quota is what the pool has at its",
		"largest: count x nodes.max, and that many times more where pods share one.",
	}
	if q := w.quota(); q.CPU == "" || q.Memory == "" {
		out = append(out, "What environment "+w.first()+" sets no quota for is bounded by a number that nobody reaches.")
	}
	if w.p.Platform.Queueing != "kueue" {
		out = append(out, "Nothing waits yet: set queueing = \"kueue\" on the platform.")
	}
	return out
}

// first is the environment under whose quota pipelines run.
func (w *writer) first() string { return w.p.Platform.EnvironmentNames()[0] }

func (w *writer) quota() spec.Quota {
	if q := w.p.Platform.Environments[w.first()].Quota; q != nil {
		return *q
	}
	return spec.Quota{}
}

// clusterQueue has a group for cpu and memory, so that what needs no accelerator is not
// sent to a pool, and one for each kind of accelerator.
func (w *writer) clusterQueue() any {
	q, cpu, memory := w.quota(), plentyCPU, plentyMemory
	if q.CPU != "" {
		cpu = q.CPU.Canonical()
	}
	if q.Memory != "" {
		memory = q.Memory.Canonical()
	}
	groups := []resourceGroup{{
		Covered: []string{"cpu", "memory"},
		Flavors: []flavorQuotas{{Name: w.p.Platform.Name, Resources: []resourceQuota{{"cpu", cpu}, {"memory", memory}}}},
	}}
	for _, resource := range w.resources() {
		group := resourceGroup{Covered: []string{resource}}
		for _, g := range w.p.GPUPools {
			if g.Accelerator.Resource() == resource {
				group.Flavors = append(group.Flavors, flavorQuotas{Name: w.flavor(g), Resources: []resourceQuota{{resource, strconv.FormatInt(capacity(g), 10)}}})
			}
		}
		groups = append(groups, group)
	}
	return clusterQueue{
		APIVersion: apiVersion, Kind: "ClusterQueue", Metadata: w.metadata(w.p.Platform.Name, ""),
		Spec: clusterQueueSpec{
			Namespaces:  selector{map[string]string{"kubernetes.io/metadata.name": w.p.TrainingNamespace()}},
			Strategy:    "BestEffortFIFO",
			Groups:      groups,
			Fungibility: fungibility{WhenCanBorrow: "MayStopSearch", WhenCanPreempt: "TryNextFlavor"},
			Preemption:  preemption{Borrow: borrowing{Policy: "Never"}, Reclaim: "Never", Within: "Never"},
			StopPolicy:  "None",
		},
	}
}

// resources are those that the accelerators of pools are counted by.
func (w *writer) resources() (out []string) {
	for _, g := range w.p.GPUPools {
		out = append(out, g.Accelerator.Resource())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// capacity is how many accelerators, or parts of them, the nodes of a pool offer.
func capacity(g *spec.GPUPool) int64 {
	n := g.Accelerator.Count * g.Nodes.Max
	switch g.Sharing.Strategy {
	case "time_slicing", "mps":
		return n * g.Sharing.Replicas
	case "mig":
		return n * slices7(g.Sharing.Profile)
	}
	return n
}

// slices7 is how many parts of a profile one accelerator has at most. A profile begins
// with how many of the seven slices of computing a part takes; memory can make them
// fewer, and then a pod waits for the scheduler instead of the queue.
func slices7(profile string) int64 {
	each, _, _ := strings.Cut(profile, "g")
	n, err := strconv.ParseInt(each, 10, 64)
	if err != nil || n < 1 || n > 7 {
		return 1
	}
	return 7 / n
}
