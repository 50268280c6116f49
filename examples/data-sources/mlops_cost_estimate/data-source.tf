resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_gpu_pool" "train" {
  platform    = mlops_platform.fraud.spec
  name        = "train-l4"
  accelerator = { type = "nvidia-l4", count = 1 }
  nodes       = { min = 1, max = 4 }
}

data "mlops_cost_estimate" "all" {
  contains = [mlops_gpu_pool.train.spec]
}

output "monthly" {
  value = data.mlops_cost_estimate.all.monthly
}
