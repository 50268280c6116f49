package spec

import (
	"slices"
	"strings"
)

// Endpoint is a monitored model server.
type Endpoint struct {
	Name         string                      `json:"name"`
	Model        string                      `json:"model" ref:"registered_model"`
	Runtime      string                      `json:"runtime"`
	Custom       *Custom                     `json:"custom,omitempty"`
	Resources    *Resources                  `json:"resources,omitempty"`
	Pool         string                      `json:"pool,omitempty" ref:"gpu_pool"`
	Replicas     *Replicas                   `json:"replicas"`
	Autoscaling  *Autoscaling                `json:"autoscaling"`
	Rollout      *Rollout                    `json:"rollout"`
	Fallback     *Fallback                   `json:"fallback,omitempty"`
	Shadow       *Shadow                     `json:"shadow,omitempty"`
	SLO          *SLO                        `json:"slo,omitempty"`
	Monitors     *Monitors                   `json:"monitors,omitempty"`
	Alerts       *Alerts                     `json:"alerts,omitempty"`
	Access       *Access                     `json:"access,omitempty"`
	Environments map[string]EndpointOverride `json:"environments,omitempty"`
}

// Custom is the team's own server.
type Custom struct {
	Image   string   `json:"image"`
	Port    int64    `json:"port"`
	Command []string `json:"command,omitempty"`
}

// Replicas bounds the number of pods.
type Replicas struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// Autoscaling says what the number of replicas follows.
type Autoscaling struct {
	Metric      string           `json:"metric"`
	Target      Number           `json:"target"`
	Prometheus  *PrometheusQuery `json:"prometheus,omitempty"`
	ScaleToZero bool             `json:"scale_to_zero,omitempty"`
}

// PrometheusQuery is a PromQL expression.
type PrometheusQuery struct {
	Query string `json:"query"`
}

// Rollout says how a new version takes over.
type Rollout struct {
	Strategy string        `json:"strategy"`
	Steps    []RolloutStep `json:"steps,omitempty"`
	Analysis []Analysis    `json:"analysis,omitempty"`
	Rollback *bool         `json:"rollback"`
}

// RolloutStep is a share of traffic in percent and how long it stays.
type RolloutStep struct {
	Weight int64    `json:"weight"`
	Pause  Duration `json:"pause,omitempty"`
}

// Analysis is a condition that a new version must keep while it takes over.
type Analysis struct {
	Metric    string `json:"metric"`
	Op        string `json:"op"`
	Threshold Number `json:"threshold"`
}

// Fallback answers when the model does not: another model or a fixed answer.
type Fallback struct {
	Model  string            `json:"model,omitempty" ref:"registered_model"`
	Static map[string]string `json:"static,omitempty"`
}

// Shadow is a model that gets a copy of the traffic and whose answers are dropped.
type Shadow struct {
	Model   string `json:"model" ref:"registered_model"`
	Percent int64  `json:"percent"`
}

// SLO is what callers may expect over a window.
type SLO struct {
	Availability Number   `json:"availability,omitempty"`
	LatencyP95Ms Number   `json:"latency_p95_ms,omitempty"`
	Window       Duration `json:"window"`
}

// Monitors watch the data that flows through an endpoint.
type Monitors struct {
	Drift       *DriftMonitor       `json:"drift,omitempty"`
	Quality     *QualityMonitor     `json:"quality,omitempty"`
	Performance *PerformanceMonitor `json:"performance,omitempty"`
}

// DriftMonitor compares served data with a reference dataset.
type DriftMonitor struct {
	Dataset   string `json:"dataset" ref:"dataset"`
	Method    string `json:"method"`
	Threshold Number `json:"threshold"`
	Schedule  string `json:"schedule"`
	Retrain   string `json:"retrain,omitempty" ref:"pipeline"`
}

// QualityMonitor bounds the share of missing values in served data.
type QualityMonitor struct {
	MaxNullRatio Number `json:"max_null_ratio"`
}

// PerformanceMonitor compares answers with labels that arrive later.
type PerformanceMonitor struct {
	Metric    string `json:"metric"`
	Op        string `json:"op"`
	Threshold Number `json:"threshold"`
	Labels    string `json:"labels" ref:"dataset"`
}

// Alerts says who is told and what to read.
type Alerts struct {
	Receivers []string `json:"receivers,omitempty"`
	Runbook   string   `json:"runbook,omitempty"`
}

// Access says who may call.
type Access struct {
	Callers []string `json:"callers,omitempty"`
	Public  bool     `json:"public,omitempty"`
}

// EndpointOverride changes an endpoint for one environment.
type EndpointOverride struct {
	Replicas    *Replicas    `json:"replicas,omitempty"`
	Resources   *Resources   `json:"resources,omitempty"`
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`
}

// Kind is KindEndpoint.
func (*Endpoint) Kind() Kind { return KindEndpoint }

// ID is the endpoint's name.
func (e *Endpoint) ID() string { return e.Name }

func (e *Endpoint) complete() {
	or(&e.Runtime, "mlserver")
	if e.Replicas == nil {
		e.Replicas = &Replicas{}
		e.Replicas.preset()
	}
	if e.Autoscaling == nil {
		e.Autoscaling = &Autoscaling{}
	}
	e.Autoscaling.complete()
	if e.Rollout == nil {
		e.Rollout = &Rollout{}
	}
	or(&e.Rollout.Strategy, "rolling")
	if e.Rollout.Rollback == nil {
		e.Rollout.Rollback = ptr(true)
	}
	if e.SLO != nil && e.SLO.Window == "" {
		e.SLO.Window = "30d"
	}
	if e.Monitors != nil && e.Monitors.Drift != nil {
		d := e.Monitors.Drift
		or(&d.Method, "psi")
		or(&d.Schedule, "0 * * * *")
		if d.Threshold == "" {
			d.Threshold = "0.2"
		}
	}
	for _, o := range e.Environments {
		if o.Autoscaling != nil {
			or(&o.Autoscaling.Metric, e.Autoscaling.Metric)
			if o.Autoscaling.Target == "" && o.Autoscaling.Metric == e.Autoscaling.Metric {
				o.Autoscaling.Target = e.Autoscaling.Target
			}
			o.Autoscaling.complete()
		}
	}
}

func (r *Replicas) preset() { r.Min, r.Max = 1, 3 }

func (s *Shadow) preset() { s.Percent = 100 }

func (a *Autoscaling) complete() {
	or(&a.Metric, "concurrency")
	if a.Target == "" {
		a.Target = map[string]Number{"cpu": "80", "gpu_utilization": "80"}[a.Metric]
	}
	if a.Target == "" {
		a.Target = "10"
	}
}

func (e *Endpoint) checkValues(c *checker) {
	c.host(At("name"), e.Name, 40)
	c.choice(At("runtime"), "runtime", e.Runtime)
	c.resources(At("resources"), e.Resources)
	c.replicas(At("replicas"), e.Replicas)
	e.Autoscaling.check(c, At("autoscaling"))
	e.checkRollout(c, At("rollout"))
	if e.Custom != nil {
		if c.required(At("custom", "image"), e.Custom.Image) {
			c.image(At("custom", "image"), e.Custom.Image)
		}
		c.secretArgs(At("custom", "command"), e.Custom.Command)
		if e.Custom.Port < 1 || e.Custom.Port > 65535 {
			c.fault(At("custom", "port"), "%d must be from 1 to 65535", e.Custom.Port)
		}
	}
	if e.Fallback != nil {
		c.later(At("fallback"), "a fallback needs a mesh, and no mesh is supported by this version of the provider yet; leave it out")
	}
	if e.Shadow != nil {
		c.later(At("shadow"), "a shadow needs a mesh, and no mesh is supported by this version of the provider yet; leave it out")
	}
	if e.Access != nil {
		c.later(At("access"), "access control needs a mesh, and no mesh is supported by this version of the provider yet; leave it out")
	}
	e.checkSLO(c)
	e.checkMonitors(c)
	e.checkAlerts(c)
	for _, name := range sorted(e.Environments) {
		at, o := At("environments").Key(name), e.Environments[name]
		c.replicas(at.Attr("replicas"), o.Replicas)
		c.resources(at.Attr("resources"), o.Resources)
		if o.Autoscaling != nil {
			o.Autoscaling.check(c, at.Attr("autoscaling"))
		}
	}
}

func (c *checker) replicas(at Path, r *Replicas) {
	if r == nil {
		return
	}
	switch {
	case r.Min < 0:
		c.fault(at.Attr("min"), "%d must not be negative", r.Min)
	case r.Min == 0:
		c.later(at.Attr("min"), "0 needs autoscaling = \"knative\", which is not supported by this version of the provider yet: a scaler that counts requests cannot wake a stopped endpoint")
	case r.Max < 1 || r.Max > 1000:
		c.fault(at.Attr("max"), "%d must be from 1 to 1000", r.Max)
	case r.Max < r.Min:
		c.fault(at.Attr("max"), "%d is below min %d", r.Max, r.Min)
	}
}

func (a *Autoscaling) check(c *checker, at Path) {
	c.choice(at.Attr("metric"), "autoscale", a.Metric)
	if a.Target.Rat().Sign() <= 0 {
		c.fault(at.Attr("target"), "%s must be above zero", a.Target)
	}
	if (a.Metric == "cpu" || a.Metric == "gpu_utilization") && a.Target.Cmp("100") > 0 && c.knows(at.Attr("metric")) {
		c.fault(at.Attr("target"), "%s must be a percentage from 1 to 100", a.Target)
	}
	if (a.Metric == "prometheus") != (a.Prometheus != nil) && c.knows(at.Attr("metric")) && c.knows(At("autoscaling", "metric")) {
		c.misplaced(at.Attr("prometheus"), "goes with metric = \"prometheus\", and only with it")
	}
	if a.Prometheus != nil {
		c.required(at.Attr("prometheus").Attr("query"), a.Prometheus.Query)
	}
	if a.ScaleToZero {
		c.later(at.Attr("scale_to_zero"), "a scaler that counts requests cannot wake a stopped endpoint: only autoscaling = \"knative\" can, which is not supported by this version of the provider yet")
	}
}

func (e *Endpoint) checkRollout(c *checker, at Path) {
	r := e.Rollout
	c.choice(at.Attr("strategy"), "rollout", r.Strategy)
	if r.Strategy == "rolling" && (len(r.Steps) > 0 || len(r.Analysis) > 0) {
		c.fault(at.Attr("strategy"), "steps and analysis belong to \"canary\"; \"rolling\" replaces one pod after the other")
	}
	if r.Strategy == "rolling" && r.Rollback != nil && !*r.Rollback && c.knows(at.Attr("strategy")) {
		c.fault(at.Attr("rollback"), "\"rolling\" keeps the old pods until the new ones are ready, always: leave rollback out")
	}
	last := int64(0)
	for i, s := range r.Steps {
		if s.Weight <= last || s.Weight > 100 {
			c.fault(at.Attr("steps").Index(i).Attr("weight"), "%d must be above the step before it (%d) and at most 100", s.Weight, last)
		}
		last = max(last, s.Weight)
		c.duration(at.Attr("steps").Index(i).Attr("pause"), s.Pause)
	}
	for i, a := range r.Analysis {
		here := at.Attr("analysis").Index(i)
		if c.required(here.Attr("metric"), a.Metric) {
			c.choice(here.Attr("metric"), "analysis", a.Metric)
		}
		c.bound(here, a.Op, a.Threshold)
	}
}

// bound checks a comparison with one threshold.
func (c *checker) bound(at Path, op string, threshold Number) {
	if c.required(at.Attr("op"), op) {
		c.choice(at.Attr("op"), "op", op)
	}
	if op == "between" {
		c.fault(at.Attr("op"), "\"between\" belongs to gates: compare with one threshold")
	}
	c.required(at.Attr("threshold"), string(threshold))
}

func (e *Endpoint) checkSLO(c *checker) {
	if e.SLO == nil {
		return
	}
	at := At("slo")
	if e.SLO.Availability == "" && e.SLO.LatencyP95Ms == "" && c.knows(at.Attr("availability"), at.Attr("latency_p95_ms")) {
		c.misplaced(at, "promises nothing: set availability or latency_p95_ms")
	}
	if e.SLO.Availability != "" && (e.SLO.Availability.Rat().Sign() <= 0 || e.SLO.Availability.Cmp("100") >= 0) {
		c.fault(at.Attr("availability"), "%s must be a percentage above 0 and below 100", e.SLO.Availability)
	}
	if e.SLO.LatencyP95Ms != "" && e.SLO.LatencyP95Ms.Rat().Sign() <= 0 {
		c.fault(at.Attr("latency_p95_ms"), "%s must be above zero", e.SLO.LatencyP95Ms)
	}
	c.duration(at.Attr("window"), e.SLO.Window)
	if s := e.SLO.Window.Seconds(); s != 0 && (s < 24*3600 || s > 90*24*3600) {
		c.fault(at.Attr("window"), "%s must be from 1d to 90d", e.SLO.Window)
	}
}

func (e *Endpoint) checkMonitors(c *checker) {
	if e.Monitors == nil {
		return
	}
	if d := e.Monitors.Drift; d != nil {
		at := At("monitors", "drift")
		c.required(at.Attr("dataset"), d.Dataset)
		c.choice(at.Attr("method"), "drift_method", d.Method)
		c.cron(at.Attr("schedule"), d.Schedule)
		if d.Threshold.Rat().Sign() <= 0 {
			c.fault(at.Attr("threshold"), "%s must be above zero", d.Threshold)
		}
	}
	if q := e.Monitors.Quality; q != nil && (q.MaxNullRatio == "" || q.MaxNullRatio.Rat().Sign() < 0 || q.MaxNullRatio.Cmp("1") > 0) {
		c.fault(At("monitors", "quality", "max_null_ratio"), "must be from 0 to 1")
	}
	if p := e.Monitors.Performance; p != nil {
		at := At("monitors", "performance")
		c.metric(at.Attr("metric"), p.Metric)
		c.required(at.Attr("labels"), p.Labels)
		c.bound(at, p.Op, p.Threshold)
	}
}

func (e *Endpoint) checkAlerts(c *checker) {
	if e.Alerts == nil {
		return
	}
	for i, r := range e.Alerts.Receivers {
		kind, target, ok := strings.Cut(r, ":")
		if !ok || target == "" || !slices.Contains([]string{"slack", "email", "pagerduty", "webhook"}, kind) {
			c.fault(At("alerts", "receivers").Index(i), "%q must be slack:#channel, email:address, pagerduty:SERVICE or webhook:NAME; keys and addresses with keys come from a secret", r)
		}
	}
	if r := e.Alerts.Runbook; r != "" && !strings.HasPrefix(r, "https://") && !strings.HasPrefix(r, "http://") {
		c.fault(At("alerts", "runbook"), "%q must be a web address", r)
	}
}

func (e *Endpoint) checkWhole(c *checker) {
	c.required(At("model"), e.Model)
	if (e.Runtime == "custom") != (e.Custom != nil) && c.knows(At("runtime")) {
		c.misplaced(At("custom"), "goes with runtime = \"custom\", and only with it")
	}
}

// In is e as it runs in one environment: the overrides applied.
func (e *Endpoint) In(environment string) *Endpoint {
	o, there := e.Environments[environment]
	if !there {
		return e
	}
	in := *e
	if o.Replicas != nil {
		in.Replicas = o.Replicas
	}
	if o.Resources != nil {
		in.Resources = o.Resources
	}
	if o.Autoscaling != nil {
		in.Autoscaling = o.Autoscaling
	}
	return &in
}
