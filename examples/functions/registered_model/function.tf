output "spec" {
  value = provider::mlops::registered_model({ name = "fraud-detector", registry = "main", gates = [{ metric = "auc_roc", op = ">=", threshold = 0.92 }] })
}
