#!/bin/sh
# Shows the whole product in front of the user, in a folder of its own that is
# made anew each time: plan, one commit, train, gate, register, promote, reject.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
work="$here/.demo"
terraform=${TERRAFORM:-$(command -v terraform || echo "$here/.tools/bin/terraform")}

say() { printf '\n== %s\n' "$*"; }
tf() { "$terraform" "$@"; }

rm -rf "$work"
mkdir -p "$work/config"
say "A bare Git repository stands for your Git server: .demo/fraud-gitops.git"
git init -q --bare -b main "$work/fraud-gitops.git"

cp "$here/examples/quickstart/main.tf" "$work/config/main.tf"
cat > "$work/terraformrc" <<EOF
provider_installation {
  dev_overrides { "gitops-ml/mlops" = "$here/dist" }
  direct {}
}
EOF
export TF_CLI_CONFIG_FILE="$work/terraformrc" TF_IN_AUTOMATION=1 TF_VAR_repository_url="file://$work/fraud-gitops.git"
cd "$work/config"

say "terraform plan of examples/quickstart: the first plan names every file that will be committed"
tf plan -input=false -no-color -out=tfplan >plan.txt
tf show -json tfplan | python3 -c '
import json, sys
for change in json.load(sys.stdin)["resource_changes"]:
    if change["address"] == "mlops_gitops_repository.this":
        files = change["change"]["after"]["files"]
        for path in sorted(files):
            print(f"   {files[path][:12]}  {path}")
        print(f"   {len(files)} files")
'

say "terraform apply: one commit"
tf apply -input=false -no-color tfplan | grep -E "^Apply complete" || exit 1
git -C "$work/fraud-gitops.git" log --format='   %h %an: %s' main

say "Clone what was emitted and prepare it (make setup)"
git clone -q "$work/fraud-gitops.git" "$work/clone"
cd "$work/clone"
git config user.name demo
git config user.email demo@example.com
export MLFLOW_TRACKING_URI="sqlite:///$work/mlflow.db"
make setup >"$work/setup.log" 2>&1 || { tail -30 "$work/setup.log"; exit 1; }

say "make train-train: run the steps, apply the gate, register in MLflow"
make train-train

say "What MLflow holds now"
.venv/bin/python - <<'EOF'
from mlflow import MlflowClient

client = MlflowClient()
version = client.get_model_version_by_alias("fraud-detector", "challenger")
run = client.get_run(version.run_id)
auc = run.data.metrics["auc_roc"]
print(f"   fraud-detector version {version.version}, alias challenger, auc_roc {auc:.5f} (gate: >= 0.92)")
raise SystemExit(0 if auc >= 0.92 else 1)
EOF

say "make promote-fraud-detector ENVIRONMENT=staging: pin the version, write its lineage"
make promote-fraud-detector ENVIRONMENT=staging
git add -A models lineage
git commit -q -m "Promote fraud-detector to staging"
git push -q origin main
sed 's/^/   /' models/fraud-detector/staging.yaml
ls lineage/fraud-detector | sed 's,^,   lineage/fraud-detector/,'

say "terraform plan again: the promotion belongs to the repository, nothing is to do"
cd "$work/config"
tf plan -input=false -no-color -detailed-exitcode >plan2.txt && echo "   No changes." || { cat plan2.txt; exit 1; }

say "Train on noise: labels drawn by lot must be rejected"
cd "$work/clone"
.venv/bin/python - <<'EOF'
import csv, random

path = "data/transactions.csv"
rows = list(csv.reader(open(path, newline="")))
label = rows[0].index("label")
lots = random.Random(7)
for row in rows[1:]:
    row[label] = str(lots.randint(0, 1))
csv.writer(open(path, "w", newline="")).writerows(rows)
EOF
if make train-train; then
  echo "   the noisy model was accepted: this must not happen"
  exit 1
fi
.venv/bin/python - <<'EOF'
from mlflow import MlflowClient

versions = MlflowClient().search_model_versions("name='fraud-detector'")
print(f"   rejected; the registry still holds {len(versions)} version(s), challenger is untouched")
raise SystemExit(0 if len(versions) == 1 else 1)
EOF

say "Done. Look around in .demo/clone"
