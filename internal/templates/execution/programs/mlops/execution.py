"""Runs the tasks of a pipeline for orchestrators that are Python programs.

A task is one command line. ``run_local`` runs it as a subprocess on this machine; ``pod`` describes the pod that
runs the very same command line in a cluster. MLOPS_EXECUTION=local|kubernetes chooses; unset, a process inside a
cluster takes the cluster. In a text, ``$(params.X)``, ``$(inputs.X)``, ``$(outputs.X)``, ``$(config)``,
``$(run.id)`` and ``$(run.url)`` are filled in, and ``$$(`` is a plain ``$(``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCAL, KUBERNETES = "local", "kubernetes"
FOLDER = "import pathlib, sys; pathlib.Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)"

_TOKEN = re.compile(r"\$\$\(|\$\((params|inputs|outputs)\.([^)]+)\)|\$\((config|run\.id|run\.url)\)")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FOREIGN = ("AIRFLOW", "DAGSTER", "PREFECT", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__AIRFLOW")


class Failed(Exception):
    """A task's command ended with an exit code that is not zero, or took too long."""

    def __init__(self, task: str, code: int | None) -> None:
        """Keep the code; None for a task that was stopped because its time was over."""
        self.code = code
        super().__init__(f"{task}: " + ("timed out" if code is None else f"exit code {code}"))


@dataclass(frozen=True)
class Task:
    """One command in one image. ``secrets`` maps a variable to (secret, key)."""

    name: str
    image: str
    command: Sequence[str]
    program: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tracked: Sequence[str] = ()
    needs: Sequence[str] = ()
    inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    params: Sequence[str] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Mapping[str, str]] = ()
    retries: int = 0
    timeout: int | None = None
    cache: bool = False


@dataclass(frozen=True)
class Run:
    """One run of a pipeline. ``parameters`` are texts, as the configuration writes them."""

    pipeline: str
    id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def folder(self) -> str:
        """Give the run's id as the name of a folder."""
        return _UNSAFE.sub("-", self.id).strip("-.") or "run"


@dataclass(frozen=True)
class Cluster:
    """What pods of a platform have in common. ``claim`` is mounted at ``mount``; "" is no volume."""

    namespace: str
    service_account: str
    claim: str = ""
    mount: str = ""
    priority: str = ""
    user: int = 65532
    programs_image: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def chosen() -> str:
    """Say where tasks run."""
    mode = os.environ.get("MLOPS_EXECUTION") or (KUBERNETES if os.environ.get("KUBERNETES_SERVICE_HOST") else LOCAL)
    if mode not in (LOCAL, KUBERNETES):
        raise ValueError(f"MLOPS_EXECUTION is {mode!r}, must be {LOCAL} or {KUBERNETES}")
    return mode


def root_of(file: str) -> Path:
    """Give the repository's root for a file in pipelines/<pipeline>/."""
    return Path(file).resolve().parents[2]


def texts(values: Mapping[str, Any], defaults: Mapping[str, str]) -> dict[str, str]:
    """Write typed parameters as texts. A value that equals its default keeps the digits of the configuration."""
    return {name: _text(value, defaults.get(name)) for name, value in values.items()}


def _text(value: Any, default: str | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if default is not None and _number(default) == value:
            return default
        return repr(value)
    return str(value)


def _number(text: str) -> float | int | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Place:
    """Where the files of a run are: here, or on the volume of a cluster."""

    base: str
    config: str

    def task(self, run: Run, name: str) -> str:
        """Give the folder that a task writes to."""
        return f"{self.base}/runs/{run.pipeline}/{run.folder}/{name}"


def here(run: Run) -> Place:
    """Give paths below the repository's root, from which subprocesses start."""
    return Place(".", f"pipelines/{run.pipeline}/pipeline.json")


def there(run: Run, cluster: Cluster) -> Place:
    """Give paths in a pod."""
    return Place(cluster.mount, f"/opt/mlops/pipelines/{run.pipeline}/pipeline.json")


def fill(text: str, task: Task, run: Run, place: Place, tasks: Mapping[str, Task] | None = None) -> str:
    """Replace the tokens of a text."""

    def value(found: re.Match[str]) -> str:
        kind, name, fixed = found[1], found[2], found[3]
        if kind == "params":
            return run.parameters[name]
        if kind == "outputs":
            return f"{place.task(run, task.name)}/{task.outputs[name]}"
        if kind == "inputs":
            source, output = task.inputs[name]
            files = tasks[source].outputs if tasks and source in tasks else {}
            return f"{place.task(run, source)}/{files.get(output, output)}"
        if fixed is None:
            return "$("
        return {"config": place.config, "run.id": run.id, "run.url": run.url}[fixed]

    return _TOKEN.sub(value, text)


def argv(task: Task, run: Run, place: Place, tasks: Mapping[str, Task] | None = None) -> list[str]:
    """Give the command line of a task."""
    return [fill(text, task, run, place, tasks) for text in task.command]


def run_local(
    task: Task,
    run: Run,
    root: Path,
    tasks: Mapping[str, Task] | None = None,
    log: Callable[[str], object] | None = None,
) -> None:
    """Run a task as a subprocess below ``root``; raise Failed when it does not end well."""
    place = here(run)
    folder = root / place.task(run, task.name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kept = _kept(task, run, root, tasks)
    if kept is not None and kept.is_dir():
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        _say(log, f"{task.name}: outputs of an equal task are taken")
        return
    missing = [name for name in task.secrets if name not in task.tracked and name not in os.environ]
    if missing:
        secret, key = task.secrets[missing[0]]
        raise RuntimeError(f"{task.name}: {missing[0]} must be set: in a cluster it is key {key} of secret {secret}")
    _execute(task, argv(task, run, place, tasks), environment(task, run, root, tasks), root, log)
    if kept is not None:
        _keep(folder, kept)


def environment(task: Task, run: Run, root: Path, tasks: Mapping[str, Task] | None = None) -> dict[str, str]:
    """Give the variables of a subprocess: ours of this process, without the orchestrator's, and the task's."""
    env = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    scripts = root / ".venv" / "bin"
    if scripts.is_dir():
        env["PATH"] = f"{scripts}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["PYTHONPATH"] = f"{root / 'src'}{os.pathsep}{root}"
    place = here(run)
    for name, text in task.env.items():
        if name not in task.tracked:
            env[name] = fill(text, task, run, place, tasks)
    return env


def _execute(
    task: Task, command: Sequence[str], env: Mapping[str, str], root: Path, log: Callable[[str], object] | None
) -> None:
    program = shutil.which(command[0], path=env.get("PATH")) or command[0]
    process = subprocess.Popen(
        [program, *command[1:]],
        cwd=root,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    timer = _alarm(process, task.timeout)
    try:
        for line in process.stdout or ():
            _say(log, line.rstrip("\n"))
        code = process.wait()
    except BaseException:
        _stop(process)
        raise
    finally:
        late = timer.cancel() if timer else False
    if late:
        raise Failed(task.name, None)
    if code:
        raise Failed(task.name, code)


class _Alarm:
    """Stops a process when its time is over."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        self.rang = False
        self._process = process
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        self.rang = True
        _stop(self._process)

    def cancel(self) -> bool:
        self._timer.cancel()
        return self.rang


def _alarm(process: subprocess.Popen[str], seconds: int | None) -> _Alarm | None:
    return _Alarm(process, seconds) if seconds else None


def _stop(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _say(log: Callable[[str], object] | None, line: str) -> None:
    if log is None:
        print(line, flush=True)
    else:
        log(line)


def _kept(task: Task, run: Run, root: Path, tasks: Mapping[str, Task] | None) -> Path | None:
    """Say where the outputs of an equal task would be; None for a task that must run."""
    if not task.cache:
        return None
    place = here(run)
    read = {
        name: _digest(root / fill(f"$(inputs.{name})", task, run, place, tasks)) for name in sorted(task.inputs)
    }
    mark = {
        "command": list(task.command),
        "env": {name: text for name, text in task.env.items() if name not in task.tracked and "$(run." not in text},
        "image": task.image,
        "outputs": dict(task.outputs),
        "params": {name: run.parameters[name] for name in task.params},
        "read": read,
        "code": _digest(root / "src"),
        "lock": _digest(root / "requirements.txt"),
        "python": sys.version,
    }
    key = hashlib.sha256(json.dumps(mark, sort_keys=True).encode()).hexdigest()
    return root / ".mlops" / "cache" / run.pipeline / task.name / key


def _keep(folder: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=kept.parent))
    shutil.copytree(folder, draft, symlinks=True, dirs_exist_ok=True)
    try:
        draft.rename(kept)
    except OSError:  # another run was faster
        shutil.rmtree(draft, ignore_errors=True)


def _digest(path: Path) -> str:
    """Name the content of a file or folder."""
    mark = hashlib.sha256()
    for file in _files(path):
        mark.update(f"{file.relative_to(path.parent)}\0".encode())
        with file.open("rb") as stream:
            while part := stream.read(1 << 20):
                mark.update(part)
        mark.update(b"\0")
    return mark.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [path] if path.is_file() else []


def pod(task: Task, run: Run, cluster: Cluster, tasks: Mapping[str, Task] | None = None) -> dict[str, Any]:
    """Describe the pod of a task, as the spec of a Kubernetes v1 Pod."""
    place = there(run, cluster)
    container: dict[str, Any] = {
        "name": "main",
        "image": task.image,
        "command": [_escape(text) for text in argv(task, run, place, tasks)],
        "env": _variables(task, run, cluster, tasks),
        "securityContext": _restricted(read_only=task.program),
        "volumeMounts": _mounts(run, cluster),
    }
    if task.requests or task.limits:
        container["resources"] = {"requests": dict(task.requests), "limits": dict(task.limits)}
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "serviceAccountName": cluster.service_account,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": cluster.user,
            "runAsGroup": cluster.user,
            "fsGroup": cluster.user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": _volumes(run, cluster),
    }
    if cluster.claim:
        spec["initContainers"] = [_folder(task, run, cluster)]
    if cluster.priority:
        spec["priorityClassName"] = cluster.priority
    if task.timeout:
        spec["activeDeadlineSeconds"] = task.timeout
    if task.node_selector:
        spec["nodeSelector"] = dict(task.node_selector)
    if task.tolerations:
        spec["tolerations"] = [dict(toleration) for toleration in task.tolerations]
    return spec


def _escape(text: str) -> str:
    """Keep the kubelet from reading a variable into a text."""
    return text.replace("$", "$$")


def _variables(task: Task, run: Run, cluster: Cluster, tasks: Mapping[str, Task] | None) -> list[dict[str, Any]]:
    place = there(run, cluster)
    plain = {name: fill(text, task, run, place, tasks) for name, text in task.env.items()}
    plain.setdefault("HOME", "/tmp")  # noqa: S108 - an empty volume of the pod's own
    if task.program:
        plain |= {"MLOPS_DATA_ROOT": cluster.mount, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/opt/mlops"}
        plain["MLOPS_MODEL_STORE"] = f"{cluster.mount}/models"
    out: list[dict[str, Any]] = [{"name": name, "value": _escape(plain[name])} for name in sorted(plain)]
    for name in sorted(task.secrets):
        secret, key = task.secrets[name]
        out.append({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
    return out


def _restricted(read_only: bool) -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": read_only,
    }


def _mounts(run: Run, cluster: Cluster) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108
    if cluster.claim:
        mounts.append({"name": "bucket", "mountPath": cluster.mount})
    mounts.append({"name": "programs", "mountPath": "/opt/mlops/mlops", "readOnly": True})
    mounts.append({"name": "pipeline", "mountPath": f"/opt/mlops/pipelines/{run.pipeline}", "readOnly": True})
    return mounts


def _volumes(run: Run, cluster: Cluster) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}]
    if cluster.claim:
        volumes.append({"name": "bucket", "persistentVolumeClaim": {"claimName": cluster.claim}})
    volumes.append({"name": "programs", "configMap": {"name": "mlops-programs"}})
    volumes.append({"name": "pipeline", "configMap": {"name": f"pipeline-{run.pipeline}"}})
    return volumes


def _folder(task: Task, run: Run, cluster: Cluster) -> dict[str, Any]:
    """Make the folder of a task before it starts: user images need no shell for that."""
    return {
        "name": "folder",
        "image": cluster.programs_image,
        "command": ["python", "-c", FOLDER, there(run, cluster).task(run, task.name)],
        "securityContext": _restricted(read_only=True),
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "bucket", "mountPath": cluster.mount}],
    }
