package dagster

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// guide is what docs/dagster.md says. Names are labels.
type guide struct {
	Namespace, Version string
	Pipelines          []string
	Existing           bool
}

func guideOf(p *spec.Project, names []string) guide {
	return guide{p.TrainingNamespace(), catalog.Dagster.Version, names, p.Platform.Packages[Orchestrator].Existing}
}
