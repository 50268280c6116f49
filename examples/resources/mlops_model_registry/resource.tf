resource "mlops_model_registry" "main" {
  name   = "main"
  type   = "mlflow"
  mlflow = { managed = true } # the emitted repository deploys the server
}
