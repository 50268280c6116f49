package dvc

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindPipeline},
		Elsewhere: map[string]string{
			// What only a cluster has.
			"pipeline.image":              "argoworkflows",
			"pipeline.steps.*.image":      "argoworkflows",
			"pipeline.steps.*.resources":  "argoworkflows",
			"pipeline.steps.*.retries":    "argoworkflows",
			"pipeline.steps.*.timeout":    "argoworkflows",
			"pipeline.steps.*.pool":       "refused by linking",
			"pipeline.steps.*.secret_env": "refused by linking",
			"pipeline.timeout":            "argoworkflows",
			"pipeline.concurrency":        "argoworkflows",
			"pipeline.identity":           "refused by linking",
			"pipeline.artifacts":          "argoworkflows",
			"pipeline.orchestrator":       "argoworkflows",
			// The Makefile runs gate and registration after the stages.
			"pipeline.trains":            "promotion",
			"pipeline.tracking":          "promotion",
			"pipeline.triggers":          "argoworkflows, githubactions",
			"pipeline.parameters.*.type": "promotion",
		},
	})
}
