// Package grafana writes a dashboard for each endpoint and one for the platform, as
// Grafana's classic JSON (schemaVersion 42) in ConfigMaps that the sidecar of
// kube-prometheus-stack reads. It draws what package signals can measure; it knows
// no rules. Kustomize's generator makes the ConfigMaps, so that the dashboards stay
// files that can be read and imported by hand.
package grafana

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes dashboards.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "grafana" }

// Render returns one dashboard for each endpoint and one for the platform. Target
// prometheus lists their folders.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	o := p.Platform.Observability
	if !slices.Contains(o.Dashboards, "grafana") {
		return nil, nil
	}
	if !slices.Contains(o.Metrics, "prometheus") {
		return nil, spec.Faults{spec.Refuse(p.Platform, spec.At("observability", "dashboards"), "Grafana draws what Prometheus has scraped: add \"prometheus\" to observability.metrics, or leave dashboards empty")}
	}
	var files []tree.File
	for _, e := range p.Endpoints {
		more, err := dashboardFiles(p, e.Name, e.Name, endpointDashboard(p, e))
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	more, err := dashboardFiles(p, "_platform", p.Platform.Name+".platform", platformDashboard(p))
	return append(files, more...), err
}

// dashboardFiles is a dashboard and the list that makes it a ConfigMap. No endpoint
// can have the names of the platform's: an underscore, a dot.
func dashboardFiles(p *spec.Project, folder, name string, d dashboard) ([]tree.File, error) {
	data, err := encode.JSON(d)
	if err != nil {
		return nil, err
	}
	labels, annotations := p.Labels(name), p.Annotations()
	labels["grafana_dashboard"] = "1"
	annotations["grafana_folder"] = p.Platform.Name
	list, err := encode.YAML(kustomization{
		APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Namespace: p.MonitoringNamespace(),
		// The sidecar puts all dashboards of a folder into one directory, so the key must be unique.
		Generators: []generator{{Name: name + "-dashboard", Files: []string{folder + ".json=dashboard.json"}}},
		Options:    options{Labels: labels, Annotations: annotations},
	})
	folder = "monitoring/" + folder + "/dashboards/"
	return []tree.File{{Path: folder + "dashboard.json", Data: data}, {Path: folder + "kustomization.yaml", Data: list}}, err
}

// uid is the stable identity of a dashboard, of at most 40 characters. An underscore
// is in no name, so no two pairs of names give one text.
func uid(p *spec.Project, name string) string {
	const most, hash = 40, 8
	id := p.Platform.Name + "_" + name
	if len(id) > most {
		id = id[:most-hash-1] + "_" + spec.Hash(id)[:hash]
	}
	return id
}

// The part of kustomize.config.k8s.io/v1beta1 this package writes, in output order.
type (
	kustomization struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Namespace  string      `yaml:"namespace"`
		Generators []generator `yaml:"configMapGenerator"`
		Options    options     `yaml:"generatorOptions"`
	}
	generator struct {
		Name  string   `yaml:"name"`
		Files []string `yaml:"files"`
	}
	options struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
)
