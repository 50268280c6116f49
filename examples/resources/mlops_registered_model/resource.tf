resource "mlops_model_registry" "main" {
  name   = "main"
  type   = "mlflow"
  mlflow = { managed = true }
}

resource "mlops_registered_model" "detector" {
  name     = "fraud-detector"
  registry = mlops_model_registry.main.spec

  gates = [
    { metric = "auc_roc", op = ">=", threshold = 0.92 },
    { metric = "auc_roc", op = ">=", baseline = "champion", tolerance = 0.005 },
    { metric = "latency_p95_ms", op = "<=", threshold = 50, required = false },
  ]
  promotion = { to = ["staging", "production"], mode = "pull_request", soak = "24h" }
}
