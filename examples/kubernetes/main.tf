# A platform in a cluster of one's own: buckets are claims, pools are flavours of Kueue, and all of it
# comes from the emitted repository. No account is needed.

terraform {
  required_version = ">= 1.11"
  required_providers {
    mlops = { source = "gitops-ml/mlops" }
  }
}

resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  cloud        = "kubernetes"
  queueing     = "kueue"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_bucket" "artifacts" {
  platform = mlops_platform.fraud.spec
  name     = "fraud-artifacts"
}

resource "mlops_gpu_pool" "train" {
  platform    = mlops_platform.fraud.spec
  name        = "train-a100"
  accelerator = { type = "nvidia-a100", count = 8 }
  nodes       = { min = 2, max = 2 }
  sharing     = { strategy = "mig", profile = "1g.5gb" }
}

resource "mlops_identity" "trainer" {
  platform = mlops_platform.fraud.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants   = [{ access = "write", bucket = mlops_bucket.artifacts.spec }]
}
