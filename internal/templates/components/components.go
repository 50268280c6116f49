// Package components says which cluster components a project needs, and with
// which charts. It knows names, namespaces and order; it knows nothing of the
// values of a chart or of what deploys it. Versions come from internal/catalog.
package components

import (
	"maps"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Component is a system that the emitted repository deploys into the cluster.
type Component struct {
	Name      string // its folder below platform/
	Package   string // its key in platform.packages
	Namespace string
	Charts    []Chart // in the order of their installation, all of one version
	Values    string  // the user's own values, "" for none
}

// Chart is one Helm release of a component.
type Chart struct {
	catalog.Chart
	Release  string
	Wave     int      // Argo CD's order: definitions before operators before what they run
	Values   bool     // platform/<component>/values.yaml applies, and the user's values after it
	External []string // namespaces beside the component's own that the chart writes into
}

// The waves. What uses definitions of a chart comes after it.
const (
	definitions = -5
	operators   = -4
	servers     = -3
	runtimes    = -2
)

// Deploys reports whether the repository of a project brings the component that
// packages.<name> speaks of.
func Deploys(p *spec.Project, name string) bool {
	return slices.ContainsFunc(Of(p), func(c Component) bool { return c.Package == name })
}

// Of lists the components of a project, in the order of their installation. One
// that exists already (packages.<x>.existing) is not among them.
func Of(p *spec.Project) []Component {
	var out []Component
	for _, c := range all() {
		pkg := p.Platform.Packages[c.Package]
		if !needs(p, c.Package) || pkg.Existing {
			continue
		}
		c.Values = pkg.Values
		for i := range c.Charts {
			if pkg.Version != "" {
				c.Charts[i].Version = pkg.Version
			}
		}
		out = append(out, c)
	}
	return out
}

// Faults reports words on packages that this platform never deploys: they would
// have no effect.
func Faults(p *spec.Project) spec.Faults {
	var faults spec.Faults
	for _, name := range slices.Sorted(maps.Keys(p.Platform.Packages)) {
		pkg := p.Platform.Packages[name]
		if pkg.Version == "" && pkg.Values == "" {
			continue
		}
		at := spec.At("packages").Key(name)
		if why := never(p.Platform, name); why != "" {
			faults = append(faults, spec.Refuse(p.Platform, at, "%s", why))
		}
	}
	return faults
}

func never(platform *spec.Platform, name string) string {
	o := platform.Observability
	switch {
	case name == "argo_cd":
		return "Argo CD is what deploys this repository, so it cannot be deployed from it: install it beforehand, and leave version and values out"
	case name == "grafana":
		return "Grafana comes with the chart of prometheus: set its values below `grafana` in packages.prometheus.values, and leave this out"
	case name == "prometheus" && len(o.Metrics) == 0:
		return "observability.metrics is empty, so no Prometheus is deployed: leave this out"
	case name == "opencost" && len(o.Cost) == 0:
		return "observability.cost is empty, so no OpenCost is deployed: leave this out"
	case name == "external_secrets" && platform.SecretStore == "":
		return "there is no secret_store, so no External Secrets is deployed: leave this out"
	case name == "kueue" && platform.Queueing == "none" && platform.Cloud != "kubernetes":
		return "queueing is \"none\", so no Kueue is deployed: leave this out"
	}
	return ""
}

// needs reports whether anything in the project uses a component.
func needs(p *spec.Project, name string) bool {
	switch name {
	case "airflow", "argo_workflows", "dagster", "prefect":
		return slices.ContainsFunc(p.Pipelines, func(pl *spec.Pipeline) bool { return p.Orchestrator(pl) == name })
	case "argo_events":
		return slices.ContainsFunc(p.Pipelines, func(pl *spec.Pipeline) bool {
			return p.Orchestrator(pl) == "argo_workflows" && (pl.Triggers.Data != nil || pl.Triggers.Drift != nil)
		})
	case "mlflow":
		return slices.ContainsFunc(p.Registries, func(r *spec.Registry) bool { return r.Type == name && r.Managed() })
	case "cert_manager", "kserve":
		return len(p.Endpoints) > 0 && p.Platform.Serving == "kserve"
	case "keda":
		return len(p.Endpoints) > 0 && p.Platform.Autoscaling == name
	case "prometheus":
		return slices.Contains(p.Platform.Observability.Metrics, name)
	case "opencost":
		return slices.Contains(p.Platform.Observability.Cost, name)
	case "external_secrets":
		return len(Synced(p)) > 0
	case "kueue":
		return Queues(p)
	}
	return false
}

func all() []Component {
	one := func(c catalog.Chart, wave int, external ...string) Chart {
		return Chart{Chart: c, Release: c.Name, Wave: wave, Values: true, External: external}
	}
	bare := func(c catalog.Chart, wave int) Chart { return Chart{Chart: c, Release: c.Name, Wave: wave} }
	return []Component{
		{Name: "prometheus", Package: "prometheus", Namespace: "monitoring", Charts: []Chart{one(catalog.PrometheusOperator, definitions, "kube-system")}},
		{Name: "cert-manager", Package: "cert_manager", Namespace: "cert-manager", Charts: []Chart{one(catalog.CertManager, definitions)}},
		{Name: "external-secrets", Package: "external_secrets", Namespace: "external-secrets", Charts: []Chart{one(catalog.ExternalSecrets, operators)}},
		{Name: "kueue", Package: "kueue", Namespace: "kueue-system", Charts: []Chart{one(catalog.Kueue, operators, "kube-system")}},
		{Name: "keda", Package: "keda", Namespace: "keda", Charts: []Chart{one(catalog.KEDA, operators, "kube-system")}},
		{Name: "argo-workflows", Package: "argo_workflows", Namespace: "argo", Charts: []Chart{one(catalog.ArgoWorkflows, operators)}},
		{Name: "argo-events", Package: "argo_events", Namespace: "argo-events", Charts: []Chart{one(catalog.ArgoEvents, operators)}},
		{Name: "airflow", Package: "airflow", Namespace: "airflow", Charts: []Chart{one(catalog.Airflow, operators)}},
		{Name: "dagster", Package: "dagster", Namespace: "dagster", Charts: []Chart{one(catalog.Dagster, operators)}},
		{Name: "prefect", Package: "prefect", Namespace: "prefect", Charts: []Chart{one(catalog.PrefectServer, operators), one(catalog.PrefectWorker, servers)}},
		{Name: "kserve", Package: "kserve", Namespace: "kserve", Charts: []Chart{bare(catalog.KServeCRD, operators), one(catalog.KServe, servers), one(catalog.KServeRuntimes, runtimes)}},
		{Name: "mlflow", Package: "mlflow", Namespace: "mlflow", Charts: []Chart{one(catalog.MLflow, servers)}},
		{Name: "opencost", Package: "opencost", Namespace: "opencost", Charts: []Chart{one(catalog.OpenCost, servers)}},
	}
}
