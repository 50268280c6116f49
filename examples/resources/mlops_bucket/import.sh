# On a cloud CLOUD:ID, on cloud local PLATFORM/NAME
terraform import mlops_bucket.artifacts aws:acme-artifacts
terraform import mlops_bucket.artifacts azure:fraud/fraud-artifacts
terraform import mlops_bucket.artifacts fraud/fraud-artifacts
