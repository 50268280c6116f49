"""Runs the tasks of pipelines inside of Prefect's flows. API: Prefect 3.8, prefect-kubernetes 0.8.

Here (MLOPS_EXECUTION=local) a task runs its command line as a subprocess. In a cluster it starts the task's pod,
hands its log on, waits for its end and removes it. Tasks hand over order, not values: files lie where
mlops.execution says, so Prefect keeps no results and caches none.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.futures import PrefectFuture, wait
from prefect.runtime import flow_run, task_run

from mlops.execution import KUBERNETES, Cluster, Failed, Run, Task, chosen, pod, run_local, texts

RUN_LABEL = "mlops.dev/run"
TASK_ANNOTATION = "mlops.dev/task"
LOOK_EVERY = 3.0
LOST_LOOKS = 20
GRACE = 60  # tasks end by themselves when the time of a run is over; Prefect ends what does not


@dataclass(frozen=True)
class Pipeline:
    """One pipeline. ``defaults`` are the texts of the configuration, ``timeout`` is of a whole run, in seconds."""

    name: str
    root: Path
    tasks: Mapping[str, Task]
    cluster: Cluster
    defaults: Mapping[str, str] = field(default_factory=dict)
    timeout: int | None = None


@dataclass(frozen=True)
class Begun:
    """A run that has begun, and the moment at which it must have ended."""

    run: Run
    ends: float | None = None


def begin(pipeline: Pipeline, parameters: Mapping[str, Any]) -> Begun:
    """Give the run of the flow that calls."""
    if chosen() == KUBERNETES:  # a run that began before may have left pods when its own was evicted
        asyncio.run(_remove_pods(pipeline.cluster.namespace, f"{RUN_LABEL}={flow_run.id}"))
    run = Run(pipeline.name, str(flow_run.id), texts(parameters, pipeline.defaults), flow_run.ui_url or "")
    return Begun(run, time.time() + pipeline.timeout if pipeline.timeout else None)


def execute(pipeline: Pipeline, name: str, begun: Begun) -> None:
    """Run a task to its end; raise Failed when it does not end well."""
    task, log = within(pipeline.tasks[name], begun), get_run_logger()
    if chosen() != KUBERNETES:
        run_local(task, begun.run, pipeline.root, pipeline.tasks, log.info)
        return
    mark = f"{task_run.id}/{task_run.run_count}"
    try:
        asyncio.run(_run_pod(pipeline, task, begun, mark, log.info))
    except TimeoutError as over:
        raise Failed(task.name, None) from over


def within(task: Task, begun: Begun) -> Task:
    """Give a task no more time than the run has left."""
    if begun.ends is None:
        return task
    left = math.ceil(begun.ends - time.time())
    if left <= 0:
        raise Failed(task.name, None)
    return replace(task, timeout=min(task.timeout or left, left))


def finish(futures: Sequence[PrefectFuture[Any]]) -> None:
    """Wait for all tasks; fail the run when one of them failed."""
    wait(list(futures))
    failed = [str(f.result(raise_on_failure=False)) for f in futures if f.state.is_failed() or f.state.is_crashed()]
    if failed or not all(f.state.is_completed() for f in futures):
        raise RuntimeError("; ".join(failed) or "not all tasks ran")


def remover(pipeline: Pipeline) -> Callable[..., None]:
    """Give what Prefect calls when a run was cancelled or crashed: its pods must not run on."""

    def remove_pods(_flow: Any, run: Any, _state: Any) -> None:
        if chosen() == KUBERNETES:
            asyncio.run(_remove_pods(pipeline.cluster.namespace, f"{RUN_LABEL}={run.id}"))

    return remove_pods


def manifest(pipeline: Pipeline, task: Task, run: Run, mark: str) -> dict[str, Any]:
    """Describe the pod of one attempt. Its name follows from the attempt: one that was created is found again."""
    digest = hashlib.sha256(f"{run.id}/{mark}".encode()).hexdigest()[:12]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{pipeline.name[:40].rstrip('-')}-{digest}",
            "namespace": pipeline.cluster.namespace,
            "labels": {**pipeline.cluster.labels, RUN_LABEL: run.id},
            "annotations": {**pipeline.cluster.annotations, TASK_ANNOTATION: task.name},
        },
        "spec": pod(task, run, pipeline.cluster, pipeline.tasks),
    }


async def _run_pod(pipeline: Pipeline, task: Task, begun: Begun, mark: str, log: Callable[[str], object]) -> None:
    from kubernetes_asyncio.client.exceptions import ApiException
    from prefect_kubernetes.credentials import KubernetesCredentials

    body = manifest(pipeline, task, begun.run, mark)
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    async with KubernetesCredentials().get_client("core") as core:
        try:
            await core.create_namespaced_pod(namespace, body, _request_timeout=60)
        except ApiException as error:
            if error.status != 409:  # it is this attempt's own: the answer was lost, or this process began anew
                raise
        log(f"{task.name}: pod {name} in namespace {namespace}")
        try:
            async with asyncio.timeout(begun.ends and begun.ends - time.time()):
                ended = await _Follower(core, name, namespace, log).follow()
        finally:
            await _delete(core, name, namespace)
    judge(task, ended)


def judge(task: Task, ended: Any) -> None:
    """Raise the failure of a pod that has ended."""
    if ended.status.phase == "Succeeded":
        return
    if ended.status.reason == "DeadlineExceeded":
        raise Failed(task.name, None)
    statuses = [*(ended.status.init_container_statuses or []), *(ended.status.container_statuses or [])]
    for status in statuses:
        over = status.state.terminated if status.state else None
        if over and over.exit_code:
            if status.name == "main" and over.reason != "OOMKilled":
                raise Failed(task.name, over.exit_code)
            raise RuntimeError(f"{task.name}: container {status.name}: {over.reason}, exit code {over.exit_code}")
    raise RuntimeError(f"{task.name}: the pod failed: {ended.status.reason} {ended.status.message or ''}".rstrip())


class _Follower:
    """Follows one pod to its end, and hands each line of its log on once."""

    def __init__(self, core: Any, name: str, namespace: str, log: Callable[[str], object]) -> None:
        self._core, self._name, self._namespace, self._log = core, name, namespace, log
        self._last, self._why = "", ""

    async def follow(self) -> Any:
        lost = 0
        while True:
            try:
                seen = await self._core.read_namespaced_pod(self._name, self._namespace, _request_timeout=60)
                if seen.status.phase in ("Succeeded", "Failed"):
                    await self._lines(follow=False)
                    return seen
                if seen.status.phase == "Running":
                    await self._lines(follow=True)
                else:
                    self._waits(seen)
                lost = 0
            except Exception as error:
                lost += 1
                gone = getattr(error, "status", None) in (401, 403, 404)
                if gone or lost == LOST_LOOKS:
                    raise
            await asyncio.sleep(LOOK_EVERY)

    def _waits(self, seen: Any) -> None:
        """Say what a pod waits for, when that is new."""
        statuses = [*(seen.status.init_container_statuses or []), *(seen.status.container_statuses or [])]
        waiting = [s.state.waiting for s in statuses if s.state and s.state.waiting]
        conditions = [c for c in seen.status.conditions or [] if c.type == "PodScheduled" and c.status == "False"]
        why = "; ".join(f"{w.reason}: {w.message or ''}" for w in [*conditions, *waiting] if w.reason)
        if why and why != self._why:
            self._log(f"the pod waits: {why}")
        self._why = why

    async def _lines(self, follow: bool) -> None:
        try:
            stream = await self._core.read_namespaced_pod_log(
                self._name,
                self._namespace,
                container="main",
                follow=follow,
                timestamps=True,
                _preload_content=False,
            )
        except Exception as error:
            if getattr(error, "status", None) == 400:  # its container has not begun
                return
            raise
        async with stream:
            if stream.status != 200:
                return
            async for raw in stream.content:
                self._line(raw.decode(errors="replace").rstrip("\n"))

    def _line(self, text: str) -> None:
        at, _, line = text.partition(" ")
        at = at.rstrip("Z")
        if at > self._last:
            self._last = at
            self._log(line)


async def _delete(core: Any, name: str, namespace: str) -> None:
    try:
        await core.delete_namespaced_pod(name, namespace, _request_timeout=60)
    except Exception as error:
        if getattr(error, "status", None) != 404:
            get_run_logger().warning("pod %s is not removed: %s", name, error)


async def _remove_pods(namespace: str, selector: str) -> None:
    from prefect_kubernetes.credentials import KubernetesCredentials

    async with KubernetesCredentials().get_client("core") as core:
        for found in (await core.list_namespaced_pod(namespace, label_selector=selector)).items:
            await core.delete_namespaced_pod(found.metadata.name, namespace)
