"""Runs that are objects of a bucket: for a registry of models whose cloud keeps runs elsewhere.

Below <artifacts>/mlops/runs/<run>/ lie model/, mlops/lineage.json and mlops/run.json with metrics and parameters.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import uuid
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from mlops.config import Model
from mlops.errors import Stop
from mlops.registry import Registry, Version

RUN_FILE = "mlops/run.json"


def bucket_of(model: Model, scheme: str, fallback: str | None = None) -> tuple[str, str]:
    """Give the bucket and the prefix that runs lie below."""
    uri = os.environ.get("MLOPS_ARTIFACTS_URI") or model.registry_settings.get("artifacts") or fallback or ""
    found = re.fullmatch(rf"{scheme}://([a-z0-9][a-z0-9._-]+)(/[A-Za-z0-9._/=-]*)?", uri)
    if not found:
        raise Stop(
            f"registry {model.registry} of type {model.registry_type} keeps files in a bucket {scheme}://…, and has "
            f"{uri or 'none'}: set MLOPS_ARTIFACTS_URI"
        )
    return found[1], f"{(found[2] or '').strip('/')}/mlops/runs".strip("/")


class Stored(Registry, Protocol):
    """What is the same for every bucket."""

    root: str  # the address of all runs
    prefix: str  # the same below the bucket

    @abstractmethod
    def put(self, key: str, path: Path) -> None:
        """Write a file to an object that is not there yet."""

    @abstractmethod
    def fetch(self, key: str, path: Path) -> bool:
        """Read an object into a file; False when there is none."""

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from its run."""
        with self._speaking(f"be asked for run {version.run}"), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "run.json")
            if not self.fetch(self.key(version.run, RUN_FILE), path):
                return {}
            known = json.loads(path.read_text(encoding="utf-8"))
            return {name: Decimal(value) for name, value in known["metrics"].items()}

    @contextlib.contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Give a run a name; its objects are the record."""
        yield f"{experiment}.{uuid.uuid4().hex}"

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Write metrics and parameters of a run."""
        known = {"metrics": {name: str(value) for name, value in metrics.items()}, "parameters": dict(params)}
        with self._speaking("take metrics and parameters"), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "run.json")
            path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            self.put(self.key(run, RUN_FILE), path)

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Store a file or folder with a run and give its address."""
        with self._speaking(f"take {path}"):
            files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
            for each in files:
                name = each.relative_to(path).as_posix() if path.is_dir() else each.name
                self.put(self.key(run, f"{folder}/{name}"), each)
            return f"{self.root}/{run}/{folder}"

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of a run; None when it is not there."""
        with self._speaking(f"give {file} of run {run}"):
            target = into / "fetched"
            return target if self.fetch(self.key(run, file), target) else None

    def key(self, run: str, file: str) -> str:
        """Name an object."""
        return f"{self.prefix}/{run}/{file}"
