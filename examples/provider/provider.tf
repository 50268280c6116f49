terraform {
  required_providers {
    mlops = { source = "gitops-ml/mlops" }
  }
}

provider "mlops" {
  tags = { cost_center = "1234" }
  git = {
    author = { name = "platform-bot", email = "platform-bot@example.com" }
  }
}
