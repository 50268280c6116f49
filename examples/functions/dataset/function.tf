output "spec" {
  value = provider::mlops::dataset({ name = "transactions", local = { path = "data/transactions.csv" } })
}
