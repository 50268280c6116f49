"""Real client, offline: what stands in the operations' log afterwards."""

import base64
import json
import os
from pathlib import Path

os.environ["NEPTUNE_MODE"] = "offline"
import flow  # noqa: E402

made = flow.project("neptune", project="acme/fraud")
code, said = flow.train(made)
assert code == 0, said
assert "recorded: a run of fraud-detector offline, for neptune:acme/fraud" in said, said
(file,) = Path(".neptune/offline").rglob("data-1.log")
decoder, text, at, wrote, uploads, tags = json.JSONDecoder(), file.read_text(), 0, {}, {}, []
while at < len(text):
    entry, end = decoder.raw_decode(text, at)
    at = end + len(text[end:]) - len(text[end:].lstrip())
    operation = entry["obj"]
    field = "/".join(operation["path"])
    if operation["type"].startswith("Assign"):
        wrote[field] = operation["value"]
    elif operation["type"] in ("UploadFile", "UploadFileContent"):
        uploads[field] = operation
    elif operation["type"] == "AddStrings":
        tags += operation["values"]
assert (wrote["metrics/auc_roc"], wrote["metrics/accuracy"], wrote["metrics/n_samples"]) == (0.98973, 0.958, 143.0), wrote
assert (wrote["parameters/learning_rate"], wrote["parameters/n_estimators"]) == ("0.05", "200"), wrote
assert wrote["mlops/model"] == "fraud-detector" and wrote["mlops/source"] == "neptune:acme/fraud/offline/files/model", wrote
assert json.loads(wrote["mlops/tags"])["mlops.digest"].startswith("sha256:")
assert sorted(uploads) == ["files/mlops/lineage.json", "files/model/MLmodel", "files/model/model.skops"], uploads
kept = [Path(found) for found in file.parent.rglob("*") if found.is_file()]
for field, operation in uploads.items():
    (copy,) = [each for each in kept if each.name == operation["tmp_file_name"]]
    if field.startswith("files/model/"):
        assert copy.read_bytes() == (made.artifact / Path(field).name).read_bytes(), field
    else:
        assert json.loads(copy.read_text())["model"]["name"] == "fraud-detector"
assert tags == ["mlops/fraud-detector"], tags
opened = flow.reg.connect(flow.load_model(made.model))
flow.refused("offline and cannot be read", opened.aliases, flow.NAME)

os.environ["NEPTUNE_MODE"] = "async"
for address, sentence in (("https://app.neptune.ai", "shut down on 2026-03-05"), ("https://other.example.com", "base_url of this registry is")):
    os.environ["NEPTUNE_API_TOKEN"] = base64.b64encode(json.dumps({"api_address": address}).encode()).decode()
    made = flow.project("neptune", project="acme/fraud", base_url="https://neptune.example.com")
    flow.refused(sentence, flow.reg.connect, flow.load_model(made.model))
os.environ["NEPTUNE_API_TOKEN"] = "nonsense"
flow.refused("is not a token of a Neptune server", flow.reg.connect, flow.load_model(made.model))
print("read back:", json.dumps(sorted(wrote)))
