terraform import mlops_bucket.artifacts fraud/fraud-artifacts
