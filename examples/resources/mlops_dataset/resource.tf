resource "mlops_dataset" "transactions" {
  name  = "transactions"
  local = { path = "data/transactions.csv" }

  columns = {
    amount = { type = "number", min = 0 }
    label  = { type = "integer", values = [0, 1] }
  }
}
