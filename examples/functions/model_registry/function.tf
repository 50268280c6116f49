output "spec" {
  value = provider::mlops::model_registry({ name = "main", type = "mlflow", mlflow = { managed = true } })
}
