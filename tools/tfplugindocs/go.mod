module github.com/gitops-ml/terraform-provider-mlops/tools/tfplugindocs

go 1.26.0
