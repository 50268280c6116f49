# A platform on Google Cloud beside the big provider: it makes the cluster and the buckets that are
# already there; this one makes what belongs to the platform, and takes the ids of the others.

terraform {
  required_version = ">= 1.11"
  required_providers {
    google = { source = "hashicorp/google" }
    mlops  = { source = "gitops-ml/mlops" }
  }
}

provider "mlops" {
  google = { project = "acme-ml", region = "europe-west1" }
}

resource "google_storage_bucket" "data" {
  name     = "acme-transactions"
  location = "EUROPE-WEST1"
}

resource "google_container_cluster" "ml" {
  name     = "ml-prod"
  location = "europe-west1"
}

resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  cloud        = "google"
  region       = "europe-west1"
  cluster      = { name = google_container_cluster.ml.name }
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_bucket" "data" {
  platform = mlops_platform.fraud.spec
  name     = "data"
  existing = google_storage_bucket.data.name
}

resource "mlops_bucket" "artifacts" {
  platform         = mlops_platform.fraud.spec
  name             = "acme-fraud-artifacts"
  soft_delete_days = 14
}

resource "mlops_gpu_pool" "train" {
  platform    = mlops_platform.fraud.spec
  name        = "train-l4"
  accelerator = { type = "nvidia-l4", count = 1 }
  nodes       = { min = 0, max = 8 }
  capacity    = ["spot", "on_demand"]
  sharing     = { strategy = "time_slicing", replicas = 4 }
}

# A direct principal: no service account of Google, no key, no annotation.
resource "mlops_identity" "trainer" {
  platform = mlops_platform.fraud.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants = [
    { access = "read", bucket = mlops_bucket.data.spec, prefix = "transactions/" },
    { access = "write", bucket = mlops_bucket.artifacts.spec },
  ]
}
