package kserve

import (
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// runtime is one model server of KServe: how to ask for it, how to tell that it
// works, and what its requests in flight are. %s stands for the endpoint's name in
// paths and for its series in queries; a query that is "" is one the server lacks.
type runtime struct {
	format, name, protocol string
	ready, live            string
	busy, queue            string // requests in flight, and waiting
	user                   int    // 0: the image's own, which is not root
	env                    []envVar
}

// runtimes are KServe v0.20.0's own (config/runtimes). Metrics were read where they
// are made: MLServer 1.7.1 and KServe's Python server from their source, Triton's
// and vLLM's from their documentation. Seconds spent per second are requests in
// flight (Little's law), which, unlike a gauge, misses nothing between two scrapes.
var runtimes = map[string]runtime{
	"mlserver": {
		format: "mlflow", name: "kserve-mlserver", protocol: "v2",
		// The server calls itself ready while it has no model at all; the model does not.
		ready: "/v2/models/%s/ready", live: "/v2/health/live",
		busy: `sum(rate(rest_server_request_duration_seconds_sum{%s,path=~".*/infer|/invocations"}[2m]))`,
	},
	"sklearn": python("sklearn", "kserve-sklearnserver"),
	"xgboost": python("xgboost", "kserve-xgbserver"),
	"triton": {
		format: "triton", name: "kserve-tritonserver", protocol: "v2", user: 1000,
		ready: "/v2/health/ready", live: "/v2/health/live",
		busy:  `sum(rate(nv_inference_request_duration_us{%s}[2m])) / 1e6`,
		queue: `sum(rate(nv_inference_queue_duration_us{%s}[2m])) / 1e6`,
	},
	"vllm": {
		// Its image runs as root unless told otherwise, and then has no home and no name.
		format: "vLLM", name: "kserve-vllmserver", user: 1000, env: []envVar{{"HOME", "/tmp"}, {"USER", "vllm"}},
		ready: "/v1/models", live: "/health",
		busy:  `sum(vllm:num_requests_running{%s}) + sum(vllm:num_requests_waiting{%s})`,
		queue: `sum(vllm:num_requests_waiting{%s})`,
	},
}

func python(format, name string) runtime {
	return runtime{
		format: format, name: name, protocol: "v2",
		ready: "/v2/models/%s/ready", live: "/v2/health/live",
		busy: `sum(rate(request_predict_seconds_sum{%s}[2m]))`,
	}
}

// servable refuses an endpoint whose server has no way to its model.
func (w *writer) servable(e *spec.Endpoint) bool {
	before := len(w.faults)
	r := w.p.Registry(string(w.p.Model(e.Model).Registry))
	switch {
	case w.p.ModelStore(e.Model) != nil:
	case e.Runtime != "mlserver":
		w.refuse(e, spec.At("runtime"), "KServe's server for %q reads a model from a bucket, and model %q has none: add an mlops_bucket to contains, or take \"mlserver\", which loads from the registry itself", e.Runtime, e.Model)
	case r == nil || r.MLflow == nil:
		w.refuse(e, spec.At("model"), "KServe reads model %q from a bucket or from MLflow, and it has neither: add an mlops_bucket to contains", e.Model)
	case strings.Contains(r.MLflow.TrackingURI, "{{"):
		w.refuse(r, spec.At("mlflow", "tracking_uri"), "%q holds {{, which KServe would run as a template", r.MLflow.TrackingURI)
	}
	for _, environment := range w.p.EnvironmentsOf(e) {
		w.scalable(e, environment)
	}
	return len(w.faults) == before
}
