// Package prometheus writes what watches a project: rules with their unit tests,
// the monitors that scrape endpoints, where alerts go, and the values of the
// chart that runs it all. It writes monitoring.coreos.com/v1 (PrometheusRule,
// PodMonitor, ServiceMonitor), v1alpha1 (AlertmanagerConfig), plain rule files
// and promtool's tests; the types are those of prometheus-operator v0.85 and
// later, the values those of kube-prometheus-stack 88. It knows no runtime's
// metrics: those are facts of package signals.
package prometheus

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes rules, monitors and the values of kube-prometheus-stack.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "prometheus" }

// Render returns the files of every endpoint and of the platform. The platform's
// folder has an underscore and its objects a dot, so that no endpoint has their names.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if faults := refuse(p); len(faults) > 0 {
		return nil, faults
	}
	if !chosen(p) {
		return nil, nil
	}
	w := writer{p: p}
	for _, e := range p.Endpoints {
		w.endpoint(e)
	}
	w.platform()
	for _, c := range components.Of(p) {
		if c.Package == "prometheus" {
			w.add("platform/"+c.Name+"/values.yaml", encode.Options{Header: true, Comment: valuesComment(p)}, values(p))
		}
	}
	return w.files, w.err
}

func chosen(p *spec.Project) bool {
	return slices.Contains(p.Platform.Observability.Metrics, "prometheus")
}

// writer gathers files and the first error.
type writer struct {
	p     *spec.Project
	files []tree.File
	err   error
}

func (w *writer) add(path string, o encode.Options, v any) {
	data, err := encode.YAMLWith(o, v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: path, Data: data})
}

func (w *writer) yaml(path string, v any) { w.add(path, encode.Options{Header: true}, v) }

func (w *writer) endpoint(e *spec.Endpoint) {
	folder := "monitoring/" + e.Name + "/"
	resources := []string{"prometheusrule.yaml", "podmonitor.yaml"}
	var groups []group
	for _, environment := range w.p.EnvironmentsOf(e) {
		groups = append(groups, endpointGroup(w.p, e, environment))
	}
	w.rules(folder, e.Name, groups, pace{series: "1m", evaluation: "5m"})
	w.yaml(folder+"podmonitor.yaml", podMonitorOf(w.p, e))
	if signals.Monitored(e) {
		resources = append(resources, "servicemonitor.yaml")
		w.yaml(folder+"servicemonitor.yaml", serviceMonitorOf(w.p, e))
	}
	if e.Alerts != nil && len(e.Alerts.Receivers) > 0 {
		resources = append(resources, "alertmanagerconfig.yaml")
		w.add(folder+"alertmanagerconfig.yaml", encode.Options{Header: true, Comment: secretComment(w.p, e)}, alertmanagerConfigOf(w.p, e))
	}
	if slices.Contains(argoevents.Endpoints(w.p), e.Name) {
		resources = append(resources, "retrain.yaml")
		w.yaml(folder+"retrain.yaml", retrainConfigOf(w.p, e))
	}
	w.kustomization(folder, resources)
}

func (w *writer) platform() {
	groups := append(budgetGroups(w.p), pipelineGroups(w.p)...)
	var resources []string
	const folder = "monitoring/_platform/"
	if len(groups) > 0 {
		resources = append(resources, "prometheusrule.yaml")
		// Schedules and budgets move slowly, and their tests run for months.
		w.rules(folder, w.p.Platform.Name+".platform", groups, pace{series: "1h", evaluation: "1h"})
	}
	if slices.ContainsFunc(w.p.Pipelines, func(pl *spec.Pipeline) bool { return w.p.Orchestrator(pl) == argo }) {
		resources = append(resources, "podmonitor.yaml")
		w.yaml(folder+"podmonitor.yaml", controllerMonitor(w.p))
	}
	if len(resources) > 0 || drawn(w.p) {
		w.kustomization(folder, resources)
	}
}

// kustomization lists what lies in a folder; dashboards are another target's.
func (w *writer) kustomization(folder string, resources []string) {
	if drawn(w.p) {
		resources = append(resources, "dashboards")
	}
	w.yaml(folder+"kustomization.yaml", kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Resources: resources})
}

func drawn(p *spec.Project) bool {
	return slices.Contains(p.Platform.Observability.Dashboards, "grafana")
}

// pace is how often tests sample series and evaluate rules.
type pace struct{ series, evaluation string }

// rules writes groups three times: as the object that a cluster reads, as the
// plain file that promtool reads, and as the tests of every alert.
func (w *writer) rules(folder, name string, groups []group, tests pace) {
	var plain ruleFile
	for _, g := range groups {
		plain.Groups = append(plain.Groups, g.rules())
	}
	w.yaml(folder+"rules.yaml", plain)
	w.yaml(folder+"rules_test.yaml", testFile{RuleFiles: []string{"rules.yaml"}, Interval: tests.evaluation, Tests: testsOf(groups, tests.series)})
	w.yaml(folder+"prometheusrule.yaml", prometheusRule{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Metadata: w.metadata(name), Spec: plain,
	})
}

func (w *writer) metadata(name string) metadata { return metadataOf(w.p, name) }

func metadataOf(p *spec.Project, name string) metadata {
	return metadata{Name: name, Namespace: p.MonitoringNamespace(), Labels: p.Labels(name), Annotations: p.Annotations()}
}

// The part of kustomize.config.k8s.io/v1beta1 and of monitoring.coreos.com/v1 this
// package writes, in output order; the spec of a PrometheusRule is a rule file.
type (
	kustomization struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Resources  []string `yaml:"resources"`
	}
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	prometheusRule struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       ruleFile `yaml:"spec"`
	}
)
