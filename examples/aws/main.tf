# A platform on AWS beside the big provider: it makes the network, the cluster and the buckets that
# are already there; this one makes what belongs to the platform, and takes the ids of the others.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws   = { source = "hashicorp/aws" }
    mlops = { source = "gitops-ml/mlops" }
  }
}

provider "mlops" {
  aws = { region = "eu-west-1" }
}

variable "tracker_api_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "aws_s3_bucket" "data" {
  bucket = "acme-transactions"
}

resource "aws_eks_cluster" "ml" {
  name     = "ml-prod"
  role_arn = "arn:aws:iam::123456789012:role/eks"
  vpc_config { subnet_ids = ["subnet-a", "subnet-b"] }
}

resource "mlops_platform" "fraud" {
  name         = "fraud"
  owner        = "fraud-ml"
  cloud        = "aws"
  region       = "eu-west-1"
  cluster      = { name = aws_eks_cluster.ml.name } # no oidc_issuer: identities use EKS Pod Identity
  secret_store = "aws_secrets_manager"
  environments = { staging = {}, production = { promote_from = "staging" } }
}

# A bucket that exists is used as it is, never changed.
resource "mlops_bucket" "data" {
  platform = mlops_platform.fraud.spec
  name     = "data"
  existing = aws_s3_bucket.data.bucket
}

resource "mlops_bucket" "artifacts" {
  platform  = mlops_platform.fraud.spec
  name      = "acme-fraud-artifacts"
  lifecycle = [{ prefix = "tmp/", expire_after_days = 30 }, { noncurrent_expire_after_days = 90 }]
}

resource "mlops_gpu_pool" "train" {
  platform         = mlops_platform.fraud.spec
  name             = "train-l4"
  accelerator      = { type = "nvidia-l4", count = 1 }
  nodes            = { min = 0, max = 8 }
  capacity         = ["spot", "on_demand"]
  max_hourly_price = 1.50
}

resource "mlops_secret" "tracker" {
  platform         = mlops_platform.fraud.spec
  name             = "tracker"
  path             = "fraud/tracker"
  value_wo         = { api_key = var.tracker_api_key }
  value_wo_version = 1
  sync             = { namespaces = ["fraud-training"] }
}

resource "mlops_identity" "trainer" {
  platform = mlops_platform.fraud.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants = [
    { access = "read", bucket = mlops_bucket.data.spec, prefix = "transactions/" },
    { access = "write", bucket = mlops_bucket.artifacts.spec },
    { access = "read", secret = mlops_secret.tracker.spec },
  ]
}

output "pool" {
  value = "${mlops_gpu_pool.train.instance_type}: ${mlops_gpu_pool.train.choice}"
}
