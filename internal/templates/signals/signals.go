// Package signals says what can be measured of a project: the metrics of model
// servers by runtime, those of the monitor of an endpoint, and the PromQL that
// alerts and dashboards share. It knows metric names and labels; it knows nothing
// of rules, dashboards or of who draws them. Sources: MLServer 1.7.1 and KServe's
// Python servers, run and read; vLLM's instrumentator; Triton's metrics page;
// kube-state-metrics 2; OpenCost 1.120; Argo Workflows 4.0.
package signals

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// EndpointLabel is the target label that tells the series of one endpoint from
// those of another in its namespace.
const EndpointLabel = "mlops_endpoint"

// What the monitor of an endpoint exposes. The label column is a column of the
// served data, metric the name of a performance metric.
const (
	DriftShare  = "mlops_drift_share"                        // share of the compared columns that drifted
	ColumnDrift = "mlops_column_drift_score"                 // by column: a distance, or a p-value for ks and chisquare
	NullRatio   = "mlops_column_null_ratio"                  // by column
	Performance = "mlops_performance"                        // by metric
	Rows        = "mlops_monitor_rows"                       // rows of the current window
	LastRun     = "mlops_monitor_last_run_timestamp_seconds" // of the start of the collector before the first run
	Events      = "mlops_monitor_events_total"               // by type: request, response
	Refused     = "mlops_monitor_refused_events_total"
)

// DatasetDrift is the share of drifted columns at which Evidently calls a whole
// dataset drifted.
const DatasetDrift = "0.5"

// Select matches the series of one endpoint in one namespace.
func Select(namespace, endpoint string) string {
	return "namespace=" + strconv.Quote(namespace) + "," + EndpointLabel + "=" + strconv.Quote(endpoint)
}

// Server is what a model server exposes.
type Server struct {
	Port     int64 // where /metrics answers
	requests []series
	failures *series // nil: it does not count failed requests by themselves
	latency  *series // nil: it has no histogram
}

type series struct{ metric, matchers string }

func (s series) in(selector string) string {
	if s.matchers != "" {
		selector += "," + s.matchers
	}
	return s.metric + "{" + selector + "}"
}

// Of is the server of an endpoint. A custom server is expected to follow the
// names of prometheus-fastapi-instrumentator, with health checks left out.
func Of(e *spec.Endpoint) Server {
	switch e.Runtime {
	case "mlserver":
		// The counters also hold readiness probes, which are no traffic.
		const infer = `path=~".*/infer|/invocations"`
		return Server{
			Port:     8082, // 8080, which KServe's runtime annotates, answers 404
			requests: []series{{"rest_server_requests_total", infer}},
			failures: &series{"rest_server_requests_total", infer + `,status_code=~"5.."`},
			latency:  &series{"rest_server_request_duration_seconds_bucket", infer},
		}
	case "triton":
		failed := series{"nv_inference_request_failure", ""}
		return Server{Port: 8002, requests: []series{{"nv_inference_request_success", ""}, failed}, failures: &failed}
	case "vllm":
		return Server{
			Port:     8080,
			requests: []series{{"http_requests_total", `method="POST"`}},
			failures: &series{"http_requests_total", `method="POST",status="5xx"`},
			latency:  &series{"vllm:e2e_request_latency_seconds_bucket", ""},
		}
	case "custom":
		return Server{
			Port:     e.Custom.Port,
			requests: []series{{"http_requests_total", ""}},
			failures: &series{"http_requests_total", `status=~"5.*"`},
			latency:  &series{"http_request_duration_seconds_bucket", ""},
		}
	}
	return Server{ // sklearn, xgboost: KServe's own Python servers
		Port:     8080,
		requests: []series{{"request_predict_seconds_count", ""}},
		latency:  &series{"request_predict_seconds_bucket", ""},
	}
}

// Requests is the rate of answered requests per second.
func (s Server) Requests(selector, window string) string {
	var sums []string
	for _, r := range s.requests {
		sums = append(sums, "sum(rate("+r.in(selector)+"["+window+"]))")
	}
	if len(sums) == 1 {
		return sums[0]
	}
	// A counter that has not counted yet does not exist.
	for i := range sums {
		sums[i] = "(" + sums[i] + " or vector(0))"
	}
	return "(" + strings.Join(sums, " + ") + ")"
}

// CountsFailures reports whether failed requests are counted.
func (s Server) CountsFailures() bool { return s.failures != nil }

// Failures is the rate of failed requests per second.
func (s Server) Failures(selector, window string) string {
	return "(sum(rate(" + s.failures.in(selector) + "[" + window + "])) or vector(0))"
}

// ErrorRatio is the share of requests that failed; nothing without traffic.
func (s Server) ErrorRatio(selector, window string) string {
	return s.Failures(selector, window) + " / " + s.Requests(selector, window)
}

// HasLatency reports whether there is a histogram of durations.
func (s Server) HasLatency() bool { return s.latency != nil }

// Latency is a quantile of the duration of requests in seconds.
func (s Server) Latency(quantile, selector, window string) string {
	return "histogram_quantile(" + quantile + ", sum by (le) (rate(" + s.latency.in(selector) + "[" + window + "])))"
}

// RequestsBy is Requests of all endpoints that the selector matches, by labels.
func (s Server) RequestsBy(labels, selector, window string) string {
	sum := func(r series) string { return "sum by (" + labels + ") (rate(" + r.in(selector) + "[" + window + "]))" }
	first := sum(s.requests[0])
	out := first
	for _, r := range s.requests[1:] {
		// A counter that has not counted yet does not exist.
		out += " + (" + sum(r) + " or 0 * " + first + ")"
	}
	return "(" + out + ")"
}

// ErrorRatioBy is ErrorRatio of all endpoints that the selector matches and that
// have failed at least once, by labels.
func (s Server) ErrorRatioBy(labels, selector, window string) string {
	return "sum by (" + labels + ") (rate(" + s.failures.in(selector) + "[" + window + "])) / " + s.RequestsBy(labels, selector, window)
}

// Metrics lists the names of what the server exposes and alerts or dashboards use.
func (s Server) Metrics() []string {
	names := []string{"up"}
	for _, r := range s.requests {
		names = append(names, r.metric)
	}
	for _, r := range []*series{s.failures, s.latency} {
		if r != nil && !slices.Contains(names, r.metric) {
			names = append(names, r.metric)
		}
	}
	return names
}

// Deployment is the Deployment that KServe makes of an endpoint.
func Deployment(e *spec.Endpoint) string { return e.Name + "-predictor" }

// Monitored reports whether an endpoint has a monitor of its data.
func Monitored(e *spec.Endpoint) bool {
	m := e.Monitors
	return m != nil && (m.Drift != nil || m.Quality != nil || m.Performance != nil)
}

// Schedule is when the monitor of an endpoint compares data.
func Schedule(e *spec.Endpoint) string {
	if e.Monitors != nil && e.Monitors.Drift != nil {
		return e.Monitors.Drift.Schedule
	}
	return "0 * * * *"
}

// PValue reports whether a drift method scores with a p-value, where less means
// more drift.
func PValue(method string) bool { return method == "ks" || method == "chisquare" }

// HourlyCost is what the pods of a namespace cost in USD per hour, by the prices
// that OpenCost has of the nodes. A namespace without pods has none.
func HourlyCost(namespace string) string {
	return hourlyCost("{namespace=" + strconv.Quote(namespace) + "}")
}

// HourlyCostOf is HourlyCost of the pods whose names match a pattern.
func HourlyCostOf(namespace, pods string) string {
	return hourlyCost("{namespace=" + strconv.Quote(namespace) + ",pod=~" + strconv.Quote(pods) + "}")
}

func hourlyCost(in string) string {
	part := func(amount, price string) string {
		return "sum(" + amount + " * on (node) group_left () max by (node) (" + price + "))"
	}
	return part("container_cpu_allocation"+in, "node_cpu_hourly_cost") +
		" + (" + part("container_memory_allocation_bytes"+in+" / 1073741824", "node_ram_hourly_cost") + " or vector(0))" +
		" + (" + part("container_gpu_allocation"+in, "node_gpu_hourly_cost") + " or vector(0))"
}

// CostMetrics are what OpenCost exposes and HourlyCost reads.
var CostMetrics = []string{
	"container_cpu_allocation", "container_gpu_allocation", "container_memory_allocation_bytes",
	"node_cpu_hourly_cost", "node_gpu_hourly_cost", "node_ram_hourly_cost",
}

// CostRecord is the recorded HourlyCost, with the label environment.
const CostRecord = "mlops:environment_cost:usd_per_hour"

// HoursOfMonth turns a cost per hour into one per month.
const HoursOfMonth = "730"

// Decimal writes an exact number in the shortest decimal digits; it must have such.
func Decimal(r *big.Rat) string {
	text := r.FloatString(18)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// ErrorBudget is the share of requests that may fail.
func ErrorBudget(availability spec.Number) *big.Rat {
	left := new(big.Rat).Sub(big.NewRat(100, 1), availability.Rat())
	return left.Quo(left, big.NewRat(100, 1))
}

// Seconds is a bound in milliseconds as seconds.
func Seconds(milliseconds spec.Number) string {
	return Decimal(new(big.Rat).Quo(milliseconds.Rat(), big.NewRat(1000, 1)))
}
