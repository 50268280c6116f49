package prometheus

import (
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// controller is the PodMonitor of Argo's controller, and so a part of its job label.
const controller = "argo-workflows.controller"

// podMonitorOf scrapes the pods of an endpoint. Not every runtime declares the
// port of its metrics, so the target is the container, with its port replaced.
func podMonitorOf(p *spec.Project, e *spec.Endpoint) podMonitor {
	return podMonitor{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Metadata: metadataOf(p, e.Name),
		Spec: podMonitorSpec{
			NamespaceSelector: namespaces{namespacesOf(p, e)},
			Selector:          selector{map[string]string{"serving.kserve.io/inferenceservice": e.Name}},
			Endpoints: []scrape{{
				Path: "/metrics", Interval: "30s",
				Relabelings: []relabeling{
					{Action: "keep", Source: []string{"__meta_kubernetes_pod_container_name"}, Regex: "kserve-container"},
					{Action: "replace", Source: []string{"__address__"}, Regex: `([^:]+|\[[^\]]+\])(?::\d+)?`, Target: "__address__", Replacement: "$1:" + strconv.FormatInt(signals.Of(e).Port, 10)},
					endpointLabel(e),
				},
			}},
		},
	}
}

func endpointLabel(e *spec.Endpoint) relabeling {
	return relabeling{Action: "replace", Target: signals.EndpointLabel, Replacement: e.Name}
}

// serviceMonitorOf scrapes the monitors of an endpoint's data.
func serviceMonitorOf(p *spec.Project, e *spec.Endpoint) serviceMonitor {
	name := e.Name + "-monitor"
	return serviceMonitor{
		APIVersion: "monitoring.coreos.com/v1", Kind: "ServiceMonitor", Metadata: metadataOf(p, name),
		Spec: serviceMonitorSpec{
			NamespaceSelector: namespaces{namespacesOf(p, e)},
			Selector:          selector{map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": p.Platform.Name}},
			Endpoints:         []scrape{{Port: "http", Path: "/metrics", Interval: "1m", Relabelings: []relabeling{endpointLabel(e)}}},
		},
	}
}

// controllerMonitor scrapes Argo's controller. Its series name the namespace of
// the workflow themselves, which must win over the namespace of the controller.
func controllerMonitor(p *spec.Project) podMonitor {
	return podMonitor{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Metadata: metadataOf(p, controller),
		Spec: podMonitorSpec{
			NamespaceSelector: namespaces{[]string{"argo"}},
			Selector:          selector{map[string]string{"app.kubernetes.io/name": "argo-workflows-workflow-controller"}},
			Endpoints:         []scrape{{Port: "metrics", Path: "/metrics", Interval: "30s", HonorLabels: true}},
		},
	}
}

func namespacesOf(p *spec.Project, e *spec.Endpoint) []string {
	var names []string
	for _, environment := range p.EnvironmentsOf(e) {
		names = append(names, p.Namespace(environment))
	}
	return names
}

// The part of monitoring.coreos.com/v1 this file writes, in output order.
type (
	podMonitor struct {
		APIVersion string         `yaml:"apiVersion"`
		Kind       string         `yaml:"kind"`
		Metadata   metadata       `yaml:"metadata"`
		Spec       podMonitorSpec `yaml:"spec"`
	}
	podMonitorSpec struct {
		NamespaceSelector namespaces `yaml:"namespaceSelector"`
		Selector          selector   `yaml:"selector"`
		Endpoints         []scrape   `yaml:"podMetricsEndpoints"`
	}
	serviceMonitor struct {
		APIVersion string             `yaml:"apiVersion"`
		Kind       string             `yaml:"kind"`
		Metadata   metadata           `yaml:"metadata"`
		Spec       serviceMonitorSpec `yaml:"spec"`
	}
	serviceMonitorSpec struct {
		NamespaceSelector namespaces `yaml:"namespaceSelector"`
		Selector          selector   `yaml:"selector"`
		Endpoints         []scrape   `yaml:"endpoints"`
	}
	namespaces struct {
		Names []string `yaml:"matchNames"`
	}
	selector struct {
		Labels map[string]string `yaml:"matchLabels"`
	}
	scrape struct {
		Port        string       `yaml:"port,omitempty"`
		Path        string       `yaml:"path"`
		Interval    string       `yaml:"interval"`
		HonorLabels bool         `yaml:"honorLabels,omitempty"`
		Relabelings []relabeling `yaml:"relabelings,omitempty"`
	}
	relabeling struct {
		Action      string   `yaml:"action"`
		Source      []string `yaml:"sourceLabels,omitempty"`
		Regex       string   `yaml:"regex,omitempty"`
		Target      string   `yaml:"targetLabel,omitempty"`
		Replacement string   `yaml:"replacement,omitempty"`
	}
)
