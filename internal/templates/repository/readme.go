package repository

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
)

func readmeOf(p *spec.Project) readme {
	platform := p.Platform
	r := readme{
		makefile: makefileOf(p), Platform: platform.Name, Owner: platform.Owner, Branch: p.Repository.Branch,
		Starter: p.Repository.Starter == "sklearn", Endpoints: len(p.Endpoints) > 0, GitHub: platform.CI == "github_actions",
		CodeOwners: len(ownersOf(p)) > 0, GPU: runnerLabels(p), OpenCost: slices.Contains(platform.Observability.Cost, "opencost"),
	}
	if p.Repository.Path != "" {
		r.Prefix = p.Repository.Path + "/"
	}
	if platform.Cluster != nil {
		r.Cluster = platform.Cluster.Name
	}
	r.Nodes, r.Edges = picture(p)
	r.Needs = needsOf(p)
	for i, m := range p.Models {
		r.Models = append(r.Models, described{promotingOf(p, m), m.Description, gatesOf(m)})
		r.PullRequests = r.PullRequests || m.Promotion.Mode == "pull_request"
		r.Direct = r.Direct || p.Models[i].Promotion.Mode == "direct"
	}
	for _, name := range platform.EnvironmentNames() {
		e := environmentOf(p, name)
		r.Approvals = max(r.Approvals, e.Approvals)
		r.Environments = append(r.Environments, e)
	}
	for _, c := range components.Of(p) {
		for _, chart := range c.Charts {
			r.Components = append(r.Components, deployed{c.Name, chart.Name, chart.Version, c.Namespace})
		}
	}
	for _, name := range spec.Components {
		if platform.Packages[name].Existing {
			r.Existing = append(r.Existing, name)
		}
	}
	for _, g := range p.Registries {
		if g.MLflow != nil {
			r.Registries = append(r.Registries, located{g.Name, g.MLflow.TrackingURI, g.Managed()})
		}
	}
	for _, b := range p.Buckets {
		r.Buckets = append(r.Buckets, b.Name)
	}
	for _, g := range p.GPUPools {
		least, _ := g.Monthly()
		one := priced{Name: g.Name, Machine: cmp.Or(g.Machine, g.InstanceType, "nodes of yours"), Hourly: cmp.Or(string(g.Hourly()), "0"), Monthly: cmp.Or(string(least), "0")}
		if g.Price != nil {
			one.AsOf = g.Price.AsOf
		}
		r.Pools = append(r.Pools, one)
	}
	for _, key := range sorted(p.Tags) {
		r.Tags = append(r.Tags, key+"="+p.Tags[key])
	}
	return r
}

// runnerLabels are those that the training workflows ask of a self-hosted runner.
func runnerLabels(p *spec.Project) []string {
	var labels []string
	for _, pl := range p.Pipelines {
		for _, s := range pl.Steps {
			if s.Resources != nil && s.Resources.Accelerator != nil {
				labels = append(labels, s.Resources.Accelerator.Type)
			}
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

func gatesOf(m *spec.Model) []bound {
	var out []bound
	for _, g := range m.Gates {
		b := bound{Metric: g.Metric, Required: g.Required == nil || *g.Required}
		switch {
		case g.Op == "between":
			b.Bound = fmt.Sprintf("between %s and %s", g.Min, g.Max)
		case g.Baseline != "" && g.Tolerance != "":
			b.Bound = fmt.Sprintf("%s that of the %s, give or take %s", g.Op, g.Baseline, g.Tolerance)
		case g.Baseline != "":
			b.Bound = fmt.Sprintf("%s that of the %s", g.Op, g.Baseline)
		default:
			b.Bound = fmt.Sprintf("%s %s", g.Op, g.Threshold)
		}
		out = append(out, b)
	}
	return out
}

func environmentOf(p *spec.Project, name string) environment {
	e := p.Platform.Environments[name]
	out := environment{
		Name: name, From: e.PromoteFrom, Approvals: e.Approvals, Approvers: strings.Join(e.Approvers, ", "),
		Namespace: p.Namespace(name),
	}
	if out.From == "" {
		out.From = "training"
	}
	var windows []string
	for _, f := range e.Freeze {
		zone := f.Timezone
		if zone == "" {
			zone = "UTC"
		}
		windows = append(windows, fmt.Sprintf("%s from %s (%s)", f.Duration, f.Cron, zone))
	}
	out.Freeze = strings.Join(windows, ", ")
	if b := e.Budget; b != nil {
		out.Budget = fmt.Sprintf("%s USD", b.Monthly)
		var shares []string
		for _, share := range b.AlertAt {
			shares = append(shares, string(share))
		}
		if len(shares) > 0 {
			out.Budget += ", alerts at " + strings.Join(shares, ", ")
		}
	}
	return out
}

// What README.md.tmpl takes beside the Makefile's.
type (
	readme struct {
		makefile

		Platform, Owner, Branch, Prefix, Cluster string

		Starter, Endpoints, GitHub, CodeOwners, OpenCost, PullRequests, Direct bool

		Approvals    int64
		GPU          []string
		Nodes        []node
		Edges        []edge
		Models       []described
		Environments []environment
		Components   []deployed
		Existing     []string
		Registries   []located
		Buckets      []string
		Pools        []priced
		Tags         []string
		Needs        *needs
	}
	priced struct {
		Name, Machine, Hourly, Monthly, AsOf string
	}
	described struct {
		promoting

		Description string
		Gates       []bound
	}
	bound struct {
		Metric, Bound string
		Required      bool
	}
	environment struct {
		Name, From, Approvers, Freeze, Namespace, Budget string
		Approvals                                        int64
	}
	deployed struct {
		Name, Chart, Version, Namespace string
	}
	located struct {
		Name, URI string
		Managed   bool
	}
)
