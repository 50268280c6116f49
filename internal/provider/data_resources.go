package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// NewDatasetResource declares a pinned body of data.
func NewDatasetResource() resource.Resource {
	return &logicalResource{kind: spec.KindDataset, schema: schemaOf("A pinned body of data that pipelines read. Exactly one source is set."+logicalNote,
		attributes{
			"name": requiredText("Lower-case letters, digits and dashes, at most 40 characters."),
			"local": nested("A file of the emitted repository, and in a cluster of the bucket's volume.", attributes{
				"path": text("Relative path, such as `data/transactions.csv`."),
			}),
			"dvc": nested("What `dvc add data/PATH` made in the emitted repository, at a revision of Git.", attributes{
				"bucket": text("Bucket that is the DVC remote."), "path": text("Path below `data/`."), "revision": text("Tag, branch or commit."),
			}),
			"lakefs": nested("A path in lakeFS.", attributes{
				"endpoint": text("Address of the server."), "repository": text("Repository."), "ref": text("Branch, tag or commit."), "path": text("Path in it."),
				"credentials": nested("Credentials of the client, by reference.", attributes{
					"secret": text("Name of an `mlops_secret`."), "keys": textMap("Environment variable → key of the secret: `" + strings.Join(spec.LakeFSVariables, "`, `") + "`."),
				}),
			}),
			"bucket": nested("A prefix of a bucket.", attributes{
				"name": text("The bucket."), "prefix": text("The prefix."),
			}),
			"columns": nestedMap("What the data-quality gate expects, by column. Rows that break it stop the pipeline.", attributes{
				"type":     choice("Type of the values.", "column", ""),
				"min":      number("Least value."),
				"max":      number("Greatest value."),
				"nullable": flag("Whether a value may be missing; default `false`."),
				"values":   texts("The only values allowed."),
			}),
		})}
}

// NewModelRegistryResource declares an experiment tracker and model registry.
func NewModelRegistryResource() resource.Resource {
	return &logicalResource{kind: spec.KindRegistry, schema: schemaOf("An experiment tracker and model registry. `managed = true` lets the emitted repository deploy it."+logicalNote,
		attributes{
			"name": requiredText("Lower-case letters, digits and dashes, at most 40 characters."),
			"type": choice("The system.", "registry", "mlflow"),
			"mlflow": nested("MLflow.", attributes{
				"tracking_uri": text("Address of the server as pods reach it; default `" + spec.ManagedMLflow + "` when managed."),
				"managed":      flag("Whether the emitted repository deploys the server; default `true` unless `tracking_uri` is set."),
			}),
			"weights_and_biases": nested("Weights & Biases: runs, and a registry collection for each model.", attributes{
				"entity": text("Account or team."), "project": text("Project."), "base_url": text("Address of an own server."),
			}),
			"neptune": nested("Neptune: runs on an own server, or offline. The hosted service was shut down on "+spec.NeptuneShutdown+".", attributes{
				"project": text("Project, written `workspace/project`."), "base_url": text("Address of an own server."),
			}),
			"clearml": nested("ClearML: tasks and models.", attributes{
				"api_host": text("Address of the API server, with `https://`."), "web_host": text("Address of the web server."),
				"files_host": text("Address of the file server."), "project": text("Project that runs go to; the model's name when left out."),
			}),
			"sagemaker": nested("SageMaker model registry. On another cloud than `aws` these settings must be given.", attributes{
				"region": text("Region; default the platform's."), "model_package_group_prefix": text("Put before the model's name in the name of its model package group."),
			}),
			"azureml": nested("Azure Machine Learning. On another cloud than `azure` these settings must be given.", attributes{
				"workspace": text("Workspace."), "resource_group": text("Resource group."), "subscription_id": text("Subscription."),
			}),
			"vertex": nested("Vertex AI Model Registry. On another cloud than `google` these settings must be given.", attributes{
				"project": text("Google Cloud project."), "location": text("Location, such as `europe-west1`."),
			}),
			"credentials": nested("Credentials of the clients, by reference.", attributes{
				"secret": text("Name of an `mlops_secret`."), "keys": textMap("Environment variable → key of the secret. `API_KEY` stands for `WANDB_API_KEY` and `NEPTUNE_API_TOKEN` too."),
			}),
		})}
}
