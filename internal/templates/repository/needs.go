package repository

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
)

// needsOf says what a cluster must have for what is written, beside what is deployed
// from here. It is nil when it needs nothing.
func needsOf(p *spec.Project) *needs {
	var out needs
	for _, g := range components.Provisioned(p) {
		if p.Platform.Cluster != nil {
			out.Karpenter = p.Platform.Cluster.Name
		}
		out.Repair = out.Repair || g.NodeRepair == nil || *g.NodeRepair
		out.Reserved = out.Reserved || g.Reservation != ""
	}
	if len(components.Shared(p)) > 0 {
		out.Sharing = p.Platform.Name + "-device-plugin"
	}
	out.Slices = p.Platform.Cloud != "google" && p.Platform.Cloud != "azure" && slices.ContainsFunc(p.GPUPools, func(g *spec.GPUPool) bool { return g.Sharing.Strategy == "mig" })
	out.Expander = len(components.Mixed(p)) > 0
	for _, s := range components.Synced(p) {
		if s.Store != nil && s.Store.Type == "vault" {
			out.Vault = s.Store.Address
		}
	}
	if components.Queues(p) && p.Platform.Packages["kueue"].Existing {
		out.Queue = p.TrainingNamespace()
	}
	if out == (needs{}) {
		return nil
	}
	return &out
}

// What README.md.tmpl says of a cluster; empty where it does not matter.
type needs struct {
	Karpenter string // the cluster
	Sharing   string // the configuration of the device plugin
	Vault     string // its address
	Queue     string // the namespace that Kueue must look after

	Repair, Reserved, Slices, Expander bool
}
