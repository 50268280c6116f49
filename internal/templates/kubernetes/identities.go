package kubernetes

import (
	"maps"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// identities are the service accounts that pods run as. Their tokens are mounted only
// where a pod asks for one.
func (w *writer) identities() []any {
	var out []any
	for _, i := range w.p.Identities {
		if k := i.Subject.Kubernetes; k != nil {
			off := false
			m := w.metadata(k.ServiceAccount, k.Namespace)
			maps.Copy(m.Annotations, i.Annotations(w.p.Platform.Cloud))
			out = append(out, serviceAccount{APIVersion: "v1", Kind: "ServiceAccount", Metadata: m, Automount: &off})
		}
	}
	return out
}

// declarations are what reviewers should see although nothing applies it from here: the
// policy of each identity, and what the nodes of each pool must carry.
func (w *writer) declarations() {
	for _, i := range w.p.Identities {
		w.json("platform/identities/"+i.Name+".json", i.Policy())
	}
	for _, g := range w.p.GPUPools {
		w.json("platform/pools/"+g.Name+".json", w.pool(g))
	}
}

func (w *writer) json(name string, v any) {
	data, err := encode.JSON(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: name, Data: data})
}

// pool says which labels and taints the nodes of a pool carry, and how it grows.
func (w *writer) pool(g *spec.GPUPool) nodePool {
	labels, _ := g.Place()
	maps.Copy(labels, g.SharingLabels())
	maps.Copy(labels, g.Labels)
	return nodePool{
		Pool: g.Name, Accelerator: *g.Accelerator, InstanceType: g.InstanceType, Nodes: *g.Nodes, Capacity: g.Capacity,
		MaxHourlyPrice: string(g.MaxHourlyPrice), Sharing: *g.Sharing, Labels: labels, Taints: g.Taints,
	}
}

// The objects and files of this file, in output order.
type (
	serviceAccount struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Automount  *bool    `yaml:"automountServiceAccountToken"`
	}
	nodePool struct {
		Pool           string            `json:"pool"`
		Accelerator    spec.Accelerator  `json:"accelerator"`
		InstanceType   string            `json:"instance_type,omitempty"`
		Nodes          spec.Nodes        `json:"nodes"`
		Capacity       []string          `json:"capacity"`
		MaxHourlyPrice string            `json:"max_hourly_price,omitempty"`
		Sharing        spec.Sharing      `json:"sharing"`
		Labels         map[string]string `json:"labels"`
		Taints         []spec.Taint      `json:"taints"`
	}
)
