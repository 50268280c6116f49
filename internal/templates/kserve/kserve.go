// Package kserve writes the InferenceServices of the endpoints: what is the same
// everywhere in a base, what an environment decides in an overlay, and the pinned
// model version by a kustomize replacement. It knows KServe's servers and what
// they measure; it knows nothing of rules, dashboards, drift or network policies.
// Facts: serving.kserve.io/v1beta1 and its webhooks in KServe v0.20.0, policy/v1,
// kustomize.config.k8s.io/v1beta1.
package kserve

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes one base per endpoint and one overlay per environment of it.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "kserve" }

// Render returns the files, or all settings that KServe cannot express.
func (t Target) Render(p *spec.Project) ([]tree.File, error) {
	if p.Platform.Serving != t.Name() || len(p.Endpoints) == 0 {
		return nil, nil
	}
	w := writer{p: p}
	if components.Deploys(p, t.Name()) {
		w.yaml("platform/kserve/values.yaml", chartValues())
	}
	for _, e := range p.Endpoints {
		w.endpoint(e)
	}
	if err := w.faults.Err(); err != nil {
		return nil, err
	}
	return w.files, w.err
}

// writer gathers files, everything that is refused, and the first error.
type writer struct {
	p      *spec.Project
	files  []tree.File
	faults spec.Faults
	err    error
}

func (w *writer) yaml(path string, doc any) {
	data, err := encode.YAML(doc)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: path, Data: data})
}

func (w *writer) refuse(s spec.Spec, at spec.Path, format string, args ...any) {
	w.faults = append(w.faults, spec.Refuse(s, at, format, args...))
}

func (w *writer) endpoint(e *spec.Endpoint) {
	if !w.servable(e) {
		return
	}
	folder := "endpoints/" + e.Name + "/"
	w.yaml(folder+"base/kustomization.yaml", kustomization{
		APIVersion: kustomizeVersion, Kind: "Kustomization", Resources: []string{"inferenceservice.yaml"},
	})
	w.yaml(folder+"base/inferenceservice.yaml", w.base(e))
	for _, environment := range w.p.EnvironmentsOf(e) {
		w.overlay(folder+"overlays/"+environment+"/", e.In(environment), environment)
	}
}

// overlay writes what one environment decides. e is the endpoint as it runs there.
func (w *writer) overlay(folder string, e *spec.Endpoint, environment string) {
	k := kustomization{
		APIVersion: kustomizeVersion, Kind: "Kustomization", Namespace: w.p.Namespace(environment),
		Resources: []string{"../../base", "../../../../models/" + e.Model},
		Patches:   []patch{{Path: "inferenceservice.yaml"}},
	}
	for _, field := range []struct{ pinned, at string }{{"data.uri", w.modelField(e)}, {"data.stop", stopField}} {
		k.Replacements = append(k.Replacements, replacement{
			Source:  source{Kind: "ConfigMap", Name: e.Model + "-" + environment, FieldPath: field.pinned},
			Targets: []target{{Select: selected{Kind: "InferenceService", Name: e.Name}, FieldPaths: []string{field.at}}},
		})
	}
	if e.Replicas.Min > 1 {
		k.Resources = append(k.Resources, "poddisruptionbudget.yaml")
		w.yaml(folder+"poddisruptionbudget.yaml", w.budget(e, environment))
	}
	w.yaml(folder+"kustomization.yaml", k)
	w.yaml(folder+"inferenceservice.yaml", w.patch(e, environment))
}

// budget lets a drained node take one replica at a time.
func (w *writer) budget(e *spec.Endpoint, environment string) disruptionBudget {
	return disruptionBudget{
		APIVersion: "policy/v1", Kind: "PodDisruptionBudget",
		Metadata: metadata{Name: e.Name, Namespace: w.p.Namespace(environment), Labels: w.p.Labels(e.Name), Annotations: w.p.Annotations()},
		Spec:     disruptionSpec{MaxUnavailable: 1, UnhealthyPods: "AlwaysAllow", Selector: predictorPods(e)},
	}
}

const (
	kustomizeVersion = "kustomize.config.k8s.io/v1beta1"
	stopField        = `metadata.annotations.serving\.kserve\.io/stop`
)

// The part of kustomize.config.k8s.io/v1beta1 and policy/v1 this package writes, in output order.
type (
	kustomization struct {
		APIVersion   string        `yaml:"apiVersion"`
		Kind         string        `yaml:"kind"`
		Namespace    string        `yaml:"namespace,omitempty"`
		Resources    []string      `yaml:"resources"`
		Patches      []patch       `yaml:"patches,omitempty"`
		Replacements []replacement `yaml:"replacements,omitempty"`
	}
	patch struct {
		Path string `yaml:"path"`
	}
	replacement struct {
		Source  source   `yaml:"source"`
		Targets []target `yaml:"targets"`
	}
	source struct {
		Kind      string `yaml:"kind"`
		Name      string `yaml:"name"`
		FieldPath string `yaml:"fieldPath"`
	}
	target struct {
		Select     selected `yaml:"select"`
		FieldPaths []string `yaml:"fieldPaths"`
	}
	selected struct {
		Kind string `yaml:"kind"`
		Name string `yaml:"name"`
	}

	disruptionBudget struct {
		APIVersion string         `yaml:"apiVersion"`
		Kind       string         `yaml:"kind"`
		Metadata   metadata       `yaml:"metadata"`
		Spec       disruptionSpec `yaml:"spec"`
	}
	disruptionSpec struct {
		MaxUnavailable int           `yaml:"maxUnavailable"`
		UnhealthyPods  string        `yaml:"unhealthyPodEvictionPolicy"`
		Selector       labelSelector `yaml:"selector"`
	}
	labelSelector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace,omitempty"`
		Labels      map[string]string `yaml:"labels,omitempty"`
		Annotations map[string]string `yaml:"annotations,omitempty"`
	}
)
