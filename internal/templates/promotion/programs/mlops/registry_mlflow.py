"""MLflow: registered models with their versions, tags and aliases. Only this module knows it.

Where it is: MLFLOW_TRACKING_URI, else in a cluster the address in model.json, else a SQLite file below
.mlops/ that needs no server. Transient errors are retried by the client; what is left becomes one sentence.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from mlops.config import Model
from mlops.errors import Unreachable
from mlops.registry import FAILED, FINGERPRINT, STATUS, Registry, Version

LOCAL = "sqlite:///.mlops/mlflow.db"

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "GIT_PYTHON_REFRESH": "quiet",
}
_ABSENT = ("RESOURCE_DOES_NOT_EXIST",)


def open_registry(model: Model) -> Registry:
    """Connect to the registry of a model."""
    return MLflow(address(model))


def address(model: Model) -> str:
    """Say which server or file this process talks to."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if given:
        return given
    if not os.environ.get("KUBERNETES_SERVICE_HOST"):
        return LOCAL
    return model.tracking_uri or LOCAL


class MLflow(Registry):
    """A registry behind its tracking address."""

    def __init__(self, uri: str) -> None:
        """Connect. Nothing is created but the folder of a local database."""
        self.uri = uri
        self.folder = None  # of a database file; its artifacts lie next to it
        if uri.startswith("sqlite:///"):
            self.folder = Path(uri.removeprefix("sqlite:///")).absolute().parent
            self.folder.mkdir(parents=True, exist_ok=True)
        with self._speaking("be opened"):
            self._mlflow = _mlflow()
            self._client: Any = self._mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number; empty when the model is not there yet."""
        found = self._look("be asked for aliases", "get_registered_model", model)
        return {} if found is None else {k: str(v) for k, v in dict(found.aliases).items()}

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        found = self._look(f"be asked for version {number}", "get_model_version", model, number)
        return None if found is None else _version(found)

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            query = f"name = '{model}' and tags.`{FINGERPRINT}` = '{fingerprint}'"
            found = [_version(v) for v in self._client.search_model_versions(query, max_results=1000)]
        complete = [version for version in found if version.passed]
        return max(complete, key=lambda version: int(version.number), default=None)

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from its run."""
        run = self._look(f"be asked for run {version.run}", "get_run", version.run)
        return {} if run is None else {k: Decimal(repr(float(v))) for k, v in run.data.metrics.items()}

    def ensure_model(self, model: Model) -> None:
        """Create the registered model, or bring its description and tags up to date."""
        there = self._look("be asked for the model", "get_registered_model", model.name)
        with self._speaking(f"hold model {model.name}"):
            if there is None:
                with contextlib.suppress(self._mlflow.exceptions.MlflowException):  # another one was faster
                    self._client.create_registered_model(
                        model.name, tags=dict(model.tags), description=model.description
                    )
                there = self._client.get_registered_model(model.name)
            if model.description and (there.description or "") != model.description:
                self._client.update_registered_model(model.name, model.description)
            for key, value in model.tags.items():
                if there.tags.get(key) != value:
                    self._client.set_registered_model_tag(model.name, key, value)

    @contextlib.contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Record a run; it ends as FAILED when the body raises."""
        with self._speaking("start a run"):
            run = self._client.create_run(self._experiment(experiment), tags=dict(tags), run_name=name).info.run_id
        status = "FAILED"
        try:
            yield run
            status = "FINISHED"
        finally:
            with contextlib.suppress(Exception):
                self._client.set_terminated(run, status)

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Write metrics and parameters of a run."""
        entities, now = self._mlflow.entities, int(time.time() * 1000)
        with self._speaking("take metrics and parameters"):
            self._client.log_batch(
                run,
                metrics=[entities.Metric(name, float(value), now, 0) for name, value in metrics.items()],
                params=[entities.Param(name, value) for name, value in params.items()],
            )

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Store a file or folder with a run and give its address."""
        with self._speaking(f"take {path}"):
            if path.is_dir():
                self._client.log_artifacts(run, str(path), folder)
            else:
                self._client.log_artifact(run, str(path), folder)
            return f"{self._client.get_run(run).info.artifact_uri}/{folder}"

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of a run; None when it is not there."""
        with self._speaking(f"give {file} of run {run}"):
            folder = file.rpartition("/")[0]
            if file not in [found.path for found in self._client.list_artifacts(run, folder or None)]:
                return None
            return Path(self._client.download_artifacts(run, file, str(into)))

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Create a version together with its tags."""
        with self._speaking("create a version"):
            return _version(self._client.create_model_version(model, source, run_id=run, tags=dict(tags)))

    def discard(self, version: Version) -> None:
        """Take back a version that was not completed: delete it, or at least mark it as failed."""
        with contextlib.suppress(Exception):
            self.tag(version, {STATUS: FAILED})
        with contextlib.suppress(Exception):
            self._client.delete_model_version(version.model, version.number)

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set tags of a version; None removes one."""
        with self._speaking(f"tag version {version.number}"):
            for key, value in tags.items():
                if value is not None:
                    self._client.set_model_version_tag(version.model, version.number, key, value)
                elif key in version.tags:
                    self._client.delete_model_version_tag(version.model, version.number, key)

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move an alias; None removes it."""
        with self._speaking(f"move alias {alias}"):
            if number is None:
                self._client.delete_registered_model_alias(model, alias)
            else:
                self._client.set_registered_model_alias(model, alias, number)

    def _experiment(self, name: str) -> str:
        there = self._client.get_experiment_by_name(name)
        if there is not None:
            return str(there.experiment_id)
        location = (self.folder / "mlartifacts" / name).as_uri() if self.folder else None
        try:
            return str(self._client.create_experiment(name, artifact_location=location))
        except self._mlflow.exceptions.MlflowException:
            there = self._client.get_experiment_by_name(name)  # another one was faster
            if there is None:
                raise
            return str(there.experiment_id)

    def _look(self, doing: str, method: str, *args: str) -> Any:
        with self._speaking(doing):
            try:
                return getattr(self._client, method)(*args)
            except self._mlflow.exceptions.MlflowException as fault:
                if fault.error_code in _ABSENT:
                    return None
                raise


def _mlflow() -> ModuleType:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        module = importlib.import_module("mlflow")
        importlib.import_module("mlflow.entities")
        importlib.import_module("mlflow.exceptions")
    except ImportError as fault:
        raise Unreachable(
            f"the registry needs mlflow, which cannot be imported ({fault}): make setup installs it"
        ) from None
    return module


def _version(found: Any) -> Version:
    return Version(found.name, str(found.version), found.run_id or "", found.source or "", dict(found.tags))
