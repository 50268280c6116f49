# What can be had with an L4 on AWS, and what it costs by the list.
data "mlops_accelerators" "l4" {
  cloud = "aws"
  type  = "nvidia-l4"
}

output "machines" {
  value = { for m in data.mlops_accelerators.l4.machines : m.instance_type => m.on_demand }
}
