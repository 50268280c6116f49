package spec

// Toleration lets a pod run on nodes that keep others away (v1 Toleration).
type Toleration struct {
	Key      string `json:"key"                yaml:"key"`
	Operator string `json:"operator"           yaml:"operator"`
	Value    string `json:"value,omitempty"    yaml:"value,omitempty"`
	Effect   string `json:"effect,omitempty"   yaml:"effect,omitempty"`
}

// Place says on which nodes a pod that asks for resources may run, in a pool when it
// names one. Both are empty for a pod that any node can take.
func (p *Project) Place(r *Resources, pool string) (nodeSelector map[string]string, tolerations []Toleration) {
	nodeSelector = map[string]string{}
	if pool != "" {
		nodeSelector["mlops.dev/pool"] = pool
	}
	if r == nil || r.Accelerator == nil {
		return nodeSelector, nil
	}
	nodeSelector["mlops.dev/accelerator"] = r.Accelerator.Type
	return nodeSelector, []Toleration{{Key: r.Accelerator.Resource(), Operator: "Exists", Effect: "NoSchedule"}}
}

// ServiceAccount is the name under which a pipeline's pods run in the training namespace.
func (p *Project) ServiceAccount(pl *Pipeline) string { return pl.Name }
