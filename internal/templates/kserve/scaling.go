package kserve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// scales reports whether the number of replicas may change.
func scales(e *spec.Endpoint) bool { return e.Replicas.Min < e.Replicas.Max }

// scalable refuses a metric that the endpoint's server does not have.
func (w *writer) scalable(base *spec.Endpoint, environment string) {
	e, at := base.In(environment), spec.At("autoscaling")
	if base.Environments[environment].Autoscaling != nil {
		at = spec.At("environments").Key(environment).Attr("autoscaling")
	}
	a := e.Autoscaling
	switch {
	case !scales(e):
	case a.Metric == "cpu" && !a.Target.Rat().IsInt():
		w.refuseOnce(base, at.Attr("target"), "KEDA compares cpu with whole percents only, and %s is none", a.Target)
	case a.Metric == "gpu_utilization" && !nvidia(e):
		w.refuseOnce(base, at.Attr("metric"), "NVIDIA's DCGM exporter is what measures gpu_utilization, and the endpoint asks for no NVIDIA accelerator in environment %q: set resources.accelerator, or another metric", environment)
	case a.Metric != "cpu" && w.query(e, environment) == "":
		w.refuseOnce(base, at.Attr("metric"), "%s tells Prometheus nothing about %s: take cpu, or prometheus with a query of your own%s", serverOf(e), a.Metric, others(e))
	}
}

// refuseOnce says the same of a setting only once, whatever number of environments have it.
func (w *writer) refuseOnce(e *spec.Endpoint, at spec.Path, format string, args ...any) {
	known := func(f spec.Fault) bool { return f.Name == e.Name && f.Path.String() == at.String() }
	if !slices.ContainsFunc(w.faults, known) {
		w.refuse(e, at, format, args...)
	}
}

func serverOf(e *spec.Endpoint) string {
	if e.Runtime == "custom" {
		return "a custom server"
	}
	return fmt.Sprintf("KServe's server for %q", e.Runtime)
}

func others(e *spec.Endpoint) string {
	if e.Runtime == "custom" {
		return ""
	}
	return ", or rps or concurrency"
}

func nvidia(e *spec.Endpoint) bool {
	return e.Resources != nil && e.Resources.Accelerator != nil && e.Resources.Accelerator.Resource() == "nvidia.com/gpu"
}

// query is what Prometheus is asked. KEDA divides the answer by the number of
// replicas, so it is a sum over the pods of the endpoint. "" is: cannot be asked.
func (w *writer) query(e *spec.Endpoint, environment string) string {
	namespace, form := w.p.Namespace(environment), ""
	switch r := runtimes[e.Runtime]; e.Autoscaling.Metric {
	case "prometheus":
		return e.Autoscaling.Prometheus.Query
	case "gpu_utilization":
		// The exporter names the pod that uses a GPU; by which label depends on how it is scraped.
		const util = `DCGM_FI_DEV_GPU_UTIL{exported_namespace=%[1]q,exported_pod=~%[2]q} or DCGM_FI_DEV_GPU_UTIL{namespace=%[1]q,pod=~%[2]q}`
		query := fmt.Sprintf("sum("+util+")", namespace, signals.Deployment(e)+"-[^-]+-[^-]+")
		if n := e.Resources.Accelerator.Count; n > 1 {
			query += fmt.Sprintf(" / %d", n)
		}
		return query
	case "rps":
		if e.Runtime != "custom" {
			return signals.Of(e).Requests(signals.Select(namespace, e.Name), "2m")
		}
	case "concurrency":
		form = r.busy
	case "queue_depth":
		form = r.queue
	}
	if form == "" {
		return ""
	}
	return strings.ReplaceAll(form, "%s", signals.Select(namespace, e.Name))
}

// scaling is nil where the number of replicas is fixed. KServe makes the
// ScaledObject from it, so none is written beside.
func (w *writer) scaling(e *spec.Endpoint, environment string) *autoScaling {
	a := e.Autoscaling
	switch {
	case !scales(e):
		return nil
	case a.Metric == "cpu":
		return &autoScaling{Metrics: []metric{{Type: "Resource", Resource: &resourceMetric{
			Name: "cpu", Target: metricTarget{Type: "Utilization", AverageUtilization: a.Target.Rat().Num().Int64()},
		}}}}
	}
	return &autoScaling{Metrics: []metric{{Type: "External", External: &externalMetric{
		Metric: externalSource{Backend: "prometheus", ServerAddress: catalog.PrometheusURL, Query: w.query(e, environment)},
		Target: metricTarget{Type: "Value", Value: string(a.Target)},
	}}}}
}

func scalerClass(e *spec.Endpoint) string {
	if scales(e) {
		return "keda"
	}
	return "none"
}
