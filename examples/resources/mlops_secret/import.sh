terraform import mlops_secret.tracker tracker
