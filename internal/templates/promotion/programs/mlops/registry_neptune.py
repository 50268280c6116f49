"""Neptune: runs with metrics, parameters and the model's files. It has no model registry any more.

A version is a run, and its number that of the run's id (FRAUD-12 is version 12); an alias is a tag of runs,
``mlops/<model>/champion``. What serves where is decided by the pins in Git. The hosted service was shut down on
2026-03-05: the address in NEPTUNE_API_TOKEN must be that of an own server, or NEPTUNE_MODE be offline, which records
runs in ./.neptune.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlops.config import Model
from mlops.errors import Stop, Unreachable, Unsupported
from mlops.registry import CHALLENGER, CHAMPION, FAILED, PREVIOUS, STATUS, Registry, Version, client, newest, settings

SHUTDOWN = "2026-03-05"
_ALIASES = (CHALLENGER, CHAMPION, PREVIOUS)
_COLUMNS = ("sys/id", "sys/tags", "mlops/model", "mlops/source", "mlops/tags")


def open_registry(model: Model) -> Registry:
    """Connect to the project of a model."""
    (project,) = settings(model, {"project": "NEPTUNE_PROJECT"})
    mode = os.environ.get("NEPTUNE_MODE", "async")
    if mode not in ("async", "sync", "offline"):
        raise Stop(f"NEPTUNE_MODE is {mode}: a model is recorded with async, sync or offline")
    if mode != "offline":
        _own_server(model.registry_settings.get("base_url"))
    return Neptune(project, mode)


def _own_server(wanted: str | None) -> None:
    """Stop when the token leads to the former hosted service, or elsewhere than model.json says."""
    try:
        token = json.loads(base64.b64decode(os.environ.get("NEPTUNE_API_TOKEN", ""), validate=True))
        host = urlsplit(str(token.get("api_url") or token["api_address"])).hostname or ""
    except (binascii.Error, ValueError, KeyError, AttributeError):
        raise Stop("NEPTUNE_API_TOKEN is not a token of a Neptune server") from None
    if host == "neptune.ai" or host.endswith(".neptune.ai"):
        raise Unsupported(
            f"neptune: {host} was the hosted service, which was shut down on {SHUTDOWN}: use the token of an own "
            "server, or NEPTUNE_MODE=offline"
        )
    if wanted and urlsplit(wanted).hostname != host:
        raise Stop(f"NEPTUNE_API_TOKEN is of {host}, but base_url of this registry is {wanted}")


class Neptune(Registry):
    """One project of an own server, or offline files."""

    def __init__(self, project: str, mode: str) -> None:
        """Take the names; the server is asked when something is needed of it."""
        self.uri = f"neptune:{project}"
        self.offline = mode == "offline"
        # In mode async a thread awaits a lost server for ever, and only logs what the server refuses.
        self._mode = "offline" if self.offline else "sync"
        self._project, self._neptune = project, client("neptune", "neptune.types")
        self._runs: dict[str, Any] = {}
        logging.getLogger("neptune").setLevel(logging.WARNING)  # or each look at the server says three lines

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number, from the tags of the runs."""
        with self._speaking("be asked for aliases"):
            return {
                alias: _number(row["sys/id"])
                for row in self._rows(model)
                for alias in _ALIASES
                if _tag(model, alias) in row["sys/tags"]
            }

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        with self._speaking(f"be asked for version {number}"):
            return next((each for each in self._versions(model) if each.number == number), None)

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            return newest(self._versions(model), fingerprint)

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from its run."""
        with self._speaking(f"be asked for run {version.run}"), self._resumed(version.run) as run:
            found = run["metrics"].fetch() if run.exists("metrics") else {}
            return {str(name): Decimal(repr(float(value))) for name, value in found.items()}

    def ensure_model(self, model: Model) -> None:
        """Do nothing: Neptune has no registered models."""

    @contextlib.contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Record a run; it is marked as failed when the body raises."""
        with self._speaking("start a run"):
            run = self._neptune.init_run(
                project=self._project,
                mode=self._mode,
                name=f"{experiment} {name}",
                tags=[f"mlops/{experiment}"],
                capture_stdout=False,
                capture_stderr=False,
                capture_hardware_metrics=False,
                source_files=[],
                git_ref=False,
            )
            run["mlops/model"] = experiment
            run["mlops/tags"] = json.dumps(dict(tags), sort_keys=True)
            number = str(run["sys/id"].fetch()) if not self.offline else "offline"
        self._runs[number] = run
        try:
            yield number
        except BaseException:
            with contextlib.suppress(Exception):
                run["sys/failed"] = True
                run.stop(seconds=30)
            raise
        with self._speaking("finish the run"):
            run.stop()

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Write metrics and parameters of a run."""
        with self._speaking("take metrics and parameters"):
            for name, value in metrics.items():
                self._runs[run][f"metrics/{name}"] = float(value)
            for name, text in params.items():
                self._runs[run][f"parameters/{name}"] = text
            self._settle(run)

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Upload each file to a field of its own, and record where the model is."""
        with self._speaking(f"take {path}"):
            files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
            for each in files:
                name = each.relative_to(path).as_posix() if path.is_dir() else each.name
                field = self._runs[run][_field(folder, name)]
                if self.offline:  # by its path it would be read only when somebody synchronizes
                    field.upload(
                        self._neptune.types.File.from_content(each.read_bytes(), extension=each.suffix[1:] or "bin")
                    )
                else:
                    field.upload(str(each), wait=True)
            where = f"{self.uri}/{run}/files/{folder}"
            if folder == "model":
                self._runs[run]["mlops/source"] = where
            self._settle(run)
            return where

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of a run; None when it is not there."""
        folder, _, name = file.partition("/")
        with self._speaking(f"give {file} of run {run}"), self._resumed(run) as resumed:
            field = _field(folder, name)
            if not resumed.exists(field):
                return None
            target = into / "fetched"
            resumed[field].download(str(target))
            return target

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Make a version of a run by writing its tags."""
        with self._speaking("create a version"):
            self._runs[run]["mlops/tags"] = json.dumps(dict(tags), sort_keys=True)
            self._settle(run)
            return Version(model, _number(run), run, source, dict(tags))

    def discard(self, version: Version) -> None:
        """Mark a version as failed."""
        with contextlib.suppress(Exception):
            self.tag(version, {STATUS: FAILED})

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set tags of a version; None removes one."""
        with self._speaking(f"tag version {version.number}"), self._resumed(version.run, "sync") as run:
            known = json.loads(run["mlops/tags"].fetch())
            merged = {key: value for key, value in {**known, **tags}.items() if value is not None}
            run["mlops/tags"] = json.dumps(merged, sort_keys=True)
            run.wait()

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move a tag from run to run; None removes it."""
        with self._speaking(f"move alias {alias}"):
            rows = self._rows(model)
            if number is not None and all(_number(row["sys/id"]) != number for row in rows):
                raise Unreachable(f"{self.uri} has no version {number} of {model} any more")
            for row in rows:
                holds, must = _tag(model, alias) in row["sys/tags"], _number(row["sys/id"]) == number
                if holds != must:
                    with self._resumed(row["sys/id"], "sync") as run:
                        change = run["sys/tags"].add if must else run["sys/tags"].remove
                        change(_tag(model, alias))
                        run.wait()

    def _settle(self, run: str) -> None:
        if not self.offline:
            self._runs[run].wait()

    @contextlib.contextmanager
    def _resumed(self, run: str, mode: str = "read-only") -> Iterator[Any]:
        self._online("be read")
        if run in self._runs and self._runs[run].get_state() == "started":
            yield self._runs[run]
            return
        resumed = self._neptune.init_run(
            with_id=run,
            project=self._project,
            mode=mode,
            capture_stdout=False,
            capture_stderr=False,
            capture_hardware_metrics=False,
        )
        try:
            yield resumed
        finally:
            resumed.stop()

    def _rows(self, model: str) -> list[dict[str, Any]]:
        self._online("be read")
        project, rows = self._neptune.init_project(project=self._project, mode="read-only"), []
        try:
            for entry in project.fetch_runs_table(tag=f"mlops/{model}", columns=list(_COLUMNS), progress_bar=False):
                row = {name: _attribute(entry, name) for name in _COLUMNS}
                if row["mlops/model"] == model and row["mlops/tags"]:
                    rows.append({**row, "sys/tags": set(_attribute(entry, "sys/tags") or ())})
        finally:
            project.stop()
        return rows

    def _versions(self, model: str) -> Iterator[Version]:
        for row in self._rows(model):
            run, tags = str(row["sys/id"]), json.loads(row["mlops/tags"])
            if STATUS in tags:  # without it, its registration never came to a version
                yield Version(model, _number(run), run, str(row["mlops/source"] or ""), tags)


def _attribute(entry: Any, name: str) -> Any:
    try:
        return entry.get_attribute_value(name)
    except ValueError:  # the run has no such field
        return None


def _tag(model: str, alias: str) -> str:
    return f"mlops/{model}/{alias}"


def _field(folder: str, name: str) -> str:
    return f"files/{folder}/{name}"


def _number(run: str) -> str:
    return run.rpartition("-")[2]
