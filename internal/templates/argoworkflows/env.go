package argoworkflows

import (
	"maps"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

const programsImage = catalog.ProgramsImage

// env are the variables of a task. The first is the one that literal and value use: the
// kubelet expands only variables that stand before.
func (n node) env() []envVar {
	vars := map[string]envVar{}
	set := func(name, value string) {
		if _, taken := vars[name]; !taken {
			vars[name] = envVar{Name: name, Value: value}
		}
	}
	for name, text := range n.Env {
		set(name, n.expand(text))
	}
	for name, from := range n.Secrets {
		vars[name] = envVar{Name: name, ValueFrom: &envSource{SecretKeyRef: secretKeyRef{Name: n.p.SecretObject(from.Secret), Key: from.Key}}}
	}
	set("HOME", "/tmp") // the user of the pods has no home in a team's image
	if n.Program() {
		set("MLOPS_DATA_ROOT", root(n.p, n.pl))
		set("PYTHONDONTWRITEBYTECODE", "1")
		set("PYTHONPATH", "/opt/mlops")
	}
	if n.Role == taskgraph.Register {
		set("MLOPS_MODEL_STORE", root(n.p, n.pl)+"/models")
	}
	out := []envVar{{Name: brace, Value: "{"}}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, vars[name])
	}
	return out
}
