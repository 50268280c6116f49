"""Real client, offline: what stands in the .wandb file afterwards."""

import json
import os
import struct
from pathlib import Path

os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": "."}
import flow  # noqa: E402

import wandb  # noqa: E402
from wandb.proto import wandb_internal_pb2  # noqa: E402


def records(path):
    """Read the LevelDB log records of a .wandb file: blocks of 32 KiB, header crc32, length, type."""
    data, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack("<IHB", data[at : at + 7])
        parts += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


made = flow.project("weights_and_biases", entity="acme", project="fraud")
code, said = flow.train(made)
assert code == 0, said
assert "recorded: a run of fraud-detector offline, for weights_and_biases:acme/fraud" in said, said
assert "no challenger" in said, said
wandb.teardown()  # what the client does when a program ends: only then is the file whole
(file,) = Path().glob("wandb/offline-run-*/run-*.wandb")
runs, config, summary, artifacts, ends = [], {}, {}, {}, []
for record in records(file):
    kind = record.WhichOneof("record_type")
    if kind == "run":
        runs.append(record.run)
        config |= {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.run.config.update}
    elif kind == "config":
        config |= {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.config.update}
    elif kind == "history":
        summary |= {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
    elif kind == "artifact" or (kind == "request" and record.request.HasField("log_artifact")):
        given = record.artifact if kind == "artifact" else record.request.log_artifact.artifact
        artifacts[given.type] = {entry.path for entry in given.manifest.contents}
    elif kind == "exit":
        ends.append(record.exit.exit_code)
assert runs and (runs[0].entity, runs[0].project, runs[0].run_group) == ("acme", "fraud", "fraud-detector"), runs
assert (summary["auc_roc"], summary["accuracy"], summary["n_samples"]) == (0.98973, 0.958, 143.0), summary
assert (config["learning_rate"], config["n_estimators"]) == ("0.05", "200"), config
assert config["mlops"]["mlops.digest"].startswith("sha256:"), config["mlops"]
assert artifacts == {"model": {"MLmodel", "model.skops"}, "lineage": {"lineage.json"}}, artifacts
assert ends == [0], ends
opened = flow.reg.connect(flow.load_model(made.model))
flow.refused("offline and cannot be read", opened.aliases, flow.NAME)
flow.refused("offline and cannot be read", opened.set_alias, flow.NAME, "champion", "1")
print("read back:", json.dumps({"metrics": len(summary), "artifacts": sorted(artifacts)}))
