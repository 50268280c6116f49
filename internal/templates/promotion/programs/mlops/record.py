"""The lineage record ``lineage/<model>/<version>.json``, which must satisfy ``lineage/schema.json``.

Registration stores it with the run, as far as it is known then; promotion checks it against the tags of the version
and against the model's very bytes, adds what it knows itself, and commits it next to the pin.
"""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops import registry as reg
from mlops import statement
from mlops.config import read_json
from mlops.errors import Refused, Stop
from mlops.files import sha256_file, sha256_of
from mlops.register import LINEAGE_FILE
from mlops.registry import Registry, Version
from mlops.verdict import Finding, Metrics

SCHEMA = Path("lineage", "schema.json")
_STORED = "model"  # the folder of a run that registration stores the model in


def path_of(model: str, version: str) -> Path:
    """Say where a version's record lies below the repository's root."""
    return Path("lineage", model, f"{version}.json")


def statement_of(model: str, version: str) -> Path:
    """Say where its in-toto statement lies."""
    return Path("lineage", model, f"{version}.intoto.json")


def fetch(registry: Registry, version: Version) -> dict[str, Any]:
    """Fetch the record that registration stored with the run, and check it against the version's tags."""
    expected = version.tags.get(reg.LINEAGE)
    with tempfile.TemporaryDirectory() as folder:
        path = registry.download(version.run, LINEAGE_FILE, Path(folder)) if expected else None
        if path is None:
            raise Refused(
                f"version {version.number} has no lineage record: it was not registered by this repository's programs"
            )
        record = read_json(path, float)
    if (
        not isinstance(record, dict)
        or sha256_of(record) != expected
        or record["model"]["digest"] != version.tags.get(reg.DIGEST)
    ):
        raise Refused(f"the lineage record of version {version.number} is not the one that registration made")
    return record


def unknown(record: Mapping[str, Any], required: Sequence[str]) -> list[str]:
    """Name the required parts that the record itself does not know, whatever tags say."""
    data = [source["version"] for source in record["data"].values()]
    known = {
        "code": bool(record["code"]["version"]),
        "data": all(data),
        "environment": bool(record["environment"]["version"]),
        "parameters": record["parameters"] is not None,
    }
    return [part for part in required if not known[part]]


def altered(registry: Registry, version: Version, record: Mapping[str, Any]) -> list[str]:
    """Fetch the model's files one by one and name those that are not the ones that were registered."""
    said = []
    for entry in record["model"]["files"]:
        with tempfile.TemporaryDirectory() as folder:
            path = registry.download(version.run, f"{_STORED}/{entry['path']}", Path(folder))
            if path is None:
                said.append(f"file {entry['path']} of version {version.number} is gone from the registry")
            elif sha256_file(path) != entry["sha256"]:
                said.append(f"file {entry['path']} of version {version.number} is not the one that was registered")
    return said


def complete(
    record: Mapping[str, Any],
    version: Version,
    registry: str,
    judged: tuple[Metrics, Sequence[Finding]],
    promotions: Mapping[str, Any],
) -> dict[str, Any]:
    """Add what is known only now: the version, its metrics in the tracker, the gates, the promotions."""
    metrics, findings = judged
    datasets = list(record["data"])
    measured = {
        "dataset": datasets[0] if len(datasets) == 1 else None,
        "split": record["parameters"].get("split") or None,
        "seed": record["parameters"].get("seed") or None,
    }
    return {
        **record,
        "model": {**record["model"], "version": version.number},
        "registry": {"name": registry, "run_id": version.run},
        "metrics": {name: {"value": float(value), **measured} for name, value in metrics.numbers().items()},
        "gates": [
            {"metric": f.metric, "op": f.op, "bound": f.bound, "value": f.value, "passed": f.passed} for f in findings
        ],
        "promotions": dict(promotions),
    }


def faults(record: Any, root: Path) -> list[str]:
    """Say where a record does not satisfy the repository's schema."""
    try:
        jsonschema = importlib.import_module("jsonschema")
    except ImportError:
        raise Stop("lineage cannot be checked without the package jsonschema: make setup installs it") from None
    checker = jsonschema.Draft202012Validator(read_json(root / SCHEMA, float))
    return [f"{error.json_path}: {error.message}" for error in sorted(checker.iter_errors(record), key=str)]


def texts(record: Mapping[str, Any], root: Path) -> dict[Path, str]:
    """Give the files of a record, by path: itself and its statement. A record that is not valid is not written."""
    name, number = record["model"]["name"], record["model"]["version"]
    place = path_of(name, number)
    wrong = faults(record, root)
    if wrong:
        raise Refused(f"{place} would not be valid: {fault}" for fault in wrong)
    return {place: pretty(record), statement_of(name, number): pretty(statement.of(record))}


def pretty(value: Any) -> str:
    """Write JSON for people and for diffs: sorted and indented."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
