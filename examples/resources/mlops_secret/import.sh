# STORE:ID; the next apply writes the values of the configuration as a new version
terraform import mlops_secret.tracker vault:secret/fraud/tracker
terraform import mlops_secret.tracker aws_secrets_manager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:fraud/tracker-AbCdEf
