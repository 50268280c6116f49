output "spec" {
  value = provider::mlops::pipeline({
    name  = "nightly"
    image = "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    steps = { report = { command = ["python", "-m", "fraud.report"] } }
  })
}
