package argoworkflows

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindPipeline},
		Elsewhere: map[string]string{
			"pipeline.triggers.push":           "githubactions",
			"pipeline.triggers.data.dataset":   "TestEvents",
			"pipeline.triggers.drift.endpoint": "TestEvents",
		},
	})
}
