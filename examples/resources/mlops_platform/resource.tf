resource "mlops_platform" "fraud" {
  name  = "fraud"
  owner = "fraud-ml"

  environments = {
    staging = {
      quota = { cpu = "64", memory = "256Gi", accelerators = { "nvidia-l4" = 4 } }
    }
    production = {
      promote_from = "staging"
      approvals    = 2
      approvers    = ["@acme/ml-leads"]
      freeze       = [{ cron = "0 18 * * 5", duration = "62h", timezone = "Europe/Paris" }]
      budget       = { monthly = 20000, alert_at = [0.5, 0.8, 1.0] }
    }
  }
}
