package prometheus

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// observed is an endpoint in one environment while its rules are gathered.
type observed struct {
	group
	p           *spec.Project
	e           *spec.Endpoint
	environment string
	namespace   string
	selector    string // of the series of the endpoint
	series      string // the labels of those series, for tests
}

// endpointGroup gathers the rules of an endpoint in one environment.
func endpointGroup(p *spec.Project, e *spec.Endpoint, environment string) group {
	namespace := p.Namespace(environment)
	o := &observed{
		group: group{name: e.Name + "." + environment, at: 2 * time.Hour},
		p:     p, e: e, environment: environment, namespace: namespace, selector: signals.Select(namespace, e.Name),
	}
	o.series = o.selector
	o.replicas(e.In(environment).Replicas)
	o.traffic(signals.Of(e))
	if signals.Monitored(e) {
		o.monitor()
		o.drift()
		o.quality()
		o.performance()
	}
	return o.group
}

const (
	critical = "critical"
	warning  = "warning"
)

// pages is the severity of what hurts callers now: critical in the last
// environment, where the callers are.
func pages(p *spec.Project, environment string) string {
	names := p.Platform.EnvironmentNames()
	if environment == names[len(names)-1] {
		return critical
	}
	return warning
}

// alert adds an alert with the labels and annotations that all alerts of an
// endpoint carry.
func (o *observed) alert(a alert, severity, summary, description string) {
	own := map[string]string{
		"endpoint": o.e.Name, "environment": o.environment, "namespace": o.namespace,
		"owner": o.p.Platform.Owner, "platform": o.p.Platform.Name, "severity": severity,
	}
	a.labels = joined(a.labels, own)
	text := map[string]string{"summary": o.e.Name + " in " + o.environment + ": " + summary, "description": description}
	if o.e.Alerts != nil && o.e.Alerts.Runbook != "" {
		text["runbook_url"] = o.e.Alerts.Runbook
	}
	a.annotations = joined(a.annotations, text)
	o.alerts = append(o.alerts, a)
}

func (o *observed) pages() string { return pages(o.p, o.environment) }

// sample adds one series to the tests: its values when all is well, and when not.
func (o *observed) sample(series, healthy, broken string) {
	o.healthy = append(o.healthy, signals.Sample{Series: series, Values: healthy + "x120"})
	o.broken = append(o.broken, signals.Sample{Series: series, Values: broken + "x120"})
}

// replicas watches the pods. An endpoint whose model was never promoted has none,
// so the absence of pods alone is no alert.
func (o *observed) replicas(r *spec.Replicas) {
	up := "up{" + o.selector + ",container=\"kserve-container\"}"
	o.sample(up, "1", "0")
	o.alert(alert{
		name: "EndpointDown", wait: "5m",
		expr: "count(last_over_time(" + up + "[1d])) unless count(" + up + " == 1)",
	}, o.pages(), "no replica answers", "Replicas were seen within the last day, and none answers on its metrics port now.")

	labels := "{namespace=" + strconv.Quote(o.namespace) + ",deployment=" + strconv.Quote(signals.Deployment(o.e)) + "}"
	most := strconv.FormatInt(r.Max, 10)
	o.sample("kube_deployment_spec_replicas"+labels, "1", most)
	o.sample("kube_deployment_status_replicas_available"+labels, "1", "0")
	o.alert(alert{
		name: "EndpointReplicasNotReady", wait: "15m",
		expr: "max(kube_deployment_spec_replicas" + labels + ") > max(kube_deployment_status_replicas_available" + labels + ")",
	}, o.pages(), "replicas do not become ready", "Fewer replicas are available than are wanted: the model does not load, or there is no room for its pods.")
	if r.Max <= r.Min {
		return
	}
	o.sample("kube_deployment_status_replicas"+labels, strconv.FormatInt(r.Min, 10), most)
	o.alert(alert{
		name: "EndpointReplicasAtMax", wait: "1h",
		expr: "max(kube_deployment_status_replicas" + labels + ") >= " + most,
	}, warning, "no more replicas are allowed", "The endpoint has run with replicas.max = "+most+" for an hour: more traffic will slow it down.")
}

// traffic watches answers: their errors and how long they take.
func (o *observed) traffic(s signals.Server) {
	o.series += ",container=\"kserve-container\",pod=\"a\""
	slo := o.e.SLO
	if slo == nil {
		slo = &spec.SLO{}
	}
	fast, slow := "0.001", "1"
	if slo.LatencyP95Ms != "" {
		bound := slo.LatencyP95Ms.Float() / 1000
		fast, slow = float(bound/2), float(bound*2)
	}
	o.healthy = append(o.healthy, s.Samples(o.series, 0, fast)...)
	o.broken = append(o.broken, s.Samples(o.series, 100, slow)...)
	switch {
	case slo.Availability != "":
		o.errorBudget(s)
	case s.CountsFailures():
		o.alert(alert{name: "EndpointErrors", wait: "10m", expr: s.ErrorRatio(o.selector, "5m") + " > 0.05"},
			o.pages(), "more than 5 % of the requests fail", "The server answers requests with its own errors.")
	}
	if slo.LatencyP95Ms != "" {
		bound := signals.Seconds(slo.LatencyP95Ms)
		o.alert(alert{
			name: "EndpointLatency", wait: "5m",
			expr: s.Latency("0.95", o.selector, "1h") + " > " + bound + " and " + s.Latency("0.95", o.selector, "5m") + " > " + bound,
		}, o.pages(), "slower than its objective", "More than 5 % of the requests take longer than "+string(slo.LatencyP95Ms)+" ms, over the last hour and now.")
	}
}

func float(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// errorBudget records the share of failed requests over each window that the
// burn rates need, and alerts on them.
func (o *observed) errorBudget(s signals.Server) {
	recorded := map[int64]bool{}
	name := func(seconds int64) string { return "mlops:endpoint_error_ratio:rate" + duration(seconds) }
	read := func(seconds int64) string {
		return name(seconds) + "{namespace=" + strconv.Quote(o.namespace) + ",endpoint=" + strconv.Quote(o.e.Name) + "}"
	}
	for _, b := range burnsOf(o.e.SLO) {
		for _, seconds := range []int64{b.short, b.long} {
			if !recorded[seconds] {
				recorded[seconds] = true
				o.records = append(o.records, record{
					name: name(seconds), expr: s.ErrorRatio(o.selector, duration(seconds)),
					labels: map[string]string{"endpoint": o.e.Name, "environment": o.environment, "namespace": o.namespace},
				})
			}
		}
		severity, wait := warning, "1h"
		if b.page {
			severity, wait = o.pages(), "2m"
		}
		bound := signals.Decimal(b.bound(o.e.SLO))
		o.alert(alert{
			name: "EndpointErrorBudgetBurn", wait: wait, labels: map[string]string{"burn": b.factor, "window": duration(b.long)},
			expr: read(b.long) + " > " + bound + " and " + read(b.short) + " > " + bound,
		}, severity, "the error budget burns "+b.factor+" times too fast",
			fmt.Sprintf("The objective is %s %% of the requests over %s. More than %s of the requests failed over %s and over %s.",
				o.e.SLO.Availability, o.e.SLO.Window, bound, duration(b.long), duration(b.short)))
	}
}

// monitor watches what watches the data: a job that died raises nothing else.
func (o *observed) monitor() {
	last := signals.LastRun + "{" + o.selector + "}"
	o.healthy = append(o.healthy, signals.Sample{Series: last, Values: "0+60x120"})
	o.broken = append(o.broken, signals.Sample{Series: last, Values: "-1000000000x120"})
	gap := spec.CronGap(signals.Schedule(o.e))
	late := strconv.FormatInt(int64((2*gap+30*time.Minute)/time.Second), 10)
	o.alert(alert{name: "EndpointMonitorLate", wait: "5m", expr: "time() - max(" + last + ") > " + late},
		warning, "its data is not compared any more", "The monitor's job ("+signals.Schedule(o.e)+") has missed two runs: see the CronJob "+o.e.Name+"-monitor in "+o.namespace+".")
	o.alert(alert{name: "EndpointMonitorDown", wait: "30m", gone: true, expr: "absent(max(" + last + "))"},
		warning, "its monitor does not answer", "Nothing is known of its data: see the Deployment "+o.e.Name+"-monitor in "+o.namespace+".")
}

func (o *observed) drift() {
	d := o.e.Monitors.Drift
	if d == nil {
		return
	}
	retrain, what := map[string]string{}, ""
	if d.Retrain != "" {
		retrain["retrain_pipeline"] = d.Retrain
		what = " To retrain: argo submit -n " + o.p.TrainingNamespace() + " --from workflowtemplate/" + d.Retrain
	}
	o.sample(signals.DriftShare+"{"+o.selector+"}", "0", "1")
	o.alert(alert{
		name: "EndpointDataDrift", wait: "1m", annotations: retrain,
		expr: "max(" + signals.DriftShare + "{" + o.selector + "}) >= " + signals.DatasetDrift,
	}, o.pages(), "the served data has drifted", "At least half of the columns differ from dataset "+d.Dataset+" by "+d.Method+"."+what)

	fold, beyond, well, bad := "max", ">", "0", "1000000000"
	if signals.PValue(d.Method) {
		fold, beyond, well, bad = "min", "<", "1000000000", "0"
	}
	o.sample(signals.ColumnDrift+"{"+o.selector+",column=\"amount\"}", well, bad)
	o.alert(alert{
		name: "EndpointColumnDrift", wait: "1m", annotations: retrain, found: map[string]string{"column": "amount"},
		expr: fold + " by (column) (" + signals.ColumnDrift + "{" + o.selector + "}) " + beyond + " " + string(d.Threshold),
	}, warning, "a column has drifted", "Its "+d.Method+" against dataset "+d.Dataset+" is "+beyond+" "+string(d.Threshold)+"."+what)
}

func (o *observed) quality() {
	q := o.e.Monitors.Quality
	if q == nil || q.MaxNullRatio.Cmp("1") == 0 {
		return // all values may be missing
	}
	o.sample(signals.NullRatio+"{"+o.selector+",column=\"amount\"}", "0", "1")
	o.alert(alert{
		name: "EndpointNullRatio", wait: "1m", found: map[string]string{"column": "amount"},
		expr: "max by (column) (" + signals.NullRatio + "{" + o.selector + "}) > " + string(q.MaxNullRatio),
	}, o.pages(), "values are missing", "More than "+string(q.MaxNullRatio)+" of the served values of the column are missing.")
}

func (o *observed) performance() {
	m := o.e.Monitors.Performance
	if m == nil {
		return
	}
	fails := map[string]string{">=": "<", ">": "<=", "<=": ">", "<": ">="}[m.Op]
	well, bad := "1000000000", "-1000000000"
	if m.Op[0] == '<' {
		well, bad = bad, well
	}
	name := signals.Performance + "{" + o.selector + ",metric=" + strconv.Quote(m.Metric) + "}"
	o.sample(name, well, bad)
	o.alert(alert{name: "EndpointPerformance", wait: "1m", expr: "max(" + name + ") " + fails + " " + string(m.Threshold)},
		o.pages(), m.Metric+" is out of bounds", "With the labels of dataset "+m.Labels+", "+m.Metric+" is not "+m.Op+" "+string(m.Threshold)+".")
}
