package kserve

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindEndpoint},
		Elsewhere: map[string]string{
			"endpoint.slo":      "prometheus",
			"endpoint.monitors": "evidently",
			"endpoint.alerts":   "prometheus",
			// Refused by spec until a system for them is supported.
			"endpoint.fallback":                                 "spec",
			"endpoint.shadow":                                   "spec",
			"endpoint.access":                                   "spec",
			"endpoint.rollout":                                  "spec",
			"endpoint.autoscaling.scale_to_zero":                "spec",
			"endpoint.environments.*.autoscaling.scale_to_zero": "spec",
			// TestOverrides changes these.
			"endpoint.environments.*.autoscaling.prometheus": "kserve",
			"endpoint.environments.*.resources.accelerator":  "kserve",
		},
	})
}
