"""The operator of a task that is a pod. API: provider cncf-kubernetes 10.25 on Airflow 3.3 and 2.11.

It is the KubernetesPodOperator with the pod of mlops.execution as its template. It waits in the worker instead of a
triggerer: then a task that is stopped removes its pod, and a worker that begins anew finds the pod it had started.
"""

from __future__ import annotations

import re
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

from mlops.airflow_tasks import Pipeline, run_of
from mlops.execution import Failed, Run, pod

try:
    from airflow.sdk.exceptions import AirflowException
except ImportError:
    from airflow.exceptions import AirflowException

TASK_ANNOTATION = "mlops.dev/task"
SCHEDULE, STARTUP = 3600, 1800  # seconds that a pod may wait: for a node, and then for its images and first container
WAIT = SCHEDULE + STARTUP


class PodTask(KubernetesPodOperator):  # type: ignore[misc,unused-ignore]
    """Starts the pod of a task, hands its log on, waits for its end and removes it."""

    template_fields = ()

    def __init__(self, *, pipeline: Pipeline, **settings: Any) -> None:
        """Take the pipeline; task_id names the task."""
        task, cluster = pipeline.tasks[settings["task_id"]], pipeline.cluster
        super().__init__(
            name=re.sub(r"[^a-z0-9-]+", "-", f"{pipeline.name}-{task.name}".lower()).strip("-"),
            namespace=cluster.namespace,
            image=task.image,
            service_account_name=cluster.service_account,
            labels=dict(cluster.labels),
            annotations={**cluster.annotations, TASK_ANNOTATION: task.name},
            base_container_name="main",
            container_name_log_prefix_enabled=False,
            deferrable=False,
            log_events_on_failure=True,
            log_pod_spec_on_failure=False,
            on_finish_action="delete_pod",
            schedule_timeout_seconds=SCHEDULE,
            startup_timeout_seconds=STARTUP,
            termination_message_policy="FallbackToLogsOnError",
            **settings,
        )
        self.pipeline = pipeline

    def build_pod_request_obj(self, context: Any = None, **more: Any) -> Any:
        """Describe the pod of one attempt; without a context, as in a dry run, that of a run with the defaults."""
        pipeline = self.pipeline
        run = run_of(pipeline, context) if context else Run(pipeline.name, "dry-run", dict(pipeline.defaults))
        task = pipeline.tasks[self.task_id]
        spec = pod(task, run, pipeline.cluster, pipeline.tasks)
        self.pod_template_dict = {"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": spec}
        return super().build_pod_request_obj(context, **more)

    def cleanup(self, *args: Any, **named: Any) -> None:
        """Remove the pod; raise what its task failed of."""
        try:
            super().cleanup(*args, **named)
        except AirflowException as error:
            failed = failure(self.task_id, named.get("remote_pod"))
            if failed is None:
                raise
            raise failed from error


def failure(task: str, ended: Any) -> Failed | None:
    """Say how a pod's own command failed; None when something else did."""
    status = getattr(ended, "status", None)
    if status is None:
        return None
    if status.reason == "DeadlineExceeded":
        return Failed(task, None)
    for container in status.container_statuses or []:
        over = container.state.terminated if container.state else None
        if container.name == "main" and over and over.exit_code and over.reason != "OOMKilled":
            return Failed(task, over.exit_code)
    return None
