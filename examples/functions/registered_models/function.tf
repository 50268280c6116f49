output "specs" {
  value = provider::mlops::registered_models([for n in range(3) : { name = "model-${n}", registry = "main", gates = [] }])
}
