# A platform on Azure beside the big provider: it makes the cluster and the containers that are
# already there; this one makes what belongs to the platform, and takes the ids of the others.

terraform {
  required_version = ">= 1.11"
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
    mlops   = { source = "gitops-ml/mlops" }
  }
}

provider "mlops" {
  azure = { subscription_id = "00000000-0000-0000-0000-000000000000", resource_group = "ml", location = "westeurope" }
}

resource "azurerm_kubernetes_cluster" "ml" {
  name                = "ml-prod"
  location            = "westeurope"
  resource_group_name = "ml"
}

resource "azurerm_storage_container" "data" {
  name                 = "transactions"
  storage_account_name = "acmedata"
}

resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  cloud        = "azure"
  region       = "westeurope"
  cluster      = { name = azurerm_kubernetes_cluster.ml.name }
  environments = { staging = {}, production = { promote_from = "staging" } }
}

resource "mlops_bucket" "data" {
  platform = mlops_platform.fraud.spec
  name     = "data"
  existing = "abfss://${azurerm_storage_container.data.name}@${azurerm_storage_container.data.storage_account_name}.dfs.core.windows.net"
}

resource "mlops_bucket" "artifacts" {
  platform = mlops_platform.fraud.spec
  name     = "fraud-artifacts"
}

# Azure sells no L4: a machine with an accelerator that is sold everywhere.
resource "mlops_gpu_pool" "train" {
  platform    = mlops_platform.fraud.spec
  name        = "train-t4"
  accelerator = { type = "nvidia-t4", count = 1 }
  nodes       = { min = 0, max = 8 }
  capacity    = ["spot", "on_demand"]
}

resource "mlops_identity" "trainer" {
  platform = mlops_platform.fraud.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants   = [{ access = "write", bucket = mlops_bucket.artifacts.spec }]
}
