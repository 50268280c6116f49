package prefect

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// guide is what docs/prefect.md says. Names are labels.
type guide struct {
	Platform, Training, Namespace, Account, Version, Image string
	Pipelines                                              []string
	Existing, Exclusive                                    bool
}

func guideOf(p *spec.Project, pipelines []*spec.Pipeline, existing bool) guide {
	out := guide{
		Platform: p.Platform.Name, Training: p.TrainingNamespace(), Namespace: namespace, Account: account,
		Version: version, Image: repository + ":" + workerTag, Existing: existing,
	}
	for _, pl := range pipelines {
		out.Pipelines = append(out.Pipelines, pl.Name)
		out.Exclusive = out.Exclusive || pl.Concurrency == "forbid"
	}
	return out
}
