package taskgraph

import "github.com/gitops-ml/terraform-provider-mlops/internal/spec"

// Starter is how CI starts a run of a pipeline in its orchestrator.
type Starter struct {
	Module   string   // of the emitted folder mlops/: python -m <Module> --pipeline FILE [--param NAME=VALUE]… [--wait]
	Server   string   // the variable that names the server, or the cloud's role or provider; CI trains on its own runner when it is not set
	Cloud    string   // aws, azure or google: the job logs in there first, by OIDC; else ""
	Settings []string // further variables that the modules read
	Keys     []string // variables with secrets, for servers that take no token which CI issues
	Deploy   string   // the module that brings definitions and schedules there, with the same --pipeline; "" where GitOps does
	Lock     string   // the requirements that Deploy needs in an environment of its own, which then serves all pipelines at once; "" is the repository's
}

// DeployLines are the commands that bring a pipeline to its orchestrator.
func (s Starter) DeployLines(pl *spec.Pipeline) []string {
	python := ".venv/bin/python"
	var lines []string
	if s.Lock != "" {
		python = ".mlops/deploy/bin/python"
		lines = append(lines, "python3 -m venv .mlops/deploy", python+" -m pip install --quiet --disable-pip-version-check --require-hashes -r "+s.Lock)
	}
	return append(lines, python+" -m "+s.Deploy+" --pipeline pipelines/"+pl.Name+"/pipeline.json")
}

var starters = map[string]Starter{
	"airflow":        {Module: "mlops.start_airflow", Server: "AIRFLOW_URL"},
	"argo_workflows": {Module: "mlops.start_argo_workflows", Server: "ARGO_WORKFLOWS_URL"},
	"azureml_pipelines": {
		Module: "mlops.start_azureml_pipelines", Server: "AZURE_CLIENT_ID", Cloud: "azure", Deploy: "mlops.deploy_azureml_pipelines",
		Settings: []string{"AZURE_ML_WORKSPACE", "AZURE_RESOURCE_GROUP", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID"},
	},
	"dagster":            {Module: "mlops.start_dagster", Server: "DAGSTER_WEBSERVER_URL"},
	"kubeflow_pipelines": {Module: "mlops.start_kubeflow_pipelines", Server: "KUBEFLOW_PIPELINES_URL", Deploy: "mlops.deploy_kubeflow_pipelines"},
	"prefect":            {Module: "mlops.start_prefect", Server: "PREFECT_API_URL", Deploy: "mlops.deploy_prefect", Lock: "requirements-prefect.txt", Keys: []string{"PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"}},
	"sagemaker_pipelines": {
		Module: "mlops.start_sagemaker_pipelines", Server: "AWS_ROLE_ARN", Cloud: "aws", Deploy: "mlops.deploy_sagemaker_pipelines",
		Settings: []string{"MLOPS_ECR_CACHE", "SAGEMAKER_ROLE_ARN", "SCHEDULER_ROLE_ARN"},
	},
	"vertex_pipelines": {
		Module: "mlops.start_vertex_pipelines", Server: "GOOGLE_WORKLOAD_IDENTITY_PROVIDER", Cloud: "google", Deploy: "mlops.deploy_vertex_pipelines",
		Settings: []string{"GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_PROJECT"},
	},
}

// StarterOf says how CI starts a pipeline of p.
func StarterOf(p *spec.Project, pl *spec.Pipeline) Starter { return starters[p.Orchestrator(pl)] }
