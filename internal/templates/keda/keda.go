// Package keda writes the values of KEDA's Helm chart. It knows nothing of what
// KEDA scales: KServe makes the ScaledObjects. Facts: values.yaml of chart keda
// 2.20.2, whose pods are already locked down and which watches all namespaces.
package keda

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/keda/values.yaml where KEDA is deployed from here.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "keda" }

// Render returns the file.
func (t Target) Render(p *spec.Project) ([]tree.File, error) {
	if !slices.ContainsFunc(components.Of(p), func(c components.Component) bool { return c.Name == t.Name() }) {
		return nil, nil
	}
	data, err := encode.YAML(chartValues(slices.Contains(p.Platform.Observability.Metrics, "prometheus")))
	return []tree.File{{Path: "platform/keda/values.yaml", Data: data}}, err
}

// chartValues differ from the chart's own only where that hurts: images that are
// pulled anew at every start, one replica of what every scaling passes through,
// webhooks that wave broken objects through, and no metrics.
func chartValues(prometheus bool) values {
	measured := part{Enabled: prometheus, ServiceMonitor: enabled{prometheus}}
	return values{
		Image:            image{PullPolicy: "IfNotPresent"},
		Operator:         replicated{2},
		MetricsServer:    replicated{2},
		Webhooks:         webhooks{Replicas: 2, FailurePolicy: "Fail"},
		DisruptionBudget: budgets{budget{1}, budget{1}, budget{1}},
		Prometheus:       monitored{measured, measured, measured},
		ServiceLinks:     false,
	}
}

// The part of the chart's values.yaml this package writes, in output order.
type (
	values struct {
		Image            image      `yaml:"image"`
		Operator         replicated `yaml:"operator"`
		MetricsServer    replicated `yaml:"metricsServer"`
		Webhooks         webhooks   `yaml:"webhooks"`
		DisruptionBudget budgets    `yaml:"podDisruptionBudget"`
		Prometheus       monitored  `yaml:"prometheus"`
		ServiceLinks     bool       `yaml:"enableServiceLinks"`
	}
	image struct {
		PullPolicy string `yaml:"pullPolicy"`
	}
	replicated struct {
		Replicas int `yaml:"replicaCount"`
	}
	webhooks struct {
		Replicas      int    `yaml:"replicaCount"`
		FailurePolicy string `yaml:"failurePolicy"`
	}
	budgets struct {
		Operator     budget `yaml:"operator"`
		MetricServer budget `yaml:"metricServer"`
		Webhooks     budget `yaml:"webhooks"`
	}
	budget struct {
		MaxUnavailable int `yaml:"maxUnavailable"`
	}
	monitored struct {
		MetricServer part `yaml:"metricServer"`
		Operator     part `yaml:"operator"`
		Webhooks     part `yaml:"webhooks"`
	}
	part struct {
		Enabled        bool    `yaml:"enabled"`
		ServiceMonitor enabled `yaml:"serviceMonitor"`
	}
	enabled struct {
		Enabled bool `yaml:"enabled"`
	}
)
