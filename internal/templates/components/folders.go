package components

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Folder is a folder below platform/ whose objects charts and clusters give a meaning
// to: an Application of its own deploys it, after the charts and before the pipelines.
type Folder struct {
	Name       string
	Namespaces []string // that its objects are in, beside the platform's own
	Cluster    []Kind   // of its objects that are in no namespace
}

// Kind is a kind of Kubernetes.
type Kind struct{ Group, Kind string }

// Folders lists those that a project has.
func Folders(p *spec.Project) []Folder {
	var out []Folder
	if synced := Synced(p); len(synced) > 0 {
		f := Folder{Name: "secrets"}
		for _, s := range synced {
			f.Namespaces = append(f.Namespaces, s.Sync.Namespaces...)
		}
		out = append(out, f)
	}
	if Queues(p) {
		out = append(out, Folder{Name: "queues", Cluster: []Kind{{"kueue.x-k8s.io", "ClusterQueue"}, {"kueue.x-k8s.io", "ResourceFlavor"}}})
	}
	if len(Provisioned(p)) > 0 {
		out = append(out, Folder{Name: "karpenter", Cluster: []Kind{{"karpenter.sh", "NodePool"}, {"karpenter.k8s.aws", "EC2NodeClass"}}})
	}
	if len(Shared(p)) > 0 {
		out = append(out, Folder{Name: "gpu-sharing", Namespaces: []string{GPUNamespace}})
	}
	if len(Mixed(p)) > 0 {
		out = append(out, Folder{Name: "cluster-autoscaler", Namespaces: []string{AutoscalerNamespace}})
	}
	return out
}

// Where systems run that a cluster must have already.
const (
	GPUNamespace        = "gpu-operator"
	AutoscalerNamespace = "kube-system"
)

// Synced are the secrets that External Secrets brings into namespaces.
func Synced(p *spec.Project) []*spec.Secret {
	return keep(p.Secrets, func(s *spec.Secret) bool {
		return s.Existing == "" && s.Sync != nil && len(s.Sync.Namespaces) > 0
	})
}

// Queues reports whether Kueue holds the platform's quotas: runs wait for them where
// queueing is on, and in a cluster without a cloud a pool is nothing but that.
func Queues(p *spec.Project) bool {
	return p.Platform.Queueing == "kueue" || (p.Platform.Cloud == "kubernetes" && len(p.GPUPools) > 0)
}

// Provisioned are the pools that Karpenter makes from this repository.
func Provisioned(p *spec.Project) []*spec.GPUPool {
	return keep(p.GPUPools, func(g *spec.GPUPool) bool { return g.Provisioned(p.Platform.Cloud) })
}

// Shared are the pools whose accelerators the device plugin in the cluster shares out.
// GKE does that itself.
func Shared(p *spec.Project) []*spec.GPUPool {
	return keep(p.GPUPools, func(g *spec.GPUPool) bool {
		return p.Platform.Cloud != "google" && (g.Sharing.Strategy == "time_slicing" || g.Sharing.Strategy == "mps")
	})
}

// Mixed are the pools of several groups of nodes between which Cluster Autoscaler
// chooses. On Google Cloud it is part of the service and takes the cheapest.
func Mixed(p *spec.Project) []*spec.GPUPool {
	return keep(p.GPUPools, func(g *spec.GPUPool) bool {
		cloud := p.Platform.Cloud
		return (cloud == "aws" || cloud == "azure") && !g.Provisioned(cloud) && len(g.Groups()) > 1
	})
}

func keep[T any](all []T, wanted func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !wanted(one) })
}
