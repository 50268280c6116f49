resource "mlops_pipeline" "train" {
  name  = "train"
  image = "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

  parameters = {
    learning_rate = { type = "number", default = 0.05 }
  }

  steps = {
    prepare = {
      command = ["python", "-m", "fraud.prepare"]
      args    = ["--data", "$(inputs.transactions)", "--out", "$(outputs.features)"]
      inputs  = { transactions = "dataset.transactions" }
      outputs = ["features"]
    }
    train = {
      command   = ["python", "-m", "fraud.train"]
      args      = ["--features", "$(inputs.features)", "--learning-rate", "$(params.learning_rate)", "--model", "$(outputs.model)", "--metrics", "$(metrics)"]
      inputs    = { features = "prepare.features" }
      outputs   = ["model"]
      resources = { cpu = "4", memory = "8Gi" }
      retries   = 2
      timeout   = "2h"
    }
  }

  trains    = { model = "fraud-detector", artifact = "train.model", metrics = "train" }
  artifacts = "fraud-artifacts"
  triggers = {
    schedule = { cron = "0 3 * * *", timezone = "Europe/Paris" }
    push     = { branches = ["main"], paths = ["src/**"] }
  }
}
