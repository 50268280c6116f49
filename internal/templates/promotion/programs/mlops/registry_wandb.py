"""Weights & Biases: runs, and artifacts of type model that are linked to a collection of the registry.

A model is the collection ``wandb-registry-model/<model>``. Its versions v0, v1 … have the numbers 1, 2 …, as 0 means
"nothing" in a pin. Tags are the artifact's metadata. Each run logs to collections of its own, as the server gives equal
contents of one collection one version, and two training runs would share its metadata. With WANDB_MODE=offline runs are
recorded in ./wandb.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlops.config import Model
from mlops.errors import Stop, Unreachable
from mlops.registry import FAILED, STATUS, Registry, Version, client, newest, settings

REGISTRY = "wandb-registry-model"
_TYPES = {"model": "model", "mlops": "lineage"}  # the type of an artifact by the folder that it holds
TIMEOUT = 60  # seconds that the client awaits a server
UPLOAD_TIMEOUT = 3600  # seconds for one artifact; without it the client awaits a lost server for ever
FINISH_TIMEOUT = 300  # seconds until a run's last words are uploaded; the client's own limit is days
_SETTLE = 120.0  # seconds until a server must give back the metrics that the client sends every 15 seconds
_QUIET = {"WANDB_SILENT": "true", "WANDB_CONSOLE": "off", "WANDB_DISABLE_GIT": "true", "WANDB_DISABLE_CODE": "true"}


def open_registry(model: Model) -> Registry:
    """Connect to the registry of a model."""
    entity, project = settings(model, {"entity": "WANDB_ENTITY", "project": "WANDB_PROJECT"})
    base = model.registry_settings.get("base_url")
    if base:
        os.environ.setdefault("WANDB_BASE_URL", base)
    return WeightsAndBiases(entity, project)


class WeightsAndBiases(Registry):
    """The registry of the organization that an entity belongs to."""

    def __init__(self, entity: str, project: str) -> None:
        """Take the names; the server is asked when something is needed of it."""
        mode = os.environ.get("WANDB_MODE", "online")
        if mode not in ("online", "offline"):
            raise Stop(f"WANDB_MODE is {mode}: a model is recorded with online or offline")
        self.uri = f"weights_and_biases:{entity}/{project}"
        self.offline = mode == "offline"
        self._entity, self._project, self._runs = entity, project, dict[str, Any]()
        self._logged: dict[str, Any] = {}
        self._sent: dict[str, set[str]] = {}
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        self._wandb = client("wandb")
        self._opened: Any = None

    @property
    def _api(self) -> Any:
        self._online("be read")
        if self._opened is None:
            self._opened = self._wandb.Api(
                overrides={"entity": self._entity, "project": self._project}, timeout=TIMEOUT
            )
        return self._opened

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number; empty when the collection is not there yet."""
        with self._speaking("be asked for aliases"):
            return {
                alias: _number(each)
                for each in self._linked(model)
                for alias in each.aliases
                if alias != "latest" and alias != each.version
            }

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        with self._speaking(f"be asked for version {number}"):
            found = self._member(model, number)
            return None if found is None else self._version(model, found)

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            return newest((self._version(model, each) for each in self._linked(model)), fingerprint)

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from the summary of its run."""
        with self._speaking(f"be asked for run {version.run}"):
            return self._summary(version.run)

    def ensure_model(self, model: Model) -> None:
        """Bring the collection's description up to date; linking creates a collection that is not there."""
        with self._speaking(f"hold model {model.name}"):
            collection = self._collection(model.name) if model.description else None
            if collection is not None and collection.description != model.description:
                collection.description = model.description
                collection.save()

    @contextlib.contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Record a run; it ends as failed when the body raises."""
        with self._speaking("start a run"):
            run = self._wandb.init(
                entity=self._entity,
                project=self._project,
                name=name,
                group=experiment,
                job_type="register",
                mode="offline" if self.offline else "online",
                config={"mlops": dict(tags)},
                reinit="create_new",
                settings=self._wandb.Settings(
                    init_timeout=TIMEOUT, finish_timeout=FINISH_TIMEOUT, finish_timeout_raises=True
                ),
            )
        self._runs[run.id] = run
        try:
            yield run.id
        except BaseException:
            with contextlib.suppress(Exception):
                run.finish(exit_code=1)
            raise
        with self._speaking("finish the run"):
            run.finish(exit_code=0)

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Write metrics and parameters of a run."""
        with self._speaking("take metrics and parameters"):
            self._runs[run].config.update(dict(params))
            self._runs[run].log({name: float(value) for name, value in metrics.items()})
            self._sent[run] = {name for name in metrics if not name.startswith("_")}  # as others are its own

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Log an artifact, wait until it is uploaded, and give its qualified name."""
        with self._speaking(f"take {path}"):
            record = self._runs[run]
            kind = _TYPES[folder]
            artifact = self._wandb.Artifact(f"{record.group}-{kind}-{run}", type=kind, metadata={"run": run})
            if path.is_dir():
                artifact.add_dir(str(path))
            else:
                artifact.add_file(str(path), name=path.name)
            logged = record.log_artifact(artifact)
            if self.offline:
                return f"{self.uri}/{artifact.name}"
            logged.wait(timeout=UPLOAD_TIMEOUT)
            self._logged[str(logged.qualified_name)] = logged
            return str(logged.qualified_name)

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of a run's artifacts, not from this machine's cache; None when it is not there."""
        folder, _, name = file.partition("/")
        with self._speaking(f"give {file} of run {run}"):
            for artifact in self._api.run(self._path(run)).logged_artifacts():
                if artifact.type == _TYPES.get(folder) and name in artifact.manifest.entries:
                    return Path(artifact.get_entry(name).download(root=str(into), skip_cache=True))
        return None

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Write the tags into the artifact, then link it to the collection."""
        with self._speaking("take metrics and parameters"):
            self._settled(run)
        with self._speaking("create a version"):
            artifact = self._logged[source]
            artifact.metadata = {**artifact.metadata, **tags, "run": run}
            artifact.save()
            linked = self._runs[run].link_artifact(artifact, f"{REGISTRY}/{model}", aliases=[])
            if linked is None:
                raise Unreachable(f"{self.uri} linked no version to {REGISTRY}/{model}")
            return self._version(model, linked)

    def discard(self, version: Version) -> None:
        """Mark a version as failed and unlink it; the artifact stays with its run."""
        with contextlib.suppress(Exception):
            self.tag(version, {STATUS: FAILED})
        with contextlib.suppress(Exception):
            found = self._member(version.model, version.number)
            if found is not None:
                found.unlink()

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set metadata of a version; None removes an entry."""
        with self._speaking(f"tag version {version.number}"):
            found = self._there(version.model, version.number)
            merged = {**found.metadata, **tags}
            found.metadata = {key: value for key, value in merged.items() if value is not None}
            found.save()

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move an alias, which a collection has once; None removes it.

        Adding it takes it from its holder on the server, so that no failure leaves nobody with it.
        """
        with self._speaking(f"move alias {alias}"):
            if number is not None:
                found = self._there(model, number)
                if alias not in found.aliases:
                    found.aliases = [*found.aliases, alias]
                    found.save()
            for each in self._linked(model):
                if alias in each.aliases and _number(each) != number:
                    each.aliases = [name for name in each.aliases if name != alias]
                    each.save()

    def _path(self, run: str) -> str:
        return f"{self._entity}/{self._project}/{run}"

    def _summary(self, run: str) -> dict[str, Decimal]:
        self._api.flush()  # it keeps runs as they were when they were first asked for
        summary = dict(self._api.run(self._path(run)).summary)
        return {
            name: Decimal(repr(float(value)))
            for name, value in summary.items()
            if not name.startswith("_") and isinstance(value, (int, float)) and not isinstance(value, bool)
        }

    def _settled(self, run: str) -> None:
        """Wait until the server has a run's metrics: the client sends them in the background and says nothing."""
        end = time.monotonic() + _SETTLE
        while missing := self._sent[run] - set(self._summary(run)):
            if time.monotonic() > end:
                raise Unreachable(f"{self.uri} did not take the metrics {', '.join(sorted(missing))} of run {run}")
            time.sleep(1)

    def _collection(self, model: str) -> Any:
        """Give the collection, None when there is none; the client's own question says None to every fault as well."""
        try:
            return self._api.artifact_collection("model", f"{REGISTRY}/{model}")
        except self._wandb.errors.CommError as fault:
            if isinstance(fault.exc, ValueError) and "Could not find" in str(fault):
                return None
            raise

    def _linked(self, model: str) -> Iterator[Any]:
        if self._collection(model) is not None:
            yield from self._api.artifacts("model", f"{REGISTRY}/{model}")

    def _member(self, model: str, number: str) -> Any:
        return next((each for each in self._linked(model) if _number(each) == number), None)

    def _there(self, model: str, number: str) -> Any:
        found = self._member(model, number)
        if found is None:
            raise Unreachable(f"{self.uri} has no version {number} of {REGISTRY}/{model} any more")
        return found

    def _version(self, model: str, found: Any) -> Version:
        tags = {key: str(value) for key, value in found.metadata.items() if key != "run"}
        return Version(model, _number(found), str(found.metadata.get("run", "")), f"wandb-artifact://{found.id}", tags)


def _number(artifact: Any) -> str:
    return str(int(str(artifact.version).removeprefix("v")) + 1)
