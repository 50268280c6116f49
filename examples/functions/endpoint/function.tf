output "spec" {
  value = provider::mlops::endpoint({ name = "score", model = "fraud-detector", replicas = { min = 1, max = 4 } })
}
