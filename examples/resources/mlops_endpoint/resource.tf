resource "mlops_endpoint" "score" {
  name        = "fraud-score"
  model       = "fraud-detector"
  runtime     = "mlserver"
  resources   = { cpu = "2", memory = "4Gi" }
  replicas    = { min = 2, max = 20 }
  autoscaling = { metric = "rps", target = 50 }
  slo         = { availability = 99.9, latency_p95_ms = 120, window = "30d" }

  monitors = {
    drift = { dataset = "transactions", method = "psi", threshold = 0.2, schedule = "0 * * * *", retrain = "train" }
  }
  alerts       = { receivers = ["slack:#fraud-ml"], runbook = "https://runbooks.example.com/fraud-score" }
  environments = { staging = { replicas = { min = 1, max = 2 } } }
}
