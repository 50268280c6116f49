package grafana

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// chosen stands for the namespace that the reader chooses.
const chosen = "$environment"

// endpointDashboard draws one endpoint in the environment that the reader chooses.
func endpointDashboard(p *spec.Project, e *spec.Endpoint) dashboard {
	var b board
	traffic(&b, e)
	resources(&b, e)
	if signals.Monitored(e) {
		data(&b, e)
	}
	if slices.Contains(p.Platform.Observability.Cost, "opencost") {
		cost(&b, e)
	}
	return newDashboard(p, e.Name, e.Name, b, environmentVariable(p, p.EnvironmentsOf(e)))
}

func traffic(b *board, e *spec.Endpoint) {
	s, selector := signals.Of(e), signals.Select(chosen, e.Name)
	slo := e.SLO
	if slo == nil {
		slo = &spec.SLO{}
	}
	b.row("Traffic")
	b.add(8, line("Requests", "reqps", query{"requests", s.Requests(selector, "5m")}))
	if s.CountsFailures() {
		errors := line("Failed requests", "percentunit", query{"failed", s.ErrorRatio(selector, "5m")})
		if slo.Availability != "" {
			errors = errors.bound(spec.Number(signals.Decimal(signals.ErrorBudget(slo.Availability))), false)
		}
		b.add(8, errors)
	}
	if s.HasLatency() {
		latency := line("Latency", "s",
			query{"p50", s.Latency("0.5", selector, "5m")}, query{"p95", s.Latency("0.95", selector, "5m")}, query{"p99", s.Latency("0.99", selector, "5m")})
		if slo.LatencyP95Ms != "" {
			latency = latency.bound(spec.Number(signals.Seconds(slo.LatencyP95Ms)), false).says("The line is the objective of p95.")
		}
		b.add(8, latency)
	}
	if slo.Availability != "" && s.CountsFailures() { // else target prometheus refuses it
		budget := signals.Decimal(signals.ErrorBudget(slo.Availability))
		b.add(8, line("Error budget left", "percentunit", query{"left", "1 - (" + s.ErrorRatio(selector, window(slo)) + ") / " + budget}).
			signed().bound("0", true).says("Of the requests of the last "+string(slo.Window)+", "+string(slo.Availability)+" % must succeed."))
	}
}

// window is an SLO's window as PromQL writes it.
func window(slo *spec.SLO) string { return strconv.FormatInt(slo.Window.Seconds(), 10) + "s" }

func resources(b *board, e *spec.Endpoint) {
	deployment := "{namespace=\"" + chosen + "\",deployment=" + strconv.Quote(signals.Deployment(e)) + "}"
	pods := "{namespace=\"" + chosen + "\",pod=~" + strconv.Quote(signals.Deployment(e)+"-.+")
	b.row("Replicas and resources")
	b.add(8, line("Replicas", "none",
		query{"wanted", "max(kube_deployment_spec_replicas" + deployment + ")"}, query{"available", "max(kube_deployment_status_replicas_available" + deployment + ")"}).
		bound(spec.Number(strconv.FormatInt(e.Replicas.Max, 10)), false).says("The line is replicas.max; an environment may override it."))
	b.add(8, line("CPU", "none",
		query{"{{pod}}", "sum by (pod) (rate(container_cpu_usage_seconds_total" + pods + ",container!=\"\"}[5m]))"},
		query{"requested", "max(kube_pod_container_resource_requests" + pods + ",container=\"kserve-container\",resource=\"cpu\"})"}))
	b.add(8, line("Memory", "bytes",
		query{"{{pod}}", "sum by (pod) (container_memory_working_set_bytes" + pods + ",container!=\"\"})"},
		query{"requested", "max(kube_pod_container_resource_requests" + pods + ",container=\"kserve-container\",resource=\"memory\"})"}))
	if e.Resources != nil && e.Resources.Accelerator != nil && strings.HasPrefix(e.Resources.Accelerator.Type, "nvidia-") {
		// NVIDIA's exporter names the pod in labels that a scrape may rename.
		renamed := "{exported_namespace=\"" + chosen + "\",exported_pod=~" + strconv.Quote(signals.Deployment(e)+"-.+") + "}"
		b.add(8, line("GPU", "percent", query{"used", "avg(DCGM_FI_DEV_GPU_UTIL" + pods + "} or DCGM_FI_DEV_GPU_UTIL" + renamed + ")"}).
			says("Needs NVIDIA's DCGM exporter, which comes with the GPU operator."))
	}
}

func data(b *board, e *spec.Endpoint) {
	selector := "{" + signals.Select(chosen, e.Name) + "}"
	b.row("Data")
	if d := e.Monitors.Drift; d != nil {
		b.add(8, line("Drifted columns", "percentunit", query{"share", "max(" + signals.DriftShare + selector + ")"}).bound(signals.DatasetDrift, false).
			says("Share of the columns that differ from dataset "+d.Dataset+"."))
		fold, below := "max", false
		if signals.PValue(d.Method) {
			fold, below = "min", true
		}
		b.add(8, line("Drift by column ("+d.Method+")", "none", query{"{{column}}", fold + " by (column) (" + signals.ColumnDrift + selector + ")"}).bound(d.Threshold, below))
	}
	nulls := line("Missing values", "percentunit", query{"{{column}}", "max by (column) (" + signals.NullRatio + selector + ")"})
	if q := e.Monitors.Quality; q != nil {
		nulls = nulls.bound(q.MaxNullRatio, false)
	}
	b.add(8, nulls)
	if m := e.Monitors.Performance; m != nil {
		name := signals.Performance + "{" + signals.Select(chosen, e.Name) + ",metric=" + strconv.Quote(m.Metric) + "}"
		b.add(8, line("Performance", "none", query{m.Metric, "max(" + name + ")"}).signed().bound(m.Threshold, strings.HasPrefix(m.Op, ">")).
			says("Computed with the labels of dataset "+m.Labels+" that have arrived."))
	}
	b.add(4, stat("Rows compared", "none", query{"rows", "max(" + signals.Rows + selector + ")"}))
	b.add(4, stat("Last comparison", "s", query{"ago", "time() - max(" + signals.LastRun + selector + ")"}))
	b.add(8, line("Logged events", "reqps", query{"{{type}}", "sum by (type) (rate(" + signals.Events + selector + "[5m]))"}, query{"refused", "sum(rate(" + signals.Refused + selector + "[5m]))"}))
}

func cost(b *board, e *spec.Endpoint) {
	b.row("Cost")
	hourly := signals.HourlyCostOf(chosen, signals.Deployment(e)+"-.+")
	b.add(8, line("Cost per hour", "currencyUSD", query{"USD per hour", hourly}))
	b.add(4, stat("A month at this rate", "currencyUSD", query{"USD per month", "(" + hourly + ") * " + signals.HoursOfMonth}))
}
