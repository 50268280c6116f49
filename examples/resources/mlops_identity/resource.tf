resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_bucket" "artifacts" {
  platform = mlops_platform.fraud.spec
  name     = "fraud-artifacts"
}

resource "mlops_identity" "trainer" {
  platform = mlops_platform.fraud.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants = [
    { access = "read", bucket = mlops_bucket.artifacts.spec, prefix = "data/" },
    { access = "write", bucket = mlops_bucket.artifacts.spec, prefix = "runs/" },
  ]
}
