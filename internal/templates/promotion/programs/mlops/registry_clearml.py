"""ClearML: tasks, and output models with tags and metadata.

ClearML has neither version numbers nor aliases. A number is metadata of the model, one above the greatest there is; an
alias is a tag, which is taken from its holder before another model gets it. The champion is published, which cannot be
undone: a later champion takes the tag and leaves the former one published. With CLEARML_OFFLINE_MODE=1 a task is
recorded in files.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlops.config import Model
from mlops.errors import Refused, Unreachable
from mlops.registry import CHALLENGER, CHAMPION, FAILED, PREVIOUS, STATUS, Registry, Version, client, newest, settings

NUMBER = "mlops.version"
RUN = "mlops.task"
_ALIASES = (CHALLENGER, CHAMPION, PREVIOUS)
_SETTLE = 30.0  # seconds until a server must give back the metrics that it took
_TIMEOUT = (10.0, 60.0)  # seconds to connect, and to read
_RETRIES = {"total": 3, "connect": 3, "read": 1, "redirect": 3, "status": 3}
# What the client does by itself: 240 attempts, for ever on 503, a reporting process that its parent waits for without
# an end, and a thread that kills the process of a failed task. It reads none of this from the environment.
_CLIENT = {
    "api": {
        "http": {
            "retries": {**_RETRIES, "backoff_factor": 0.5, "backoff_max": 5.0},
            "wait_on_maintenance_forever": False,
        }
    },
    "sdk": {"development": {"report_use_subprocess": False, "support_stopping": False}},
}


def open_registry(model: Model) -> Registry:
    """Connect to the registry of a model."""
    (host,) = settings(model, {"api_host": "CLEARML_API_HOST"})
    for name in ("api_host", "web_host", "files_host"):
        if model.registry_settings.get(name):
            os.environ.setdefault(f"CLEARML_{name.upper()}", model.registry_settings[name])
    return ClearML(os.environ.get("CLEARML_API_HOST", host), model.registry_settings.get("project") or model.name)


class ClearML(Registry):
    """One project of a ClearML server."""

    def __init__(self, host: str, project: str) -> None:
        """Take the names; the server is asked when something is needed of it."""
        self.uri = f"clearml:{host}/{project}"
        self.offline = os.environ.get("CLEARML_OFFLINE_MODE", "").lower() in ("1", "true", "yes")
        os.environ.setdefault("CLEARML_LOG_LEVEL", "ERROR")
        self._project, self._clearml = project, client("clearml", "clearml.config")
        self._clearml.config.config_obj.set_overrides(_CLIENT)
        self._clearml.config.config.clear_config_impl()  # or what was read before is used on
        self._tasks: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._outputs: dict[str, Any] = {}

    @contextlib.contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        with super()._speaking(doing):
            if not self.offline:
                _bound(self._clearml.Task._get_default_session())
            yield

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number, from the tags of the models."""
        with self._speaking("be asked for aliases"):
            return {
                alias: _value(each, NUMBER)
                for each in self._models(model)
                for alias in _ALIASES
                if alias in (each.tags or [])
            }

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        with self._speaking(f"be asked for version {number}"):
            found = self._model(model, number)
            return None if found is None else _version(model, found)

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            return newest((_version(model, each) for each in self._models(model)), fingerprint)

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from the single values of its task."""
        with self._speaking(f"be asked for task {version.run}"):
            values = self._clearml.Task.get_task(task_id=version.run).get_reported_single_values()
            return {str(name): Decimal(repr(float(value))) for name, value in values.items()}

    def ensure_model(self, model: Model) -> None:
        """Do nothing: a model exists in ClearML from its first version on."""
        self._online("hold a model")

    @contextlib.contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Record a task; it ends as failed when the body raises."""
        with self._speaking("start a task"):
            if self.offline:
                self._clearml.Task.set_offline(True)
            task = self._clearml.Task.init(
                project_name=self._project,
                task_name=f"{experiment} {name}",
                task_type=self._clearml.Task.TaskTypes.training,
                reuse_last_task_id=False,
                output_uri=None if self.offline else True,
                auto_connect_arg_parser=False,
                auto_connect_frameworks=False,
                auto_resource_monitoring=False,
                auto_connect_streams=False,
            )
            task.set_parameters({f"mlops/{key}": value for key, value in tags.items()})
        self._tasks[task.id], self._names[task.id] = task, experiment
        try:
            yield task.id
        except BaseException:
            with contextlib.suppress(Exception):
                task.close()  # which completes it
            with contextlib.suppress(Exception):
                if not self.offline:
                    failed = self._clearml.Task.get_task(task_id=task.id)
                    failed.mark_failed(force=True, status_reason="registration failed")
            raise
        with self._speaking("close the task"):
            task.close()

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Write metrics and parameters of a task."""
        with self._speaking("take metrics and parameters"):
            task = self._tasks[run]
            if params:
                task.update_parameters({f"parameters/{name}": value for name, value in params.items()})
            for name, value in metrics.items():
                task.get_logger().report_single_value(name, float(value))
            task.flush(wait_for_uploads=True)
            if not self.offline:
                self._kept(task, set(metrics))

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Upload the model as an output model, anything else as an artifact of the task."""
        with self._speaking(f"take {path}"):
            task = self._tasks[run]
            if folder != "model" or self.offline:  # the client cannot make an output model offline
                if not task.upload_artifact(folder, str(path), wait_on_upload=True):
                    raise Unreachable(f"{self.uri} did not take {path}")
                return f"{task.id}/{folder}"
            output = self._clearml.OutputModel(task=task, name=self._names[run])
            self._outputs[run] = output
            if path.is_dir():
                where = output.update_weights_package(
                    weights_path=str(path), auto_delete_file=False, async_enable=False
                )
            else:
                where = output.update_weights(weights_filename=str(path), auto_delete_file=False, async_enable=False)
            return str(where)

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of a task; None when it is not there."""
        folder, _, name = file.partition("/")
        with self._speaking(f"give {file} of task {run}"):
            task = self._clearml.Task.get_task(task_id=run)
            if folder != "model":
                artifact = task.artifacts.get(folder)
                copy = None if artifact is None else artifact.get_local_copy(raise_on_error=True)
            else:
                outputs = task.models["output"]
                copy = outputs[-1].get_local_copy(True, raise_on_error=True, force_download=True) if outputs else None
            if copy is None:
                return None
            there = Path(copy) / name if Path(copy).is_dir() else Path(copy)
            return there if there.is_file() else None

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Give the output model its number and tags in one request, and make sure that no other has the number."""
        with self._speaking("create a version"):
            output = self._outputs[run]
            number = str(max([int(_value(each, NUMBER)) for each in self._models(model)], default=0) + 1)
            _write(output, {**tags, NUMBER: number, RUN: run})
            same = [each.id for each in self._models(model) if _value(each, NUMBER) == number]
            if same != [output.id]:
                _write(output, {STATUS: FAILED, NUMBER: "0"})
                raise Refused(f"version {number} of {model} was registered by another run meanwhile: register again")
            return Version(model, number, run, source, dict(tags))

    def discard(self, version: Version) -> None:
        """Mark a version as failed; its files stay with its task."""
        with contextlib.suppress(Exception):
            self.tag(version, {STATUS: FAILED})

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set metadata of a version; None empties an entry, as an update cannot remove one."""
        with self._speaking(f"tag version {version.number}"):
            found = self._there(version.model, version.number)
            _write(found, {key: value or "" for key, value in tags.items()})

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move a tag; None removes it. The champion is published."""
        with self._speaking(f"move alias {alias}"):
            target = None if number is None else self._there(model, number)
            for each in self._models(model):
                if alias in (each.tags or []) and _value(each, NUMBER) != number:
                    each.tags = [name for name in each.tags if name != alias]
            if target is not None:
                if alias not in (target.tags or []):
                    target.tags = [*(target.tags or []), alias]
                if alias == CHAMPION:
                    target.publish()

    def _kept(self, task: Any, names: set[str]) -> None:
        """Wait until a server has the metrics: the client sends them in a thread that tells nobody of a failure."""
        end = time.monotonic() + _SETTLE
        while not names <= set(task.get_reported_single_values()):
            if time.monotonic() > end:
                raise Unreachable(f"{self.uri} did not take the metrics of task {task.id}")
            time.sleep(1)

    def _models(self, model: str) -> Iterator[Any]:
        self._online("be read")
        if not self._projects():
            return  # the client stops at a project that its first task will create
        found = self._clearml.Model.query_models(model_name=model, project_name=self._project)
        yield from (each for each in found if _value(each, NUMBER) not in ("", "0"))

    def _projects(self) -> Any:
        task = self._clearml.Task  # whose get_project_id takes a server that does not answer for a missing project
        services = client("clearml.backend_api.services")
        exactly = f"^{re.escape(self._project)}$"
        wanted = services.projects.GetAllRequest(name=exactly, only_fields=["id"], search_hidden=True)
        return task._send(task._get_default_session(), wanted).response.projects

    def _model(self, model: str, number: str) -> Any:
        return next((each for each in self._models(model) if _value(each, NUMBER) == number), None)

    def _there(self, model: str, number: str) -> Any:
        found = self._model(model, number)
        if found is None:
            raise Unreachable(f"{self.uri} has no version {number} of {model} any more")
        return found


def _bound(session: Any) -> None:
    """Make a request without an answer fail: the client repeats what raised, or was above 500, without an end."""
    if getattr(session, "mlops_bound", False):
        return
    session.mlops_bound, session._session_timeout = True, _TIMEOUT
    parts, send = client("clearml.backend_api.session", "clearml.backend_api.session.response"), session.send

    def once(*args: Any, **kwargs: Any) -> Any:
        try:
            result = send(*args, **kwargs)
        except Exception as fault:
            meta = parts.response.ResponseMeta.from_raw_data(status_code=500, text=str(fault))
            return parts.CallResult(meta=meta)
        if result is not None and result.meta.result_code > 500:
            result.meta.result_code = 500
        return result

    session.send = once


def _value(found: Any, key: str) -> str:
    return str(found.get_metadata(key) or "")


def _write(found: Any, entries: Mapping[str, str]) -> None:
    typed = {key: {"value": value, "type": "str"} for key, value in entries.items()}
    if not found.set_all_metadata(typed, replace=False):
        raise Unreachable(f"the metadata of model {found.id} was not taken")


def _version(model: str, found: Any) -> Version:
    entries = {key: entry["value"] for key, entry in found.get_all_metadata().items() if entry["value"]}
    number, run = entries.pop(NUMBER), entries.pop(RUN, "")
    return Version(model, number, run, str(found.url or ""), entries)
