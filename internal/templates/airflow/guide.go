package airflow

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// guide is what docs/airflow.md says. Names are labels.
type guide struct {
	Platform, Training, Namespace, Account, Credentials, Version string
	Pipelines                                                    []string
	Existing, Exclusive, Closed                                  bool
}

func guideOf(p *spec.Project, pipelines []*spec.Pipeline, deployed bool) guide {
	out := guide{
		Platform: p.Platform.Name, Training: p.TrainingNamespace(), Namespace: namespace, Account: account, Credentials: credentials,
		Version: version, Existing: !deployed,
	}
	for _, pl := range pipelines {
		out.Pipelines = append(out.Pipelines, pl.Name)
		out.Exclusive = out.Exclusive || pl.Concurrency == "forbid"
		out.Closed = out.Closed || !*pl.Triggers.Manual
	}
	return out
}
