"""A lineage record as an in-toto Statement v1 with SLSA provenance v1, for tools that verify supply chains.

It says nothing that the record does not say, so it is derived again to be checked. It is not signed here: cosign and
``gh attestation`` sign it as it is. Its subjects are the model's files, and the model as the pin's digest names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
_HOME = "https://github.com/gitops-ml/terraform-provider-mlops"
_DIGEST = re.compile(r"(sha256):([0-9a-f]{64})|(md5):([0-9a-f]{32})")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give the statement of a record."""
    model, run = record["model"], record["pipeline"]
    whole = {
        "name": f"{model['name']}/{model['version']}",
        "digest": _digest(model["digest"]),
        "annotations": {"digestOf": "the list of [path, sha256] of its files, as canonical JSON"},
    }
    files = [{"name": entry["path"], "digest": {"sha256": entry["sha256"]}} for entry in model["files"]]
    return {
        "_type": TYPE,
        "subject": [whole, *files],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": f"{_HOME}/pipeline@v1",
                "externalParameters": {
                    "pipeline": run["name"],
                    "spec": run["spec"],
                    "parameters": record["parameters"],
                    "data": {name: source["version"] or "" for name, source in record["data"].items()},
                },
                "internalParameters": {"gates": [f"{gate['metric']} {gate['bound']}" for gate in record["gates"]]},
                "resolvedDependencies": _dependencies(record),
            },
            "runDetails": {
                "builder": {"id": f"{_HOME}/orchestrators/{run['orchestrator'] or 'unknown'}"},
                "metadata": {"invocationId": run["run_url"] or run["run_id"] or record["registry"]["run_id"]},
                **_byproducts(record),
            },
        },
    }


def _dependencies(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [_code(record["code"])]
    for name, source in sorted(record["data"].items()):
        notes = {key: source[key] for key in ("kind", "path", "revision") if source[key]}
        digest = _digest(source["version"])
        if source["version"] and not digest:
            notes["version"] = source["version"]
        found.append(_descriptor(f"data/{name}", source["uri"], digest, notes))
    environment = record["environment"]
    if environment["image"]:
        digest = _digest(environment["image_digest"])
        found.append(_descriptor("image", f"oci://{environment['image']}", digest, {}))
    if environment["base_image"]:
        found.append(_descriptor("base image", f"oci://{environment['base_image']}", {}, {}))
    if environment["requirements"]:
        notes = {"python": environment["python"]} if environment["python"] else {}
        found.append(_descriptor("requirements.txt", None, _digest(environment["requirements"]), notes))
    if record["parent"]:
        found.append(
            _descriptor(f"{record['parent']['name']}/{record['parent']['version']}", None, {}, {"role": "parent"})
        )
    return found


def _code(code: Mapping[str, Any]) -> dict[str, Any]:
    commit, notes = code["git_commit"], {}
    if code["version"]:
        notes["version"] = code["version"]
    if code["committed_at"]:
        notes["committedAt"] = code["committed_at"]
    if code["modified"]:
        notes["modified"] = True
    uri = f"git+{code['repository']}" + (f"@{commit}" if commit else "") if code["repository"] else None
    digest = {"gitCommit": commit} if commit and _COMMIT.fullmatch(commit) else {}
    return _descriptor("code", uri, digest, notes)


def _byproducts(record: Mapping[str, Any]) -> dict[str, Any]:
    sbom = record["environment"]["sbom"]
    return {"byproducts": [_descriptor("sbom", sbom, {}, {})]} if sbom else {}


def _descriptor(name: str, uri: str | None, digest: dict[str, str], notes: dict[str, Any]) -> dict[str, Any]:
    """Give a ResourceDescriptor without empty fields."""
    whole: dict[str, Any] = {"name": name, "uri": uri, "digest": digest, "annotations": notes}
    return {key: value for key, value in whole.items() if value}


def _digest(text: str | None) -> dict[str, str]:
    match = _DIGEST.fullmatch(text or "")
    if match is None:
        return {}
    return {match[1]: match[2]} if match[1] else {match[3]: match[4]}
