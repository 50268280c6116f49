package spec

import (
	"net/url"
	"slices"
	"strings"
)

// Platform is one ML platform and its choices.
type Platform struct {
	Name          string                 `json:"name"`
	Owner         string                 `json:"owner"`
	Cloud         string                 `json:"cloud"`
	Region        string                 `json:"region,omitempty"`
	Cluster       *Cluster               `json:"cluster,omitempty"`
	Orchestrator  string                 `json:"orchestrator"`
	Serving       string                 `json:"serving"`
	Mesh          string                 `json:"mesh"`
	Autoscaling   string                 `json:"autoscaling"`
	GitOps        string                 `json:"gitops"`
	CI            string                 `json:"ci"`
	SecretStore   string                 `json:"secret_store,omitempty"`
	Queueing      string                 `json:"queueing"`
	Observability *Observability         `json:"observability"`
	Environments  map[string]Environment `json:"environments"`
	Security      *Security              `json:"security"`
	Packages      map[string]Package     `json:"packages,omitempty"`
	Tags          map[string]string      `json:"tags,omitempty"`
}

// Cluster is an existing Kubernetes cluster.
type Cluster struct {
	Name       string `json:"name"`
	OIDCIssuer string `json:"oidc_issuer,omitempty" text:"filled"`
}

// Observability names the systems that watch the platform; several may run side by side.
type Observability struct {
	Metrics    []string `json:"metrics"`
	Dashboards []string `json:"dashboards"`
	Drift      []string `json:"drift"`
	Tracing    []string `json:"tracing"`
	Logs       []string `json:"logs"`
	Cost       []string `json:"cost"`
}

// Environment is a place where models serve.
type Environment struct {
	PromoteFrom string   `json:"promote_from,omitempty"`
	Approvals   int64    `json:"approvals,omitempty"`
	Approvers   []string `json:"approvers,omitempty"`
	Freeze      []Freeze `json:"freeze,omitempty"`
	Quota       *Quota   `json:"quota,omitempty"`
	Budget      *Budget  `json:"budget,omitempty"`
}

// Freeze is a repeated time in which nothing is promoted.
type Freeze struct {
	Cron     string   `json:"cron"`
	Duration Duration `json:"duration"`
	Timezone string   `json:"timezone,omitempty"`
}

// Quota bounds what an environment's namespace may request.
type Quota struct {
	CPU          Quantity         `json:"cpu,omitempty"`
	Memory       Quantity         `json:"memory,omitempty"`
	Accelerators map[string]int64 `json:"accelerators,omitempty"`
}

// Budget is money per month in USD, with the shares of it at which to warn.
type Budget struct {
	Monthly Number   `json:"monthly"`
	AlertAt []Number `json:"alert_at,omitempty"`
}

// Security holds what reviewers ask for first.
type Security struct {
	PodSecurity       string   `json:"pod_security"`
	NetworkPolicies   *bool    `json:"network_policies"`
	AllowedRegistries []string `json:"allowed_registries,omitempty"`
	ScanSeverity      string   `json:"scan_severity"`
	SignedImages      bool     `json:"signed_images,omitempty"`
}

// Package is the user's word on one cluster component's chart.
type Package struct {
	Version  string `json:"version,omitempty"`
	Values   string `json:"values,omitempty"`
	Existing bool   `json:"existing,omitempty"`
}

// Components are the cluster components that `packages` may name.
var Components = []string{"airflow", "argo_cd", "argo_events", "argo_workflows", "cert_manager", "dagster", "external_secrets", "grafana", "keda", "kserve", "kueue", "mlflow", "opencost", "prefect", "prometheus"}

// ReservedEnvironments are namespaces and folders that the emitted repository uses itself.
var ReservedEnvironments = []string{"platform", "training", "monitoring", "base", "storage"}

// Kind is KindPlatform.
func (*Platform) Kind() Kind { return KindPlatform }

// ID is the platform's name.
func (p *Platform) ID() string { return p.Name }

func (p *Platform) complete() {
	or(&p.Cloud, "local")
	or(&p.Orchestrator, "argo_workflows")
	or(&p.Serving, "kserve")
	or(&p.Mesh, "none")
	or(&p.Autoscaling, "keda")
	or(&p.GitOps, "argocd")
	or(&p.CI, "github_actions")
	or(&p.Queueing, "none")
	if p.Observability == nil {
		p.Observability = &Observability{}
	}
	o := p.Observability
	for _, d := range []struct {
		list  *[]string
		value []string
	}{
		{&o.Metrics, []string{"prometheus"}}, {&o.Dashboards, []string{"grafana"}}, {&o.Drift, []string{"evidently"}},
		{&o.Tracing, []string{}}, {&o.Logs, []string{}}, {&o.Cost, []string{"opencost"}},
	} {
		if *d.list == nil {
			*d.list = d.value
		}
		slices.Sort(*d.list)
		*d.list = slices.Compact(*d.list)
	}
	if p.Security == nil {
		p.Security = &Security{}
	}
	or(&p.Security.PodSecurity, "restricted")
	or(&p.Security.ScanSeverity, "HIGH")
	if p.Security.NetworkPolicies == nil {
		p.Security.NetworkPolicies = ptr(true)
	}
}

func (p *Platform) checkValues(c *checker) {
	c.host(At("name"), p.Name, 40)
	c.required(At("owner"), p.Owner)
	for _, v := range []struct{ attr, value string }{
		{"cloud", p.Cloud}, {"orchestrator", p.Orchestrator}, {"serving", p.Serving}, {"mesh", p.Mesh}, {"autoscaling", p.Autoscaling},
		{"gitops", p.GitOps}, {"ci", p.CI}, {"secret_store", p.SecretStore}, {"queueing", p.Queueing},
	} {
		c.choice(At(v.attr), v.attr, v.value)
	}
	o := p.Observability
	for _, v := range []struct {
		attr   string
		values []string
	}{{"metrics", o.Metrics}, {"dashboards", o.Dashboards}, {"drift", o.Drift}, {"tracing", o.Tracing}, {"logs", o.Logs}, {"cost", o.Cost}} {
		for _, value := range v.values {
			if c.required(At("observability", v.attr), value) {
				c.choice(At("observability", v.attr), v.attr, value)
			}
		}
	}
	c.choice(At("security", "pod_security"), "pod_security", p.Security.PodSecurity)
	c.choice(At("security", "scan_severity"), "scan_severity", p.Security.ScanSeverity)
	if p.Security.SignedImages {
		c.later(At("security", "signed_images"), "true is not supported by this version of the provider yet; leave it out")
	}
	for i, r := range p.Security.AllowedRegistries {
		c.required(At("security", "allowed_registries").Index(i), r)
	}
	if p.Cluster != nil {
		c.required(At("cluster", "name"), p.Cluster.Name)
		p.Cluster.check(c)
	}
	for _, key := range sorted(p.Tags) {
		if !tagForm.MatchString(key) || len(key) > 50 {
			c.misplaced(At("tags").Key(key), "the key must be letters, digits, dashes, dots and underscores, at most 50 characters")
		}
	}
	p.checkPackages(c)
	for _, name := range sorted(p.Environments) {
		p.Environments[name].check(c, At("environments").Key(name), name)
	}
}

// check checks the issuer of a cluster's tokens, which clouds reach over TLS only.
func (k Cluster) check(c *checker) {
	if k.OIDCIssuer == "" {
		return
	}
	if u, err := url.Parse(k.OIDCIssuer); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.fault(At("cluster", "oidc_issuer"), "%q must be the https address that the cluster's tokens name as their issuer, such as https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", k.OIDCIssuer)
	}
}

func (p *Platform) checkPackages(c *checker) {
	for _, name := range sorted(p.Packages) {
		at, pkg := At("packages").Key(name), p.Packages[name]
		if !slices.Contains(Components, name) {
			c.misplaced(at, "there is no component %q; there are: %s", name, strings.Join(Components, ", "))
		}
		if pkg.Existing && (pkg.Version != "" || pkg.Values != "") {
			c.fault(at.Attr("existing"), "an existing component is not deployed from here, so version and values have no effect: leave them out")
		}
	}
}

func (e Environment) check(c *checker, at Path, name string) {
	c.host(at, name, 20)
	if slices.Contains(ReservedEnvironments, name) {
		c.misplaced(at, "the name %q is used by the emitted repository itself; reserved are %s", name, strings.Join(ReservedEnvironments, ", "))
	}
	if e.Approvals < 0 || e.Approvals > 6 {
		c.fault(at.Attr("approvals"), "%d must be from 0 to 6", e.Approvals)
	}
	for i, a := range e.Approvers {
		if !strings.HasPrefix(a, "@") || strings.ContainsAny(a, " \t\n#") || len(a) < 2 {
			c.fault(at.Attr("approvers").Index(i), "%q must be a user or team such as @acme/ml-leads", a)
		}
	}
	for i, f := range e.Freeze {
		fat := at.Attr("freeze").Index(i)
		c.cron(fat.Attr("cron"), f.Cron)
		if c.required(fat.Attr("duration"), string(f.Duration)) {
			c.span(fat.Attr("duration"), f.Duration)
		}
		c.zone(fat.Attr("timezone"), f.Timezone)
	}
	if e.Quota != nil {
		c.cpu(at.Attr("quota").Attr("cpu"), e.Quota.CPU)
		c.memory(at.Attr("quota").Attr("memory"), e.Quota.Memory)
		for _, a := range sorted(e.Quota.Accelerators) {
			here := at.Attr("quota").Attr("accelerators").Key(a)
			c.acceleratorType(here, a)
			if e.Quota.Accelerators[a] < 0 {
				c.fault(here, "%d must not be negative", e.Quota.Accelerators[a])
			}
		}
	}
	if e.Budget != nil {
		e.Budget.check(c, at.Attr("budget"))
	}
}

func (b Budget) check(c *checker, at Path) {
	if b.Monthly == "" || b.Monthly.Rat().Sign() <= 0 {
		c.fault(at.Attr("monthly"), "must be an amount in USD above zero")
	}
	for i, share := range b.AlertAt {
		if share.Rat().Sign() <= 0 {
			c.fault(at.Attr("alert_at").Index(i), "%s must be a share of the budget above zero, such as 0.8", share)
		}
	}
}

func (p *Platform) checkWhole(c *checker) {
	if len(p.Environments) == 0 {
		c.fault(At("environments"), "must name at least one environment, such as { staging = {}, production = { promote_from = \"staging\" } }")
	}
	p.checkRegion(c)
	if why := foreign(p.Orchestrator, p.Cloud); why != "" && c.knows(At("cloud")) {
		c.fault(At("orchestrator"), "%s", why)
	}
	for _, name := range sorted(p.Environments) {
		p.checkPromotion(c, name)
	}
}

// checkPromotion follows promote_from from one environment to its source.
func (p *Platform) checkPromotion(c *checker, name string) {
	at, seen := At("environments").Key(name).Attr("promote_from"), map[string]bool{}
	for from := name; ; {
		if seen[from] {
			c.fault(at, "promotion goes in a circle from %q back to %q", name, from)
			return
		}
		seen[from] = true
		next := p.Environments[from].PromoteFrom
		if next == "" {
			return
		}
		if _, there := p.Environments[next]; !there {
			if from == name {
				c.fault(at, "there is no environment %q; there are: %s", next, strings.Join(sorted(p.Environments), ", "))
			}
			return
		}
		from = next
	}
}

// EnvironmentNames lists the environments, each after the one it is promoted from,
// otherwise by name.
func (p *Platform) EnvironmentNames() []string {
	depth := func(name string) (n int) {
		for from := p.Environments[name].PromoteFrom; from != "" && n <= len(p.Environments); n++ {
			from = p.Environments[from].PromoteFrom
		}
		return n
	}
	names := sorted(p.Environments)
	slices.SortStableFunc(names, func(a, b string) int { return depth(a) - depth(b) })
	return names
}

func or(value *string, fallback string) {
	if *value == "" {
		*value = fallback
	}
}

func ptr[T any](v T) *T { return &v }
