output "accelerator" {
  value = provider::mlops::accelerator("nvidia-l4:2") # { type = "nvidia-l4", count = 2 }
}
