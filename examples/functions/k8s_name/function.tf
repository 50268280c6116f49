output "name" {
  value = provider::mlops::k8s_name("Fraud Detector_v2") # fraud-detector-v2
}
