package githubactions

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindPipeline},
		Elsewhere: map[string]string{
			"pipeline.image": "argoworkflows", "pipeline.parameters.*.default": "dvc", "pipeline.steps": "argoworkflows",
			"pipeline.trains": "promotion", "pipeline.identity": "argoworkflows", "pipeline.artifacts": "argoworkflows",
			"pipeline.tracking": "argoworkflows", "pipeline.orchestrator": "argoworkflows",
			"pipeline.triggers.schedule": "argoworkflows", "pipeline.triggers.data": "argoworkflows", "pipeline.triggers.drift": "argoworkflows",
		},
	})
}
