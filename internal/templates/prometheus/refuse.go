package prometheus

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// refuse reports what cannot be watched. Without Prometheus that is everything:
// no other system of this version measures an endpoint or a cost.
func refuse(p *spec.Project) spec.Faults {
	var faults spec.Faults
	for _, name := range p.Platform.EnvironmentNames() {
		at := spec.At("environments").Key(name).Attr("budget")
		switch o := p.Platform.Observability; {
		case p.Platform.Environments[name].Budget == nil:
		case !chosen(p):
			faults = append(faults, spec.Refuse(p.Platform, at, "nothing would watch it: add \"prometheus\" to observability.metrics, or leave it out"))
		case !slices.Contains(o.Cost, "opencost"):
			faults = append(faults, spec.Refuse(p.Platform, at, "Prometheus knows no prices: add \"opencost\" to observability.cost, or leave it out"))
		}
	}
	for _, e := range p.Endpoints {
		if !chosen(p) {
			faults = append(faults, unwatched(e)...)
			continue
		}
		faults = append(faults, refuseSLO(e)...)
		faults = append(faults, refuseMonitors(e)...)
		faults = append(faults, refuseReceivers(p, e)...)
	}
	return faults
}

func unwatched(e *spec.Endpoint) spec.Faults {
	var faults spec.Faults
	for _, s := range []struct {
		attr string
		set  bool
	}{{"slo", e.SLO != nil}, {"monitors", e.Monitors != nil}, {"alerts", e.Alerts != nil}} {
		if s.set {
			faults = append(faults, spec.Refuse(e, spec.At(s.attr), "nothing would watch it: add \"prometheus\" to the platform's observability.metrics, or leave it out"))
		}
	}
	return faults
}

func refuseSLO(e *spec.Endpoint) spec.Faults {
	if e.SLO == nil {
		return nil
	}
	var faults spec.Faults
	server := signals.Of(e)
	if e.SLO.Availability != "" && !server.CountsFailures() {
		faults = append(faults, spec.Refuse(e, spec.At("slo", "availability"), "the server of runtime %q does not count failed requests, so Prometheus cannot know its availability: use mlserver, triton or vllm, or leave it out", e.Runtime))
	}
	if e.SLO.LatencyP95Ms != "" && !server.HasLatency() {
		faults = append(faults, spec.Refuse(e, spec.At("slo", "latency_p95_ms"), "the server of runtime %q exports sums of durations and no histogram, so Prometheus cannot know a quantile: use mlserver, sklearn, xgboost or vllm, or leave it out", e.Runtime))
	}
	return faults
}

func refuseMonitors(e *spec.Endpoint) spec.Faults {
	if !signals.Monitored(e) || spec.CronGap(signals.Schedule(e)) > 0 {
		return nil
	}
	return spec.Faults{spec.Refuse(e, spec.At("monitors", "drift", "schedule"), "%q never comes round: write one that names days which exist", signals.Schedule(e))}
}
