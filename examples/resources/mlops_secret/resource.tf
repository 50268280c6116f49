resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

# A Secret of the cluster that something else makes.
resource "mlops_secret" "tracker" {
  platform = mlops_platform.fraud.spec
  name     = "tracker"
  existing = "tracker-credentials"
}
