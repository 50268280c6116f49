output "uri" {
  value = provider::mlops::model_uri("fraud-detector", "champion") # models:/fraud-detector@champion
}
