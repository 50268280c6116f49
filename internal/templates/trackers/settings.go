package trackers

import "github.com/gitops-ml/terraform-provider-mlops/internal/spec"

// Settings are what the Python module of a registry is told of it, by the names that
// programs/mlops/registry_<system>.py of target promotion reads. Nil for MLflow.
func Settings(p *spec.Project, r *spec.Registry) map[string]string {
	out := map[string]string{}
	switch {
	case r.WeightsAndBiases != nil:
		out["entity"], out["project"], out["base_url"] = r.WeightsAndBiases.Entity, r.WeightsAndBiases.Project, r.WeightsAndBiases.BaseURL
	case r.Neptune != nil:
		out["project"], out["base_url"] = r.Neptune.Project, r.Neptune.BaseURL
	case r.ClearML != nil:
		out["api_host"], out["web_host"], out["files_host"], out["project"] = r.ClearML.APIHost, r.ClearML.WebHost, r.ClearML.FilesHost, r.ClearML.Project
	case r.AzureML != nil:
		out["workspace"], out["resource_group"], out["subscription_id"] = r.AzureML.Workspace, r.AzureML.ResourceGroup, r.AzureML.SubscriptionID
	case r.Vertex != nil:
		out["project"], out["location"] = r.Vertex.Project, r.Vertex.Location
	}
	if r.Type == "sagemaker" {
		out["region"] = Region(p, r)
		if r.SageMaker != nil {
			out["model_package_group_prefix"] = r.SageMaker.Prefix
		}
	}
	for name, value := range out {
		if value == "" {
			delete(out, name)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
