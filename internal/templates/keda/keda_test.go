package keda

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{})
}
