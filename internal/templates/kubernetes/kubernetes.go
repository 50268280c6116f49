// Package kubernetes writes what every cluster knows by itself: namespaces, quotas,
// network policies, priorities, and the volumes that are buckets. It knows which
// namespace needs what; it knows nothing of the systems that run there. Facts: v1, batch/v1, networking.k8s.io/v1 and scheduling.k8s.io/v1
// as of Kubernetes 1.30, and the Pod Security Standards.
package kubernetes

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/base.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "kubernetes" }

const folder = "platform/base/"

// Render returns the files; those without an object are left out.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	w := writer{p: p, kustomization: kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization"}}
	w.yaml("namespaces.yaml", w.namespaces())
	w.yaml("priorityclasses.yaml", w.priorities())
	w.yaml("quotas.yaml", w.quotas(),
		"The namespace of training has the quota of the first environment. A quota counts the types of",
		"one resource together: which types are meant says the annotation mlops.dev/accelerators.")
	w.yaml("limits.yaml", w.limits())
	if n := p.Platform.Security.NetworkPolicies; n == nil || *n {
		w.yaml("networkpolicies.yaml", w.network(),
			"What no policy here allows is denied; policies add up, so one more allows more. Model servers",
			"are called from their own namespace and from namespaces with the label "+callers+"=true.")
	}
	if p.Platform.Cloud == "local" && len(p.Buckets) > 0 {
		w.yaml("storage.yaml", w.storage(),
			"A folder that the kubelet makes belongs to root. This Job gives the buckets' folders to the user",
			"of all other pods; it is the only one that runs as root and sees the node.")
	}
	w.yaml("volumes.yaml", w.volumes(), w.mounting()...)
	if p.Platform.Cloud == "local" || p.Platform.Cloud == "kubernetes" {
		w.yaml("retention.yaml", w.retention(),
			"Runs the lifecycle rules of buckets. A folder keeps no older versions, so rules for them find nothing.")
	}
	w.yaml("identities.yaml", w.identities())
	w.declarations()
	slices.Sort(w.kustomization.Resources)
	data, err := encode.YAML(w.kustomization)
	w.files = append(w.files, tree.File{Path: folder + "kustomization.yaml", Data: data})
	switch {
	case w.faults.Err() != nil:
		return nil, w.faults
	case w.err != nil:
		return nil, w.err
	}
	return w.files, err
}

// writer gathers files and everything that is wrong.
type writer struct {
	p             *spec.Project
	kustomization kustomization
	files         []tree.File
	faults        spec.Faults
	err           error
}

func (w *writer) yaml(name string, objects []any, comment ...string) {
	if len(objects) == 0 {
		return
	}
	data, err := encode.YAMLWith(encode.Options{Header: true, Comment: comment}, objects...)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: folder + name, Data: data})
	w.kustomization.Resources = append(w.kustomization.Resources, name)
}

// metadata is that of an object of the platform. namespace "" is for objects of the cluster.
func (w *writer) metadata(name, namespace string) metadata {
	return metadata{Name: name, Namespace: namespace, Labels: w.p.Labels(name), Annotations: w.p.Annotations()}
}

// workloads are the namespaces with pods: training first, then environments.
func (w *writer) workloads() []string {
	names := []string{w.p.TrainingNamespace()}
	for _, environment := range w.p.Platform.EnvironmentNames() {
		names = append(names, w.p.Namespace(environment))
	}
	return names
}

func (w *writer) namespaces() []any {
	var out []any
	for _, name := range append(w.workloads(), w.p.MonitoringNamespace()) {
		out = append(out, w.namespace(name, w.p.Platform.Security.PodSecurity))
	}
	return out
}

// namespace enforces a pinned version, so that an upgrade of the cluster stops no
// pod, and warns of the newest, so that it surprises nobody.
func (w *writer) namespace(name, level string) object {
	m := w.metadata(name, "")
	for _, mode := range []struct{ name, version string }{{"enforce", catalog.PodSecurityVersion}, {"audit", "latest"}, {"warn", "latest"}} {
		m.Labels["pod-security.kubernetes.io/"+mode.name] = level
		m.Labels["pod-security.kubernetes.io/"+mode.name+"-version"] = mode.version
	}
	return object{APIVersion: "v1", Kind: "Namespace", Metadata: m}
}

// priorities let a caller's pod take the place of a run's, and never the reverse.
func (w *writer) priorities() []any {
	class := func(name string, value int, preemption, text string) any {
		return priorityClass{
			APIVersion: "scheduling.k8s.io/v1", Kind: "PriorityClass", Metadata: w.metadata(name, ""),
			Value: value, Preemption: preemption, Description: text,
		}
	}
	return []any{
		class(w.p.ServingPriority(), 100000, "PreemptLowerPriority", "Model servers: somebody waits for their answer."),
		class(w.p.TrainingPriority(), 1000, "Never", "Runs of pipelines: they can wait."),
	}
}

// bounded lists the namespaces with a quota. Pipelines run under the first environment's.
func (w *writer) bounded(visit func(namespace string, q *spec.Quota)) {
	for i, environment := range w.p.Platform.EnvironmentNames() {
		q := w.p.Platform.Environments[environment].Quota
		if q == nil {
			continue
		}
		if i == 0 {
			visit(w.p.TrainingNamespace(), q)
		}
		visit(w.p.Namespace(environment), q)
	}
}

func (w *writer) quotas() []any {
	var out []any
	w.bounded(func(namespace string, q *spec.Quota) {
		hard := map[string]string{}
		for resource, amount := range map[string]spec.Quantity{"cpu": q.CPU, "memory": q.Memory} {
			if amount != "" {
				hard["requests."+resource] = amount.Canonical()
			}
		}
		m := w.metadata("quota", namespace)
		if len(q.Accelerators) > 0 {
			m.Annotations["mlops.dev/accelerators"] = accelerators(q.Accelerators, hard)
		}
		if len(hard) > 0 {
			out = append(out, resourceQuota{APIVersion: "v1", Kind: "ResourceQuota", Metadata: m, Spec: quotaSpec{hard}})
		}
	})
	return out
}

// accelerators bounds the resources that types are counted by: the sum of their
// types, and none of those that are not named. A ResourceQuota cannot tell types
// of one resource apart, so the text names them for the policy test and for people.
func accelerators(counts map[string]int64, hard map[string]string) string {
	sums, named := map[string]int64{}, []string{}
	for _, kind := range spec.AcceleratorTypes() {
		resource := spec.Accelerator{Type: kind}.Resource()
		sums[resource] += counts[kind]
		if n, there := counts[kind]; there {
			named = append(named, kind+"="+strconv.FormatInt(n, 10))
		}
	}
	for resource, n := range sums {
		hard["requests."+resource] = strconv.FormatInt(n, 10)
	}
	return strings.Join(named, ",")
}

// limits gives a request to every container without one, since a quota refuses such.
func (w *writer) limits() []any {
	var out []any
	w.bounded(func(namespace string, q *spec.Quota) {
		if q.CPU == "" && q.Memory == "" {
			return
		}
		item := limitItem{Type: "Container", DefaultRequest: map[string]string{"cpu": "100m", "memory": "256Mi"}}
		out = append(out, limitRange{APIVersion: "v1", Kind: "LimitRange", Metadata: w.metadata("defaults", namespace), Spec: limitSpec{[]limitItem{item}}})
	})
	return out
}

// The part of kustomize.config.k8s.io/v1beta1, v1 and scheduling.k8s.io/v1 this file writes, in output order.
type (
	kustomization struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Resources  []string `yaml:"resources"`
		Patches    []patch  `yaml:"patches,omitempty"`
	}
	patch struct {
		Target patchTarget `yaml:"target"`
		Patch  string      `yaml:"patch"`
	}
	patchTarget struct {
		Kind string `yaml:"kind"`
		Name string `yaml:"name"`
	}
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace,omitempty"`
		Labels      map[string]string `yaml:"labels,omitempty"`
		Annotations map[string]string `yaml:"annotations,omitempty"`
	}
	object struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
	}
	priorityClass struct {
		APIVersion  string   `yaml:"apiVersion"`
		Kind        string   `yaml:"kind"`
		Metadata    metadata `yaml:"metadata"`
		Value       int      `yaml:"value"`
		Preemption  string   `yaml:"preemptionPolicy"`
		Description string   `yaml:"description"`
	}
	resourceQuota struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		Spec       quotaSpec `yaml:"spec"`
	}
	quotaSpec struct {
		Hard map[string]string `yaml:"hard"`
	}
	limitRange struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		Spec       limitSpec `yaml:"spec"`
	}
	limitSpec struct {
		Limits []limitItem `yaml:"limits"`
	}
	limitItem struct {
		Type           string            `yaml:"type"`
		DefaultRequest map[string]string `yaml:"defaultRequest"`
	}
)
