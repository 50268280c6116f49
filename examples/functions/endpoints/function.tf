output "specs" {
  value = provider::mlops::endpoints([for n in range(3) : { name = "score-${n}", model = "model-${n}" }])
}
