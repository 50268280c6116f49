// Package trackers says which variables the client of an experiment tracker reads: the
// plain ones that a project settles, and references to those that are secret. It knows
// no orchestrator and no secret's value. The names are those of the clients wandb
// 0.31, neptune 1.14, clearml 2.1, boto3 1.44, azure-ai-ml 1.35 and
// google-cloud-aiplatform 1.165.
package trackers

import (
	"maps"
	"slices"
	"strings"

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
	maps.Copy(plain, Plain(p, r, subject(pl)))
	maps.Copy(secrets, Secrets(r))
	return plain, secrets
}

// modules are the systems whose module and client are not called like their type.
var modules = map[string]string{"weights_and_biases": "wandb"}

// Module is the short name of a type of registry: of its Python module
// mlops.registry_<name>, and of requirements-<name>.txt, which locks its client.
func Module(system string) string {
	if name, other := modules[system]; other {
		return name
	}
	return system
}

// Clients lists the short names of the systems that a project's models and pipelines
// use, sorted, without MLflow, whose client is always there.
func Clients(p *spec.Project) []string {
	used := map[string]bool{}
	for _, r := range p.Registries {
		if r.Type != "mlflow" {
			used[Module(r.Type)] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// services are the clouds' own orchestrators and the clients that speak with them.
var services = map[string]string{"sagemaker_pipelines": "sagemaker", "azureml_pipelines": "azureml", "vertex_pipelines": "vertex"}

// stores are the clients of the stores that DVC and the data programs read, by scheme.
var stores = map[string]string{"s3": "s3", "gs": "gs", "abfss": "azureblob"}

// Locks lists the short names of the clients that the emitted repository locks beside
// requirements.txt: those of its trackers, of the clouds that run its pipelines, and of
// the stores that its data is in.
func Locks(p *spec.Project) []string {
	names := Clients(p)
	for _, d := range p.Read() {
		scheme, _, _ := strings.Cut(p.Address(d), "://")
		if client := stores[scheme]; client != "" {
			names = append(names, client)
		}
	}
	for _, pl := range p.Pipelines {
		if client := services[p.Orchestrator(pl)]; client != "" {
			names = append(names, client)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// subject is what a pipeline's runs are about: its model, or itself.
func subject(pl *spec.Pipeline) string {
	if pl.Trains != nil {
		return pl.Trains.Model
	}
	return pl.Name
}

// Plain are the variables of a registry that are no secret, for runs about a subject.
func Plain(p *spec.Project, r *spec.Registry, subject string) map[string]string {
	out := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	switch {
	case r.MLflow != nil:
		set("MLFLOW_TRACKING_URI", r.MLflow.TrackingURI)
		set("MLFLOW_EXPERIMENT_NAME", subject)
	case r.WeightsAndBiases != nil:
		set("WANDB_ENTITY", r.WeightsAndBiases.Entity)
		set("WANDB_PROJECT", r.WeightsAndBiases.Project)
		set("WANDB_BASE_URL", r.WeightsAndBiases.BaseURL)
		set("WANDB_RUN_GROUP", subject)
	case r.Neptune != nil:
		set("NEPTUNE_PROJECT", r.Neptune.Project)
	case r.ClearML != nil:
		set("CLEARML_API_HOST", r.ClearML.APIHost)
		set("CLEARML_WEB_HOST", r.ClearML.WebHost)
		set("CLEARML_FILES_HOST", r.ClearML.FilesHost)
		set("CLEARML_PROJECT", project(r.ClearML.Project, subject))
	case r.AzureML != nil:
		set("AZUREML_ARM_SUBSCRIPTION", r.AzureML.SubscriptionID)
		set("AZUREML_ARM_RESOURCEGROUP", r.AzureML.ResourceGroup)
		set("AZUREML_ARM_WORKSPACE_NAME", r.AzureML.Workspace)
	case r.Vertex != nil:
		set("GOOGLE_CLOUD_PROJECT", r.Vertex.Project)
		set("GOOGLE_CLOUD_LOCATION", r.Vertex.Location)
	}
	if r.Type == "sagemaker" {
		set("AWS_DEFAULT_REGION", Region(p, r))
	}
	return out
}

// Secrets are the variables of a registry that are keys of a secret.
func Secrets(r *spec.Registry) map[string]spec.SecretKey {
	out := map[string]spec.SecretKey{}
	for variable, key := range r.Variables() {
		out[variable] = spec.SecretKey{Secret: r.Credentials.Secret, Key: key}
	}
	return out
}

// Region is where a registry of SageMaker lies: as given, or with the platform.
func Region(p *spec.Project, r *spec.Registry) string {
	if r.SageMaker != nil && r.SageMaker.Region != "" {
		return r.SageMaker.Region
	}
	if p.Platform.Cloud == "aws" {
		return p.Platform.Region
	}
	return ""
}

func project(given, subject string) string {
	if given != "" {
		return given
	}
	return subject
}
