resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  cloud        = "aws"
  region       = "eu-west-1"
  cluster      = { name = "ml" }
  environments = { staging = {}, production = { promote_from = "staging" } }
}

# A pool that exists elsewhere may be priced without making it: its spec is known at plan.
output "platform" {
  value = provider::mlops::monthly_cost(mlops_platform.fraud.spec) # what is no pool costs nothing
}
