# CLOUD:ID, where the id is what the cloud calls the identity; on cloud local PLATFORM/NAME
terraform import mlops_identity.trainer aws:arn:aws:iam::123456789012:role/mlops/fraud-trainer
terraform import mlops_identity.trainer fraud/trainer
