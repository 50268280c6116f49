// Package gpusharing writes how the device plugin of NVIDIA shares accelerators among
// pods: one entry for each pool with time slicing or MPS. It knows the plugin's
// configuration; it knows nothing of the operator that runs the plugin, nor of slices
// (MIG), which the operator cuts by a label of the nodes. Facts: api/config/v1 of
// NVIDIA/k8s-device-plugin.
package gpusharing

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/gpu-sharing.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "gpusharing" }

const (
	folder = "platform/gpu-sharing/"
	// other is the entry of nodes that belong to no pool here: without it the plugin
	// would take the only entry there is for all nodes.
	other = "default"
)

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	pools := components.Shared(p)
	if len(pools) == 0 {
		return nil, nil
	}
	if faults := refused(p, pools); faults.Err() != nil {
		return nil, faults
	}
	data := map[string]string{}
	for _, g := range pools {
		text, err := encode.YAMLWith(encode.Options{}, configOf(g))
		if err != nil {
			return nil, err
		}
		data[g.Name] = string(text)
	}
	text, err := encode.YAMLWith(encode.Options{}, config{Version: "v1"})
	if err != nil {
		return nil, err
	}
	data[other] = string(text)
	var out outcome.Outcome
	out.Commented(folder+"config.yaml", comment(p, pools), configMap{
		APIVersion: "v1", Kind: "ConfigMap", Data: data,
		Metadata: metadata{Name: name(p), Namespace: components.GPUNamespace, Labels: p.Labels(name(p)), Annotations: p.Annotations()},
	})
	out.Kustomization(folder, "config.yaml")
	return out.Files()
}

func name(p *spec.Project) string { return p.Platform.Name + "-device-plugin" }

func comment(p *spec.Project, pools []*spec.GPUPool) []string {
	out := []string{
		"The GPU operator reads this with devicePlugin.config.name = " + name(p) + " and default = " + other + ".",
		"Nodes take the entry that their label nvidia.com/device-plugin.config names: that of their pool.",
	}
	slices := false
	for _, g := range pools {
		slices = slices || g.Sharing.Strategy == "time_slicing"
	}
	if slices {
		out = append(out,
			"Time slicing has no isolation of memory: pods that share an accelerator can take all of it from",
			"each other, and what one of them breaks stops the others. Only pods that trust each other share.")
	}
	return out
}

func configOf(g *spec.GPUPool) config {
	shared := &replicated{FailGreaterThanOne: true, Resources: []resource{{g.Accelerator.Resource(), g.Sharing.Replicas}}}
	if g.Sharing.Strategy == "mps" {
		return config{Version: "v1", Sharing: &sharing{MPS: shared}}
	}
	return config{Version: "v1", Sharing: &sharing{TimeSlicing: shared}}
}

// refused are pools that cannot be shared, and workloads that ask for several shares:
// two shares are no more than one, and can be of one accelerator.
func refused(p *spec.Project, pools []*spec.GPUPool) (out spec.Faults) {
	shared := map[string]bool{}
	for _, g := range pools {
		shared[g.Name] = true
		if why := g.Sharing.Unshareable(g.Accelerator); why != "" {
			out = append(out, spec.Refuse(g, spec.At("sharing"), "%s", why))
		}
		if g.Name == other {
			out = append(out, spec.Refuse(g, spec.At("name"), "%q is the entry of nodes that belong to no pool: call a pool that is shared otherwise", other))
		}
	}
	const why = "the pods of pool %q get a share of one accelerator, and cannot ask for %d: set count = 1, or a pool with sharing = { strategy = \"none\" }"
	for _, pl := range p.Pipelines {
		for _, name := range pl.StepNames() {
			if s := pl.Steps[name]; shared[s.Pool] && several(s.Resources) {
				out = append(out, spec.Refuse(pl, spec.At("steps").Key(name).Attr("resources").Attr("accelerator").Attr("count"), why, s.Pool, s.Resources.Accelerator.Count))
			}
		}
	}
	for _, e := range p.Endpoints {
		if shared[e.Pool] && several(e.Resources) {
			out = append(out, spec.Refuse(e, spec.At("resources", "accelerator", "count"), why, e.Pool, e.Resources.Accelerator.Count))
		}
	}
	return out
}

func several(r *spec.Resources) bool {
	return r != nil && r.Accelerator != nil && r.Accelerator.Count > 1
}

// The objects and the configuration that this package writes, in output order.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	configMap struct {
		APIVersion string            `yaml:"apiVersion"`
		Kind       string            `yaml:"kind"`
		Metadata   metadata          `yaml:"metadata"`
		Data       map[string]string `yaml:"data"`
	}
	config struct {
		Version string   `yaml:"version"`
		Sharing *sharing `yaml:"sharing,omitempty"`
	}
	sharing struct {
		TimeSlicing *replicated `yaml:"timeSlicing,omitempty"`
		MPS         *replicated `yaml:"mps,omitempty"`
	}
	replicated struct {
		RenameByDefault    bool       `yaml:"renameByDefault"`
		FailGreaterThanOne bool       `yaml:"failRequestsGreaterThanOne"`
		Resources          []resource `yaml:"resources"`
	}
	resource struct {
		Name     string `yaml:"name"`
		Replicas int64  `yaml:"replicas"`
	}
)
