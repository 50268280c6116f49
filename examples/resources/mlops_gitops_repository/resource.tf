variable "repository_url" { type = string }

resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  environments = { staging = {}, production = { promote_from = "staging", approvals = 1 } }
}

resource "mlops_gitops_repository" "this" {
  url      = var.repository_url
  branch   = "main"
  on_drift = "revert"
  contains = [
    mlops_platform.fraud.spec,
    provider::mlops::model_registry({ name = "main", type = "mlflow", mlflow = { managed = true } }),
    provider::mlops::registered_model({ name = "fraud-detector", registry = "main", gates = [{ metric = "auc_roc", op = ">=", threshold = 0.92 }] }),
  ]
}

output "files" { value = mlops_gitops_repository.this.files }
