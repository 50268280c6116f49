locals {
  gates = [
    { metric = "auc_roc", op = ">=", threshold = 0.92 },
    { metric = "auc_roc", op = ">=", baseline = "champion", tolerance = 0.005 },
  ]
  verdict = provider::mlops::gate(local.gates, { auc_roc = 0.957 }, { auc_roc = 0.96 })
}

output "accepted" {
  value = local.verdict.accepted # true: 0.957 is not below 0.955
}

output "sentences" {
  value = local.verdict.findings[*].sentence
}
