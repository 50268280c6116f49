module github.com/gitops-ml/terraform-provider-mlops/tools/golangci-lint

go 1.26.0
