"""Builds Dagster jobs and schedules from the tasks of pipelines. API: Dagster 1.13.

Each task is an op. Here (MLOPS_EXECUTION=local) an op runs its command line as a subprocess; in a cluster it runs
the task's pod through dagster_k8s.PipesK8sClient and waits for it. Ops hand over order, not values: files lie where
mlops.execution says.
"""

import keyword
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from mlops.execution import KUBERNETES, Cluster, Failed, Run, Task, chosen, pod, run_local, texts

# Names that Dagster refuses, beside the words of Python.
_TAKEN = {"arg_dict", "bool", "conf", "config", "context", "dict", "float", "input", "input_arg_dict", "int", "meta"}
_TAKEN |= {"output", "output_arg_dict", "str", "type"}

GOING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Parameter:
    """An input of a whole run. ``default`` is the text of the configuration; None is none."""

    type: str
    default: str | None = None

    @property
    def field(self) -> dg.Field:
        """Give the field of the run's configuration."""
        kind = {"string": str, "integer": int, "boolean": bool, "number": float}[self.type]
        if self.default is None:
            return dg.Field(kind, is_required=True)
        return dg.Field(kind, default_value=self.value, is_required=False)

    @property
    def value(self) -> Any:
        """Give the default as a value of its type."""
        text = self.default or ""
        if self.type == "boolean":
            return text == "true"
        return {"string": str, "integer": int, "number": float}[self.type](text)


@dataclass(frozen=True)
class Pipeline:
    """One pipeline: its tasks, what a run may be given, and how its runs share the world."""

    name: str
    tasks: Mapping[str, Task]
    cluster: Cluster
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    exclusive: bool = False
    timeout: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def ident(name: str) -> str:
    """Give a name of the configuration as one of Dagster's."""
    made = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"{made}_" if made in _TAKEN or keyword.iskeyword(made) else made


def job_of(pipeline: Pipeline, root: Path) -> dg.JobDefinition:
    """Give the job of a pipeline."""
    ops = [_op(pipeline, task, root) for task in pipeline.tasks.values()]
    dependencies: dict[Any, dict[str, dg.DependencyDefinition]] = {}
    for op, task in zip(ops, pipeline.tasks.values(), strict=True):
        node = dg.NodeInvocation(op.name, alias=ident(task.name))
        dependencies[node] = {f"after_{ident(need)}": dg.DependencyDefinition(ident(need)) for need in task.needs}
    graph = dg.GraphDefinition(name=ident(pipeline.name), node_defs=ops, dependencies=dependencies)
    tags = {**pipeline.tags, "mlops/pipeline": pipeline.name}
    if pipeline.exclusive:
        tags["mlops/one-at-a-time"] = pipeline.name  # dagster.yaml limits runs by it
    if pipeline.timeout:
        tags["dagster/max_runtime"] = str(pipeline.timeout)
    return graph.to_job(
        resource_defs={"parameters": _parameters(pipeline)},
        tags=tags,
        executor_def=dg.multiprocess_executor if chosen() == KUBERNETES else dg.in_process_executor,
    )


def schedule_of(pipeline: Pipeline, job: dg.JobDefinition, cron: str | Sequence[str], timezone: str) -> Any:
    """Give the schedule of a job. One that may run once at a time skips a time at which it still runs."""

    def start(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if pipeline.exclusive and context.instance.get_runs_count(dg.RunsFilter(job_name=job.name, statuses=GOING)):
            return dg.SkipReason(f"a run of {job.name} is under way")
        return dg.RunRequest()

    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        execution_fn=start,
    )


def _parameters(pipeline: Pipeline) -> dg.ResourceDefinition:
    def given(context: dg.InitResourceContext) -> dict[str, Any]:
        return dict(context.resource_config)

    schema = {name: parameter.field for name, parameter in pipeline.parameters.items()}
    return dg.ResourceDefinition(resource_fn=given, config_schema=schema, description="The parameters of a run.")


def _op(pipeline: Pipeline, task: Task, root: Path) -> dg.OpDefinition:
    defaults = {name: p.default for name, p in pipeline.parameters.items() if p.default is not None}

    def body(context: dg.OpExecutionContext) -> None:
        server = os.environ.get("DAGSTER_WEBSERVER_URL", "").rstrip("/")
        run = Run(
            pipeline.name,
            context.run_id,
            texts(context.resources.parameters, defaults),
            f"{server}/runs/{context.run_id}" if server else "",
        )
        try:
            if chosen() == KUBERNETES:
                _run_pod(context, pipeline, task, run)
            else:
                run_local(task, run, root, pipeline.tasks, context.log.info)
        except Failed as failed:
            # What a program says does not change when it is asked again.
            raise dg.Failure(
                description=str(failed), metadata={"exit_code": failed.code or -1}, allow_retries=not task.program
            ) from failed

    # Jobs and ops share one namespace. Names of jobs begin with a small letter, and the length keeps two apart.
    return dg.op(
        name=f"Op{len(pipeline.name)}_{ident(pipeline.name)}_{ident(task.name)}",
        ins={f"after_{ident(need)}": dg.In(dg.Nothing) for need in task.needs},
        out=dg.Out(dg.Nothing),
        required_resource_keys={"parameters"},
        retry_policy=dg.RetryPolicy(max_retries=task.retries, delay=30, backoff=dg.Backoff.EXPONENTIAL),
    )(body)


def _run_pod(context: dg.OpExecutionContext, pipeline: Pipeline, task: Task, run: Run) -> None:
    from dagster_k8s import PipesK8sClient

    meta = {"labels": dict(pipeline.cluster.labels), "annotations": dict(pipeline.cluster.annotations)}
    PipesK8sClient().run(
        context=context,
        namespace=pipeline.cluster.namespace,
        base_pod_meta=meta,
        base_pod_spec=pod(task, run, pipeline.cluster, pipeline.tasks),
        ignore_containers=set(),
    )
