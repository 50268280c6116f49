terraform import mlops_identity.trainer fraud/trainer
