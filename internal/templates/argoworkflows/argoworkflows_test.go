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
			"pipeline.identity":                "refused by linking",
			"pipeline.steps.*.pool":            "refused by linking",
			"pipeline.steps.*.secret_env":      "refused by linking",
			"pipeline.triggers.data.dataset":   "refused, see TestRefusals",
			"pipeline.triggers.drift.endpoint": "refused, see TestRefusals",
		},
	})
}
