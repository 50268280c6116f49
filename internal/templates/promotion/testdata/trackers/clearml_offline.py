"""Real client, offline: what stands in the session folder afterwards."""

import json
import os
from pathlib import Path

os.environ |= {"CLEARML_OFFLINE_MODE": "1", "HOME": str(Path().absolute())}
import flow  # noqa: E402

made = flow.project("clearml", api_host="https://clearml.example.com")
code, said = flow.train(made)
assert code == 0, said
assert "recorded: a run of fraud-detector offline, for clearml:https://clearml.example.com/fraud-detector" in said, said
(file,) = Path().rglob("task.json")
task = json.loads(file.read_text())
assert task["name"] == "fraud-detector train", task
hyper = {f"{section}/{name}": entry["value"] for section, names in task["hyperparams"].items() for name, entry in names.items()}
assert (hyper["parameters/learning_rate"], hyper["parameters/n_estimators"]) == ("0.05", "200"), hyper
assert hyper["mlops/mlops.digest"].startswith("sha256:"), hyper
values = {}
for line in (file.parent / "metrics.jsonl").read_text().splitlines():
    for event in json.loads(line):
        values[event.get("variant")] = event.get("value")
assert (values["auc_roc"], values["accuracy"], values["n_samples"]) == (0.98973, 0.958, 143.0), values
kept = {artifact["key"]: artifact for artifact in task["execution"]["artifacts"]}
assert sorted(kept) == ["mlops", "model"], kept
assert all(Path(artifact["uri"]).is_file() for artifact in kept.values()), kept
opened = flow.reg.connect(flow.load_model(made.model))
flow.refused("offline and cannot be read", opened.aliases, flow.NAME)
print("read back:", json.dumps(sorted(values)))
