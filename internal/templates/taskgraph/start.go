package taskgraph

import "github.com/gitops-ml/terraform-provider-mlops/internal/spec"

// Starter is how CI starts a run of a pipeline in its orchestrator.
type Starter struct {
	Module string // of the emitted folder mlops/: python -m <Module> --pipeline FILE [--param NAME=VALUE]… [--wait]
	Server string // the variable that names the server, or the cloud's project or role; CI trains on its own runner when it is not set
	Cloud  string // aws, azure or google: the job logs in there first, by OIDC; else ""
}

var starters = map[string]Starter{
	"airflow":             {"mlops.start_airflow", "AIRFLOW_URL", ""},
	"argo_workflows":      {"mlops.start_argo_workflows", "ARGO_WORKFLOWS_URL", ""},
	"azureml_pipelines":   {"mlops.start_azureml_pipelines", "AZURE_CLIENT_ID", "azure"},
	"dagster":             {"mlops.start_dagster", "DAGSTER_WEBSERVER_URL", ""},
	"kubeflow_pipelines":  {"mlops.start_kubeflow_pipelines", "KUBEFLOW_PIPELINES_URL", ""},
	"prefect":             {"mlops.start_prefect", "PREFECT_API_URL", ""},
	"sagemaker_pipelines": {"mlops.start_sagemaker_pipelines", "AWS_ROLE_ARN", "aws"},
	"vertex_pipelines":    {"mlops.start_vertex_pipelines", "GOOGLE_WORKLOAD_IDENTITY_PROVIDER", "google"},
}

// StarterOf says how CI starts a pipeline of p.
func StarterOf(p *spec.Project, pl *spec.Pipeline) Starter { return starters[p.Orchestrator(pl)] }
