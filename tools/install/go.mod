module github.com/gitops-ml/terraform-provider-mlops/tools/install

go 1.26.0
