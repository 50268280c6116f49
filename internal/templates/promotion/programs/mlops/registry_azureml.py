"""Azure Machine Learning: versions of a model asset with tags, properties and a stage.

Properties never change: metrics, parameters and where the version comes from. Tags do: the rest, and an alias as tag
``mlops.alias.<alias>``, which the stage shows to people. Files, model and lineage record together, are uploaded in
the same call that creates the version, so that there is no version without them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlops.config import Model
from mlops.errors import Refused, Unreachable
from mlops.registry import CHALLENGER, CHAMPION, FAILED, PREVIOUS, STATUS, Registry, Version, client, newest, settings

RUN, JOB = "mlops.run", "azureml.run"
_METRIC, _PARAMETER, _ALIAS = "mlops.metric.", "mlops.parameter.", "mlops.alias."
_ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)  # the first one decides the stage
_STAGES = {CHAMPION: "Production", CHALLENGER: "Staging", PREVIOUS: "Archived"}
_NO_STAGE = "Development"


def open_registry(model: Model) -> Registry:
    """Connect to the workspace of a model."""
    names = {
        "subscription_id": "AZUREML_ARM_SUBSCRIPTION",
        "resource_group": "AZUREML_ARM_RESOURCEGROUP",
        "workspace": "AZUREML_ARM_WORKSPACE_NAME",
    }
    return AzureML(*settings(model, names))


class AzureML(Registry):
    """One workspace."""

    def __init__(self, subscription: str, group: str, workspace: str) -> None:
        """Make the client; it signs in when something is asked."""
        self.uri = f"azureml:{workspace}"
        azure, identity = client("azure.ai.ml", "azure.ai.ml.entities"), client("azure.identity")
        self._entities = client("azure.ai.ml.entities")
        self._errors = client("azure.core.exceptions")
        with self._speaking("be opened"):
            credential = identity.DefaultAzureCredential()
            self._client: Any = azure.MLClient(credential, subscription, group, workspace, show_progress=False)
        self._staged: dict[str, Path] = {}
        self._properties: dict[str, dict[str, str]] = {}

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number; empty when the model is not there yet."""
        with self._speaking("be asked for aliases"):
            return {
                alias: str(each.version)
                for each in self._models(model)
                for alias in _ALIASES
                if _ALIAS + alias in (each.tags or {})
            }

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        with self._speaking(f"be asked for version {number}"):
            try:
                return _version(self._client.models.get(model, number))
            except self._errors.ResourceNotFoundError:
                return None

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            return newest((_version(each) for each in self._models(model)), fingerprint)

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from its properties."""
        with self._speaking(f"be asked for version {version.number}"):
            known = self._client.models.get(version.model, version.number).properties or {}
            return {
                key.removeprefix(_METRIC): Decimal(value) for key, value in known.items() if key.startswith(_METRIC)
            }

    def ensure_model(self, model: Model) -> None:
        """Do nothing: the first version creates the model, and its container takes description and tags from it."""

    @contextlib.contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Give a run a name and a folder that files are gathered in."""
        run = f"{experiment}.{uuid.uuid4().hex}"
        with tempfile.TemporaryDirectory() as folder:
            self._staged[run] = Path(folder)
            job = os.environ.get("AZUREML_RUN_ID")
            self._properties[run] = {RUN: run, **({JOB: job} if job else {})}
            yield run

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Keep metrics and parameters for the version's properties."""
        self._properties[run] |= {_METRIC + name: str(value) for name, value in metrics.items()}
        self._properties[run] |= {_PARAMETER + name: value for name, value in params.items()}

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Gather a file or folder; ``create_version`` uploads it."""
        target = self._staged[run] / folder
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / path.name)
        return str(self._staged[run])

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of the version that came of a run; None when it is not there."""
        model = run.rpartition(".")[0]
        with self._speaking(f"give {file} of run {run}"):
            for each in self._models(model):
                if (each.properties or {}).get(RUN) == run:
                    self._client.models.download(model, each.version, str(into))
                    found = [path for path in into.rglob(Path(file).name) if path.as_posix().endswith(f"/{file}")]
                    return found[0] if found else None
        return None

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Upload the files as a new version, which must be nobody else's."""
        with self._speaking("create a version"):
            number = str(max([int(each.version) for each in self._models(model)], default=0) + 1)
            asset = self._entities.Model(
                name=model,
                version=number,
                path=source,
                type="custom_model",
                stage=_NO_STAGE,
                tags=dict(tags),
                properties=self._properties[run],
            )
            made = self._client.models.create_or_update(asset)
            if (made.properties or {}).get(RUN) != run:
                raise Refused(f"version {number} of {model} was registered by another run meanwhile: register again")
            return _version(made)

    def discard(self, version: Version) -> None:
        """Mark a version as failed and archive it; a version cannot be deleted."""
        with contextlib.suppress(Exception):
            self.tag(version, {STATUS: FAILED})
        with contextlib.suppress(Exception):
            self._client.models.archive(version.model, version.number)

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set tags of a version; None removes one."""
        with self._speaking(f"tag version {version.number}"):
            self._update(self._there(version.model, version.number), tags)

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move an alias; None removes it."""
        key = _ALIAS + alias
        with self._speaking(f"move alias {alias}"):
            target = None if number is None else self._there(model, number)
            for each in self._models(model):
                if key in (each.tags or {}) and str(each.version) != number:
                    self._update(each, {key: None})
            if target is not None:
                self._update(target, {key: "true"})

    def _models(self, model: str) -> Iterator[Any]:
        try:
            yield from self._client.models.list(name=model)
        except self._errors.ResourceNotFoundError:
            return

    def _there(self, model: str, number: str) -> Any:
        try:
            return self._client.models.get(model, number)
        except self._errors.ResourceNotFoundError:
            raise Unreachable(f"{self.uri} has no version {number} of {model} any more") from None

    def _update(self, found: Any, tags: Mapping[str, str | None]) -> None:
        merged = {**(found.tags or {}), **tags}
        found.tags = {key: value for key, value in merged.items() if value is not None}
        found.stage = next((_STAGES[alias] for alias in _ALIASES if _ALIAS + alias in found.tags), _NO_STAGE)
        self._client.models.create_or_update(found)


def _version(found: Any) -> Version:
    tags = {key: str(value) for key, value in (found.tags or {}).items() if not key.startswith(_ALIAS)}
    return Version(found.name, str(found.version), (found.properties or {}).get(RUN, ""), str(found.path or ""), tags)
