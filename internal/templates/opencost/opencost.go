// Package opencost writes the values of the chart opencost 2.5, which puts prices on
// what pods request. It knows no budgets and no dashboards: those read the metrics.
package opencost

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes the values of OpenCost's chart.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "opencost" }

// Render returns the values where the chart is deployed.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	o := p.Platform.Observability
	if !slices.Contains(o.Cost, "opencost") {
		return nil, nil
	}
	if !slices.Contains(o.Metrics, "prometheus") {
		return nil, spec.Faults{spec.Refuse(p.Platform, spec.At("observability", "cost"), "OpenCost reads from Prometheus what pods use: add \"prometheus\" to observability.metrics, or leave cost empty")}
	}
	for _, c := range components.Of(p) {
		if c.Package != "opencost" {
			continue
		}
		data, err := encode.YAMLWith(encode.Options{Header: true, Comment: prices(p)}, values(p))
		return []tree.File{{Path: "platform/" + c.Name + "/values.yaml", Data: data}}, err
	}
	return nil, nil // packages.opencost.existing: another chart's values
}

// prices says whose they are, where no cloud bills for the nodes.
func prices(p *spec.Project) []string {
	if p.Platform.Cloud != "local" {
		return nil
	}
	return []string{
		"No cloud bills for these nodes, so OpenCost takes prices of its own. Set yours per hour of",
		"a core, a GiB and a GPU in packages.opencost.values, below opencost.customPricing.",
	}
}

// values are those that differ from the chart's.
func values(p *spec.Project) encode.Map {
	exporter := encode.Map{
		{Key: "resources", Value: encode.Map{
			{Key: "requests", Value: map[string]string{"cpu": "50m", "memory": "128Mi"}},
			{Key: "limits", Value: map[string]string{"memory": "1Gi"}},
		}},
		{Key: "securityContext", Value: encode.Map{
			{Key: "allowPrivilegeEscalation", Value: false},
			{Key: "capabilities", Value: encode.Map{{Key: "drop", Value: []string{"ALL"}}}},
			{Key: "runAsNonRoot", Value: true},
			{Key: "runAsUser", Value: 1001}, // the image's own
		}},
	}
	if c := p.Platform.Cluster; c != nil {
		exporter = append(encode.Map{{Key: "defaultClusterId", Value: c.Name}}, exporter...)
	}
	off := encode.Map{{Key: "enabled", Value: false}}
	return encode.Map{
		{Key: "podSecurityContext", Value: encode.Map{{Key: "seccompProfile", Value: encode.Map{{Key: "type", Value: "RuntimeDefault"}}}}},
		{Key: "opencost", Value: encode.Map{
			{Key: "exporter", Value: exporter},
			{Key: "mcp", Value: off}, // answers whoever asks
			{Key: "metrics", Value: encode.Map{{Key: "serviceMonitor", Value: encode.Map{{Key: "enabled", Value: true}}}}},
			{Key: "prometheus", Value: encode.Map{{Key: "internal", Value: encode.Map{
				{Key: "enabled", Value: true},
				{Key: "serviceName", Value: "prometheus-operated"},
				{Key: "namespaceName", Value: "monitoring"},
				{Key: "port", Value: 9090},
			}}}},
			{Key: "ui", Value: off}, // the dashboards are Grafana's
		}},
	}
}
