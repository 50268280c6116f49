package airflow

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// version is the Airflow that the chart runs: the one that the tests run.
const version = "3.3.2"

// Where the chart runs tasks: pipelines/run-by-airflow.yaml gives this account its
// rights in the training namespace.
const (
	namespace = "airflow"
	account   = "airflow-worker"
)

// credentials is a Secret that people make, so that no key stands in Git and none
// changes whenever Argo CD renders the chart. docs/airflow.md says what it holds.
const credentials = "airflow-credentials" //nolint:gosec // the name of a Secret

// values are the Helm values of the chart airflow. Tasks are processes of the
// scheduler, since all they do is wait for their pods; git-sync brings this repository
// into the scheduler and the DAG processor.
func values(p *spec.Project) encode.Map {
	off := encode.Map{{Key: "enabled", Value: false}}
	return encode.Map{
		{Key: "airflowVersion", Value: version},
		{Key: "defaultAirflowTag", Value: version},
		{Key: "executor", Value: "LocalExecutor"},
		{Key: "allowPodLaunching", Value: false}, // in its own namespace
		{Key: "env", Value: []encode.Map{{{Key: "name", Value: "MLOPS_EXECUTION"}, {Key: "value", Value: "kubernetes"}}}},
		{Key: "fernetKeySecretName", Value: credentials},
		{Key: "apiSecretKeySecretName", Value: credentials},
		{Key: "jwtSecretName", Value: credentials},
		{Key: "data", Value: encode.Map{{Key: "metadataSecretName", Value: credentials}}},
		{Key: "postgresql", Value: encode.Map{{Key: "auth", Value: encode.Map{
			{Key: "existingSecret", Value: credentials},
			{Key: "secretKeys", Value: encode.Map{{Key: "adminPasswordKey", Value: "postgres-password"}}},
		}}}},
		{Key: "createUserJob", Value: off}, // its user has a known password
		{Key: "migrateDatabaseJob", Value: encode.Map{ // Argo CD runs none of Helm's hooks
			{Key: "useHelmHooks", Value: false}, {Key: "applyCustomEnv", Value: false},
			{Key: "jobAnnotations", Value: encode.Map{{Key: "argocd.argoproj.io/hook", Value: "Sync"}}},
			{Key: "resources", Value: asks("100m", "512Mi", "1Gi")},
		}},
		{Key: "scheduler", Value: encode.Map{
			{Key: "serviceAccount", Value: encode.Map{{Key: "create", Value: true}, {Key: "name", Value: account}}},
			{Key: "resources", Value: asks("200m", "1Gi", "4Gi")},
		}},
		{Key: "workers", Value: encode.Map{{Key: "persistence", Value: encode.Map{{Key: "size", Value: "10Gi"}}}}}, // logs of tasks, kept by the scheduler
		{Key: "dagProcessor", Value: encode.Map{{Key: "enabled", Value: true}, {Key: "resources", Value: asks("100m", "512Mi", "1Gi")}}},
		{Key: "apiServer", Value: encode.Map{{Key: "resources", Value: asks("100m", "1Gi", "2Gi")}}},
		{Key: "triggerer", Value: off}, // no operator here is deferrable
		{Key: "statsd", Value: off},
		{Key: "dags", Value: encode.Map{{Key: "gitSync", Value: gitSync(p)}}},
	}
}

// gitSync follows the branch. The Secret git-credentials, which may be absent, holds
// username and password.
func gitSync(p *spec.Project) encode.Map {
	from := func(variable, key string) encode.Map {
		return encode.Map{{Key: "name", Value: variable}, {Key: "valueFrom", Value: encode.Map{{Key: "secretKeyRef", Value: encode.Map{
			{Key: "name", Value: "git-credentials"}, {Key: "key", Value: key}, {Key: "optional", Value: true},
		}}}}}
	}
	return encode.Map{
		{Key: "enabled", Value: true},
		{Key: "repo", Value: p.Repository.URL},
		{Key: "branch", Value: p.Repository.Branch},
		{Key: "ref", Value: p.Repository.Branch},
		{Key: "depth", Value: 1},
		{Key: "subPath", Value: p.Repository.Path},
		{Key: "period", Value: "30s"},
		{Key: "env", Value: []encode.Map{from("GITSYNC_USERNAME", "username"), from("GITSYNC_PASSWORD", "password")}},
		{Key: "resources", Value: asks("50m", "64Mi", "256Mi")},
	}
}

func asks(cpu, memory, limit string) encode.Map {
	return encode.Map{
		{Key: "requests", Value: encode.Map{{Key: "cpu", Value: cpu}, {Key: "memory", Value: memory}}},
		{Key: "limits", Value: encode.Map{{Key: "memory", Value: limit}}},
	}
}
