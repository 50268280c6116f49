package spec

import "slices"

// Toleration lets a pod run on nodes that keep others away (v1 Toleration).
type Toleration struct {
	Key      string `json:"key"                yaml:"key"`
	Operator string `json:"operator"           yaml:"operator"`
	Value    string `json:"value,omitempty"    yaml:"value,omitempty"`
	Effect   string `json:"effect,omitempty"   yaml:"effect,omitempty"`
}

// Place says on which nodes a pod that asks for resources may run: in a pool when it
// names one. Both are empty for a pod that any node can take.
func (p *Project) Place(r *Resources, pool string) (nodeSelector map[string]string, tolerations []Toleration) {
	nodeSelector, tolerations = place(r, p.Pool(pool))
	if g := p.Pool(pool); g != nil && p.Platform.Cloud == "azure" && slices.Contains(g.Capacity, "spot") {
		tolerations = append(tolerations, SpotOnAzure)
	}
	return nodeSelector, tolerations
}

// SpotOnAzure is for the taint that AKS puts on every spot node by itself.
var SpotOnAzure = Toleration{Key: "kubernetes.azure.com/scalesetpriority", Operator: "Equal", Value: "spot", Effect: "NoSchedule"}

// Place is for a pod that takes the accelerators of the pool's nodes.
func (g *GPUPool) Place() (nodeSelector map[string]string, tolerations []Toleration) {
	return place(&Resources{Accelerator: g.Accelerator}, g)
}

func place(r *Resources, g *GPUPool) (nodeSelector map[string]string, tolerations []Toleration) {
	nodeSelector = map[string]string{}
	if r != nil && r.Accelerator != nil {
		nodeSelector["mlops.dev/accelerator"] = r.Accelerator.Type
		tolerations = []Toleration{{Key: r.Accelerator.Resource(), Operator: "Exists", Effect: "NoSchedule"}}
	}
	if g == nil {
		return nodeSelector, tolerations
	}
	nodeSelector["mlops.dev/pool"] = g.Name
	if g.Model != "" && nodeSelector["mlops.dev/accelerator"] != "" {
		nodeSelector["mlops.dev/accelerator"] = g.Model
	}
	for _, taint := range g.Taints {
		t := Toleration{Key: taint.Key, Operator: "Equal", Value: taint.Value, Effect: taint.Effect}
		covered := func(have Toleration) bool {
			return have.Key == t.Key && have.Operator == "Exists" && have.Effect == t.Effect
		}
		if !slices.ContainsFunc(tolerations, covered) {
			tolerations = append(tolerations, t)
		}
	}
	return nodeSelector, tolerations
}

// ServiceAccount is the name under which a pipeline's pods run in the training
// namespace: that of its identity, or the pipeline's own.
func (p *Project) ServiceAccount(pl *Pipeline) string {
	if i := p.Identity(pl.Identity); i != nil && i.Subject != nil && i.Subject.Kubernetes != nil {
		return i.Subject.Kubernetes.ServiceAccount
	}
	return pl.Name
}

// SecretObject is the Kubernetes Secret that a reference to a secret reads.
func (p *Project) SecretObject(name string) string {
	if s := p.Secret(name); s != nil {
		return s.Object()
	}
	return name
}
