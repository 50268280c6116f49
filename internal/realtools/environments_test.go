package realtools_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// TestEnvironments: the environment of every orchestrator, cloud and tracker holds what the checks import.
func TestEnvironments(t *testing.T) {
	t.Parallel()
	for env, text := range map[string]string{
		"airflow": `import airflow.sdk, airflow.dag_processing.dagbag, airflow.providers.cncf.kubernetes.operators.pod, airflow.providers.standard.operators.bash
assert airflow.__version__.startswith("3.")`,
		"airflow2": `import airflow.decorators, airflow.models.dagbag, airflow.operators.bash, airflow.providers.cncf.kubernetes.operators.pod
assert airflow.__version__.startswith("2.")`,
		"prefect": `import prefect_kubernetes
from prefect.server.api.server import create_app
create_app(ephemeral=True)`,
		"dagster": "import dagster, dagster_k8s, dagster_webserver",
		"kfp": `import kfp.components, kfp.kubernetes
from kfp.pipeline_spec import pipeline_spec_pb2`,
		"google": "import google.cloud.aiplatform",
		"sagemaker": `import botocore.session, sagemaker
botocore.session.Session().get_service_model("sagemaker").operation_model("CreatePipeline")`,
		"azure": "import azure.ai.ml, azure.identity",
		"moto":  `import moto.events, moto.iam, moto.s3, moto.sagemaker, moto.server`,
		"wandb": `import wandb
from wandb.proto import wandb_internal_pb2`,
		"clearml": "import clearml",
		"neptune": "import neptune, pkg_resources",
		"lakefs":  "import lakefs, lakefs_sdk",
	} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			vars := []string{"HOME=" + home, "AIRFLOW_HOME=" + home, "PREFECT_HOME=" + home, "DAGSTER_HOME=" + home}
			realtools.Run(t, "python "+env, home, vars, realtools.Python(t, env), "-c", text).Accept(t, env)
		})
	}
}

func TestGitLabCILocal(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, dir string) realtools.Result {
		for _, args := range [][]string{
			{"init", "--quiet", "--initial-branch", "main"},
			{"remote", "add", "origin", "https://gitlab.example.com/ml/fraud.git"},
			{"add", "."},
			{"-c", "user.name=ci", "-c", "user.email=ci@example.com", "commit", "--quiet", "-m", "pipeline"},
		} {
			realtools.Run(t, "git", dir, nil, "git", args...).Accept(t, "git "+args[0])
		}
		return realtools.GitLabCILocal(t, dir, nil, "--needs", "train")
	}
	good := files{".gitlab-ci.yml": "prepare:\n  script: [echo AUC=1 >out.env]\n  artifacts: {reports: {dotenv: out.env}}\n" +
		"train:\n  needs: [prepare]\n  script: ['test \"$AUC\" = 1']\n", ".gitignore": ".gitlab-ci-local/\n"}
	bite(t, map[string]tooth{
		"unknown key":        {good, "artifacts:", "artefacts:", "artefacts", run},
		"unknown job":        {good, "needs: [prepare]", "needs: [prepares]", "prepares", run},
		"job that fails":     {good, "test ", "test ! ", "FAIL", run},
		"report of another":  {good, "AUC=1", "AUC=0", "FAIL", run},
		"job without script": {good, "  script: [echo AUC=1 >out.env]\n", "", "script", run},
	})
}
