resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  secret_store = "vault"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_secret" "tracker" {
  platform = mlops_platform.fraud.spec
  name     = "tracker"
  generate = { password = { length = 32 } }
}

# The values are in no state and no plan: for other providers and write-only attributes.
ephemeral "mlops_secret" "tracker" {
  platform = mlops_platform.fraud.spec
  secret   = mlops_secret.tracker.spec
  id       = mlops_secret.tracker.id
}
