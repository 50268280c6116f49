// Package all lists the targets. A new system is one folder and one line here.
package all

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/airflow"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argocd"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoworkflows"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/azureml"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/cluster"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/clusterautoscaler"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/dagster"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/dvc"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/evidently"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/execution"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/externalsecrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/githubactions"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/gitlabci"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/gpusharing"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/grafana"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/karpenter"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/keda"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kserve"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kubeflow"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kubernetes"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kueue"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/lakefs"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/mlflow"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/opencost"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/prefect"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/prometheus"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/repository"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/sagemaker"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/starter"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/vertex"
)

// Targets returns every target, in the order they run.
func Targets() []templates.Target {
	return []templates.Target{
		repository.Target{},        // README, Makefile and settings of the repository itself
		starter.Target{},           // the team's first code
		promotion.Target{},         // gate, registration and promotion programs, model pins
		argoworkflows.Target{},     // pipelines in the cluster
		azureml.Target{},           // the same, on Azure ML
		sagemaker.Target{},         // the same, on SageMaker
		kubeflow.Target{},          // the same, on Kubeflow Pipelines
		vertex.Target{},            // the same, on Vertex AI
		airflow.Target{},           // the same, for Airflow
		prefect.Target{},           // the same, for Prefect
		dagster.Target{},           // the same, for Dagster
		execution.Target{},         // what Airflow, Dagster and Prefect run tasks with
		cluster.Target{},           // what pods of pipelines need, whoever starts them
		dvc.Target{},               // the same pipelines on a laptop
		lakefs.Target{},            // what people must know of data in lakeFS
		mlflow.Target{},            // tracking server
		githubactions.Target{},     // validate, train, promote
		gitlabci.Target{},          // the same, on GitLab
		kubernetes.Target{},        // namespaces, quotas, policies, volumes
		externalsecrets.Target{},   // secrets of a store
		kueue.Target{},             // the queue of runs
		karpenter.Target{},         // pools that Karpenter makes
		gpusharing.Target{},        // accelerators that pods share
		clusterautoscaler.Target{}, // which nodes are started first
		kserve.Target{},            // endpoints
		keda.Target{},              // autoscaling
		prometheus.Target{},        // rules and their tests
		grafana.Target{},           // dashboards
		opencost.Target{},          // cost
		evidently.Target{},         // drift, quality and performance jobs
		argocd.Target{},            // what reconciles all of it
	}
}
