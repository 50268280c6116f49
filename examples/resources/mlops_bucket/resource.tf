resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_bucket" "artifacts" {
  platform  = mlops_platform.fraud.spec
  name      = "fraud-artifacts"
  lifecycle = [{ prefix = "tmp/", expire_after_days = 30 }]
}
