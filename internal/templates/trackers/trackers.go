// Package trackers says which variables the client of an experiment tracker reads: the
// plain ones that a project settles, and references to those that are secret. It knows
// no orchestrator and no secret's value.
package trackers

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Environment gives the variables that every step and program of a pipeline gets for
// the tracker it reports to: those with a text, and those that are keys of a secret.
// Both are empty for a pipeline without a tracker.
func Environment(p *spec.Project, pl *spec.Pipeline) (plain map[string]string, secrets map[string]spec.SecretKey) {
	plain, secrets = map[string]string{}, map[string]spec.SecretKey{}
	r := p.TrackerOf(pl)
	if r == nil {
		return plain, secrets
	}
	if r.MLflow != nil {
		plain["MLFLOW_TRACKING_URI"] = r.MLflow.TrackingURI
		plain["MLFLOW_EXPERIMENT_NAME"] = pl.Name
		if pl.Trains != nil {
			plain["MLFLOW_EXPERIMENT_NAME"] = pl.Trains.Model
		}
	}
	if r.Credentials != nil {
		for variable, key := range r.Credentials.Keys {
			secrets[variable] = spec.SecretKey{Secret: r.Credentials.Secret, Key: key}
		}
	}
	return plain, secrets
}
