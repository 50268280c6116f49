"""MLflow: registered models with their versions, tags and aliases. Only this module knows it.

MLflow has no compare-and-set for aliases, but it creates a registered model of a name only once: while a job moves a
model's aliases the registered model ``<model>_promotion`` is there, which no other job can create. Its name is no
model's, since those have no underscore. See ``MLflow.alone`` for what this leaves open.

Where it is: MLFLOW_TRACKING_URI, else in a cluster the address in model.json, else a SQLite file below
.mlops/ that needs no server. Transient errors are retried by the client; what is left becomes one sentence.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from mlops.config import Model
from mlops.errors import Refused, Unreachable, say
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
_PRESENT = ("RESOURCE_ALREADY_EXISTS",)
_TOKEN, _HOLDER = "mlops.lock", "mlops.lock.holder"
LEASE = 3600.0  # seconds after which the lock of a job that died is taken over; a move takes a few


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

    @contextlib.contextmanager
    def alone(self, model: str) -> Iterator[Callable[[], None]]:
        """Keep other jobs from moving a model's aliases in the body; what it gets raises Refused when that failed.

        Two things remain possible: whoever moves an alias without this lock (a person in MLflow's own pages) between
        the last read and the move is overwritten, and so is another job when this one stands still for longer than
        the lease right before its move.
        """
        lock, token = f"{model}_promotion", secrets.token_hex(16)
        self._acquire(model, lock, token)
        try:
            yield lambda: self._held(model, lock, token)
        finally:
            self._release(lock, token)

    def _acquire(self, model: str, lock: str, token: str) -> None:
        holder = f"process {os.getpid()} on {socket.gethostname()}"
        for _ in range(3):
            with self._speaking(f"lock {model}"):
                try:
                    self._client.create_registered_model(
                        lock,
                        tags={_TOKEN: token, _HOLDER: holder},
                        description=f"There while a job moves the aliases of {model}; it is no model.",
                    )
                    return
                except self._mlflow.exceptions.MlflowException as fault:
                    if fault.error_code not in _PRESENT:
                        raise
            there = self._look(f"be asked who locks {model}", "get_registered_model", lock)
            if there is None:
                continue  # it was released meanwhile
            if there.tags.get(_TOKEN) == token:
                return  # an earlier try of the client made it, and its answer was lost
            since = there.creation_timestamp / 1000
            who = f"{there.tags.get(_HOLDER, 'another job')} since {time.strftime('%H:%M:%S UTC', time.gmtime(since))}"
            if time.time() < since + LEASE:
                raise Refused(
                    f"the champion of {model} is being moved by {who}: run it again; "
                    f"if that job is dead, delete the registered model {lock} or wait until it is an hour old"
                )
            self._take_over(model, lock, there.tags.get(_TOKEN), f"{lock}_{token}")
            say(f"note: the lock of {model} was taken over from {who}")
        raise Refused(f"the champion of {model} is being moved by other jobs: run it again")

    def _take_over(self, model: str, lock: str, dead: str | None, away: str) -> None:
        """Put an old lock away; renaming it succeeds for one job only."""
        with self._speaking(f"take over the lock of {model}"):
            try:
                self._client.rename_registered_model(lock, away)
                moved = self._client.get_registered_model(away)
                self._client.delete_registered_model(away)
            except self._mlflow.exceptions.MlflowException as fault:
                if fault.error_code in _ABSENT:
                    return  # another job was faster
                raise
        if moved.tags.get(_TOKEN) != dead:
            raise Refused(f"another job took over the lock of {model} at the same time: run it again")

    def _held(self, model: str, lock: str, token: str) -> None:
        there = self._look(f"be asked who locks {model}", "get_registered_model", lock)
        if there is None or there.tags.get(_TOKEN) != token:
            raise Refused(f"the lock of {model} was taken over meanwhile, since this job stood still: run it again")

    def _release(self, lock: str, token: str) -> None:
        try:
            there = self._client.get_registered_model(lock)
            if there.tags.get(_TOKEN) == token:
                self._client.delete_registered_model(lock)
        except Exception as fault:  # the move itself is done, or has its own error
            if getattr(fault, "error_code", None) not in _ABSENT:
                say(f"note: delete the registered model {lock}: it locks out other jobs until it is an hour old")

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
