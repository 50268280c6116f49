"""Where a model comes from: code, data, environment and parameters, as digests and as a record.

A part that cannot be known is None. It is never guessed: a promotion that requires it is refused.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops import repository
from mlops.config import LINEAGE, Dataset, Pipeline
from mlops.errors import Misuse
from mlops.files import entries, sha256_file, sha256_of, tree_digest, version_of

_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")


@dataclass(frozen=True)
class Lineage:
    """What went into one training run."""

    code: Mapping[str, Any]
    data: Mapping[str, Any]
    environment: Mapping[str, Any]
    parameters: Mapping[str, str]

    def versions(self) -> dict[str, str | None]:
        """Give one digest for each part; None for a part that is not wholly known."""
        data = {name: source["version"] for name, source in self.data.items()}
        return {
            "code": self.code["version"],
            "data": sha256_of(data) if all(data.values()) else None,
            "environment": self.environment["version"],
            "parameters": sha256_of(dict(self.parameters)),
        }

    def missing(self, required: tuple[str, ...] = LINEAGE) -> list[str]:
        """Name the required parts that are not known."""
        versions = self.versions()
        return [part for part in required if not versions[part]]


def trace(pipeline: Pipeline, parameters: Mapping[str, str], data: Mapping[str, str], root: Path = Path()) -> Lineage:
    """Look at what a training run was made of. ``data`` holds versions that the caller knows."""
    unknown = sorted(set(data) - set(pipeline.datasets))
    if unknown:
        raise Misuse(f"--data {unknown[0]}: pipeline {pipeline.name} reads no such dataset")
    image = os.environ.get("MLOPS_IMAGE") or None
    sources = {name: _source(dataset, data.get(name)) for name, dataset in pipeline.datasets.items()}
    return Lineage(_code(pipeline, root, image), sources, _environment(root, image), parameters)


def effective(pipeline: Pipeline, given: Mapping[str, str]) -> dict[str, str]:
    """Give every parameter with the value that was used: the default unless another was given."""
    unknown = sorted(set(given) - set(pipeline.parameters))
    if unknown:
        raise Misuse(f"--param {unknown[0]}: pipeline {pipeline.name} has no such parameter")
    values = {name: given.get(name, parameter.default) for name, parameter in pipeline.parameters.items()}
    for name, value in values.items():
        if value is None:
            raise Misuse(f"parameter {name} has no default: give --param {name}=VALUE")
    return {name: value for name, value in sorted(values.items()) if value is not None}


def fingerprint(pipeline: Pipeline, lineage: Lineage, digest: str) -> str:
    """Give equal training runs an equal name: same commands on the same code, data, environment, parameters.

    Where a part is unknown, the bytes of the artifact stand in for it, so that unknown is never taken for equal.
    """
    return sha256_of(
        {
            "pipeline": pipeline.name,
            "commands": pipeline.steps or pipeline.spec,
            "lineage": lineage.versions(),
            "artifact": digest if lineage.missing() else None,
        }
    )


def _code(pipeline: Pipeline, root: Path, image: str | None) -> dict[str, Any]:
    """Name the code by its content; the commit is recorded beside it, as commits also change other files."""
    folders = [root / folder for folder in pipeline.source]
    version = os.environ.get("MLOPS_CODE_VERSION") or None
    if folders and all(folder.exists() for folder in folders):
        digests = [tree_digest(entries(folder)) for folder in folders]
        version = sha256_of(list(zip(pipeline.source, digests, strict=True)))
    elif version is None and image and (pinned := _DIGEST.search(image)):
        version = f"image:{pinned[1]}"  # the code is inside
    commit = repository.commit(root)
    return {
        "version": version,
        "source": list(pipeline.source),
        "git_commit": commit or None,
        "committed_at": repository.committed_at(root) if commit else None,
        "modified": repository.modified(root, pipeline.source) if commit else None,
        "repository": repository.public_url(root),
    }


def _source(dataset: Dataset, given: str | None) -> dict[str, Any]:
    version = given or None  # a revision is no version: it can come to name other data
    path = data_path(dataset)
    if version is None and path is not None and path.exists():
        version = version_of(path)
    return {
        "kind": dataset.kind,
        "path": dataset.path,
        "uri": dataset.uri,
        "revision": dataset.revision,
        "version": version,
    }


def data_path(dataset: Dataset) -> Path | None:
    """Say where a local dataset's files are: below MLOPS_DATA_ROOT, or below the repository's root."""
    if dataset.kind != "local" or dataset.path is None:
        return None
    return Path(os.environ.get("MLOPS_DATA_ROOT") or ".") / dataset.path


def _environment(root: Path, image: str | None) -> dict[str, Any]:
    """Name what the code ran in: an image by its digest, or Python with its locked requirements."""
    pinned = _DIGEST.search(image) if image else None
    locked = root / "requirements.txt"
    python = requirements = version = None
    if image:
        version = pinned[1] if pinned else None
    else:
        python = platform.python_version()
        requirements = "sha256:" + sha256_file(locked) if locked.is_file() else None
        version = sha256_of({"python": python, "requirements": requirements}) if requirements else None
    return {
        "version": version,
        "image": image,
        "image_digest": pinned[1] if pinned else None,
        "base_image": os.environ.get("MLOPS_BASE_IMAGE") or None,
        "sbom": os.environ.get("MLOPS_SBOM") or None,
        "python": python,
        "requirements": requirements,
    }
