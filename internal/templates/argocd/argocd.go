// Package argocd writes what Argo CD v3 (argoproj.io/v1alpha1) deploys this
// repository with: one Application to apply by hand, and below it projects with
// allow-lists, an Application for each chart and folder, and ApplicationSets over
// the folders of endpoints and monitors. It knows the layout in DESIGN.md and
// internal/templates/components; it knows nothing of what stands in the folders.
package argocd

import (
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes clusters/ and the users' own values of charts.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "argocd" }

// namespace is where Argo CD itself runs.
const namespace = "argocd"

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if p.Platform.GitOps != "argocd" {
		return nil, nil
	}
	r := renderer{p: p, components: components.Of(p)}
	r.values()
	r.overrides()
	r.faults = append(r.faults, components.Faults(p)...)
	r.file("clusters/platform/root.yaml", r.rootProject(), r.root())
	r.file("clusters/platform/project.yaml", r.platformProject())
	var charts []any
	for _, c := range r.components {
		for _, chart := range c.Charts {
			charts = append(charts, r.chart(c, chart))
		}
	}
	if len(charts) > 0 {
		r.file("clusters/platform/packages.yaml", charts...)
	}
	r.file("clusters/platform/base.yaml", r.folder("base", "platform/base", -1))
	for _, f := range components.Folders(p) {
		r.file("clusters/platform/"+f.Name+".yaml", r.between(f))
	}
	inside := func(pl *spec.Pipeline) bool { return taskgraph.Inside(p.Orchestrator(pl)) }
	if slices.ContainsFunc(p.Pipelines, inside) {
		r.file("clusters/platform/pipelines.yaml", r.folder("pipelines", "pipelines", 1))
	}
	if r.monitored() {
		r.file("clusters/platform/monitoring.yaml", r.monitoring())
	}
	for _, environment := range p.Platform.EnvironmentNames() {
		r.environment(environment)
	}
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	return r.files, r.err
}

type renderer struct {
	p          *spec.Project
	components []components.Component
	files      []tree.File
	faults     spec.Faults
	err        error
}

func (r *renderer) file(name string, docs ...any) {
	data, err := encode.YAML(docs...)
	if err != nil && r.err == nil {
		r.err = err
	}
	r.files = append(r.files, tree.File{Path: name, Data: data})
}

// environment writes what belongs to one environment only.
func (r *renderer) environment(name string) {
	folder := "clusters/" + name + "/"
	r.file(folder+"project.yaml", r.environmentProject(name))
	served := slices.ContainsFunc(r.p.Endpoints, func(e *spec.Endpoint) bool { return slices.Contains(r.p.EnvironmentsOf(e), name) })
	if served {
		r.file(folder+"endpoints.yaml", r.endpoints(name))
	}
	if r.drifts(name) {
		r.file(folder+"drift.yaml", r.drift(name))
	}
}

// metadata names an object of Argo CD. wave is its place in the order of a sync.
func (r *renderer) metadata(name, wave string) metadata {
	m := metadata{Name: name, Namespace: namespace, Labels: r.p.Labels(name), Annotations: r.p.Annotations()}
	if wave != "" {
		m.Annotations["argocd.argoproj.io/sync-wave"] = wave
	}
	return m
}

// within is a path as the repository's Git has it.
func (r *renderer) within(name string) string { return path.Join(r.p.Repository.Path, name) }

// target is the cluster that workloads run in.
func (r *renderer) target(ns string) destination {
	if c := r.p.Platform.Cluster; c != nil {
		return destination{Name: c.Name, Namespace: ns}
	}
	return destination{Server: local, Namespace: ns}
}

// local is the cluster that Argo CD runs in.
const local = "https://kubernetes.default.svc"

// automated keeps the cluster as Git says. Charts that wait for definitions of other
// charts fail at first and are tried again.
func automated(options ...string) syncPolicy {
	return syncPolicy{
		Automated: &automation{Prune: true, SelfHeal: true},
		Options:   append([]string{"ServerSideApply=true"}, options...),
		Retry:     &retry{Limit: 10, Backoff: backoff{Duration: "10s", Factor: 2, MaxDuration: "5m"}},
	}
}

// root is the one Application to apply by hand: it deploys this folder, itself included.
func (r *renderer) root() application {
	a := application{APIVersion: apiVersion, Kind: "Application", Metadata: r.metadata(r.p.Platform.Name, "")}
	a.Spec = applicationSpec{
		Project: r.p.Platform.Name, Destination: destination{Server: local, Namespace: namespace},
		Source:     &source{RepoURL: r.p.Repository.URL, Revision: r.p.Repository.Branch, Path: r.within("clusters"), Directory: &directory{Recurse: true}},
		SyncPolicy: automated(),
	}
	return a
}

// cascade removes what an Application deployed along with it. Charts and platform/base
// lack it: what holds data or definitions is not removed by the way.
const cascade = "resources-finalizer.argocd.argoproj.io"

// folder is an Application of one folder.
func (r *renderer) folder(name, folder string, wave int) application {
	a := application{APIVersion: apiVersion, Kind: "Application", Metadata: r.metadata(r.platform()+"."+name, waveOf(wave))}
	if wave > 0 {
		a.Metadata.Finalizers = []string{cascade}
	}
	a.Spec = applicationSpec{
		Project: r.platform(), Destination: r.target(r.p.TrainingNamespace()),
		Source:     &source{RepoURL: r.p.Repository.URL, Revision: r.p.Repository.Branch, Path: r.within(folder)},
		SyncPolicy: automated(),
	}
	return a
}

// between is an Application of a folder that stands between the charts and what runs. A
// pool of nodes or a quota that is no longer written must not stay.
func (r *renderer) between(f components.Folder) application {
	a := r.folder(f.Name, "platform/"+f.Name, 0)
	a.Metadata.Finalizers = []string{cascade}
	return a
}

// chart is an Application of one Helm release whose values are in this repository.
func (r *renderer) chart(c components.Component, chart components.Chart) application {
	repository, _ := strings.CutPrefix(chart.Repository, "oci://") // Argo CD takes an address without scheme for a registry
	main := source{RepoURL: repository, Chart: chart.Name, Revision: chart.Version, Helm: &helm{ReleaseName: chart.Release}}
	sources := []source{main}
	if chart.Values {
		files := []string{"$values/" + r.within("platform/"+c.Name+"/values.yaml")}
		if c.Values != "" {
			files = append(files, "$values/"+r.within(overridePath(c)))
		}
		sources[0].Helm.ValueFiles = files
		sources = append(sources, source{RepoURL: r.p.Repository.URL, Revision: r.p.Repository.Branch, Ref: "values"})
	}
	name := r.platform() + "." + chart.Release
	a := application{APIVersion: apiVersion, Kind: "Application", Metadata: r.metadata(name, waveOf(chart.Wave))}
	a.Spec = applicationSpec{
		Project: r.platform(), Destination: r.target(c.Namespace), Sources: sources,
		SyncPolicy: automated("CreateNamespace=true", "RespectIgnoreDifferences=true"), Ignore: injected(c),
	}
	return a
}

// injected are fields that controllers fill in: certificates of webhooks.
func injected(c components.Component) []ignored {
	bundle := []string{".webhooks[]?.clientConfig.caBundle"}
	switch c.Package {
	case "kserve", "cert_manager", "external_secrets", "keda", "kueue", "prometheus":
		return []ignored{
			{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration", Expressions: bundle},
			{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration", Expressions: bundle},
			{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Expressions: []string{".spec.conversion.webhook.clientConfig.caBundle"}},
		}
	}
	return nil
}
