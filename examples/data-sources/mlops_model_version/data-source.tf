resource "mlops_model_registry" "main" {
  name   = "main"
  mlflow = { tracking_uri = "https://mlflow.example.com", managed = false }
}

# What serves production.
data "mlops_model_version" "champion" {
  registry = mlops_model_registry.main.spec
  model    = "fraud-detector"
  alias    = "champion"
}

# What would, by one metric alone.
data "mlops_model_version" "best" {
  registry = mlops_model_registry.main.spec
  model    = "fraud-detector"
  best     = { metric = "auc_roc", order = "max" }
}

output "champion" {
  value = "version ${data.mlops_model_version.champion.version}, auc_roc ${data.mlops_model_version.champion.metrics.auc_roc}"
}

output "best" {
  value = data.mlops_model_version.best.uri
}
