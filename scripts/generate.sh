#!/bin/sh
# Writes docs/ from the provider's schemas, the examples and templates/.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.tools/bin:$PATH"
terraform=${TERRAFORM:-$(command -v terraform || echo "$PWD/.tools/bin/terraform")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -trimpath -o "$work/terraform-provider-mlops" .
cat > "$work/terraformrc" <<EOF
provider_installation {
  dev_overrides { "gitops-ml/mlops" = "$work" }
  direct {}
}
EOF
mkdir "$work/config"
printf 'terraform {\n  required_providers {\n    mlops = { source = "gitops-ml/mlops" }\n  }\n}\n' > "$work/config/main.tf"
(cd "$work/config" && TF_CLI_CONFIG_FILE="$work/terraformrc" "$terraform" providers schema -json) |
  sed 's#registry.terraform.io/gitops-ml/mlops#registry.terraform.io/hashicorp/mlops#g' > "$work/schema.json" # where the generator looks
tfplugindocs generate --provider-name mlops --providers-schema "$work/schema.json" --rendered-website-dir docs
