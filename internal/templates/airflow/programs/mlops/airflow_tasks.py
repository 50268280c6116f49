"""Makes the tasks of pipelines for Airflow's DAGs. API: Airflow 3.3, and 2.11.

Here (MLOPS_EXECUTION=local) a task runs its command line as a subprocess. In a cluster it starts the task's pod; see
mlops.airflow_pods. Tasks hand over order, not values: files lie where mlops.execution says, and there are no XComs.
No text of a task is a template of Airflow: braces in it are what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlops.execution import KUBERNETES, Cluster, Run, Task, chosen, run_local, texts

try:
    from airflow.sdk import BaseOperator, CronTriggerTimetable
    from airflow.sdk.configuration import conf

    AIRFLOW_3 = True
except ImportError:
    from airflow.configuration import conf
    from airflow.models.baseoperator import BaseOperator
    from airflow.timetables.trigger import CronTriggerTimetable

    AIRFLOW_3 = False

FIRST_RETRY, LAST_RETRY = timedelta(seconds=10), timedelta(minutes=10)
LATE = timedelta(minutes=10)  # within which a new DAG still catches the tick before
GRACE = 60  # seconds: tasks end by themselves when their time is over; Airflow ends what does not


@dataclass(frozen=True)
class Pipeline:
    """One pipeline. ``defaults`` are the texts of the configuration."""

    name: str
    root: Path
    tasks: Mapping[str, Task]
    cluster: Cluster
    defaults: Mapping[str, str] = field(default_factory=dict)


def schedule(cron: str, timezone: str) -> dict[str, Any]:
    """Give the arguments of a DAG that runs at the ticks of a cron in a time zone."""
    if AIRFLOW_3:  # without a start date a new DAG does not run for a tick of the past
        return {"schedule": CronTriggerTimetable(cron, timezone=timezone, run_immediately=LATE)}
    import pendulum

    start = pendulum.datetime(2026, 1, 1, tz=timezone)
    return {"schedule": CronTriggerTimetable(cron, timezone=timezone), "start_date": start}


def by_schedule_only() -> dict[str, Any]:
    """Give the arguments of a DAG that nobody may start by hand."""
    try:
        from airflow.sdk import DAG
    except ImportError:
        fields: Any = {}
    else:
        fields = getattr(DAG, "__attrs_attrs__", ())
    if "allowed_run_types" not in {field.name for field in fields}:
        raise RuntimeError("triggers.manual = false needs Airflow 3.2 or later")
    return {"allowed_run_types": ["scheduled"]}


def operator(pipeline: Pipeline, name: str) -> BaseOperator:
    """Give the operator of a task."""
    task = pipeline.tasks[name]
    settings: dict[str, Any] = {"task_id": name, "retries": task.retries, "do_xcom_push": False}
    if task.retries:
        settings |= {"retry_delay": FIRST_RETRY, "max_retry_delay": LAST_RETRY}
        settings["retry_exponential_backoff"] = 2 if AIRFLOW_3 else True
    if chosen() != KUBERNETES:
        if task.timeout:
            settings["execution_timeout"] = timedelta(seconds=task.timeout + GRACE)
        return LocalTask(pipeline=pipeline, **settings)
    from mlops import airflow_pods

    if task.timeout:  # a pod's own time begins when it has a node
        settings["execution_timeout"] = timedelta(seconds=task.timeout + airflow_pods.WAIT + GRACE)
    return airflow_pods.PodTask(pipeline=pipeline, **settings)


def run_of(pipeline: Pipeline, context: Any) -> Run:
    """Give the run that a task instance belongs to."""
    params = {name: context["params"][name] for name in context["params"]}
    run = str(context["run_id"])
    return Run(pipeline.name, run, texts(params, pipeline.defaults), page(str(context["dag"].dag_id), run))


def page(dag: str, run: str) -> str:
    """Give where people look at a run; "" when Airflow does not know its own address."""
    base = conf.get("api" if AIRFLOW_3 else "webserver", "base_url", fallback="").rstrip("/")
    if not base:
        return ""
    of, name = quote(dag, safe=""), quote(run, safe="")
    return f"{base}/dags/{of}/runs/{name}" if AIRFLOW_3 else f"{base}/dags/{of}/grid?dag_run_id={name}"


class LocalTask(BaseOperator):  # type: ignore[misc,unused-ignore]
    """Runs a task as a subprocess of the worker."""

    template_fields = ()

    def __init__(self, *, pipeline: Pipeline, **settings: Any) -> None:
        """Take the pipeline; task_id names the task."""
        super().__init__(**settings)
        self.pipeline = pipeline

    def execute(self, context: Any) -> None:
        """Run it to its end."""
        pipeline = self.pipeline
        task = pipeline.tasks[self.task_id]
        run_local(task, run_of(pipeline, context), pipeline.root, pipeline.tasks, self.log.info)
