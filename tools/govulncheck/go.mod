module github.com/gitops-ml/terraform-provider-mlops/tools/govulncheck

go 1.26.0
