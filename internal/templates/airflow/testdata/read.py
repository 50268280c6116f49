"""Prints what Airflow makes of the DAGs below folders: read.py FOLDER... Firings are asked for in asked.json."""

import json
import os
import sys
import types
from pathlib import Path

ROOTS = [Path(arg).resolve() for arg in sys.argv[1:]]
RUN = "manual__2026-11-23T10:00:00+00:00"

try:
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.serialization.serialized_objects import DagSerialization

    def load(root):
        return BundleDagBag(str(root), bundle_path=root, bundle_name="emitted")

    def again(dag):
        return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))

    AIRFLOW_3 = True
except ImportError:
    from airflow.models.dagbag import DagBag
    from airflow.serialization.serialized_objects import SerializedDAG

    def load(root):
        sys.path.insert(0, str(root))  # as the DAG folder is
        return DagBag(str(root), include_examples=False)

    def again(dag):
        return SerializedDAG.from_dict(json.loads(json.dumps(SerializedDAG.to_dict(dag))))

    AIRFLOW_3 = False


def forget():
    """Make the next folder's modules its own."""
    sys.path[:] = [path for path in sys.path if path not in [str(root) for root in ROOTS]]
    for name in [name for name in sys.modules if name.split(".")[0] == "mlops"]:
        del sys.modules[name]


def firings(timetable, starts):
    """Give the next ten times after each start."""
    from airflow.timetables.base import DataInterval, TimeRestriction
    import pendulum

    everything, out = TimeRestriction(earliest=None, latest=None, catchup=True), []
    for start in starts:
        last, times = DataInterval.exact(pendulum.from_timestamp(start)), []
        while len(times) < 10:
            info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=everything)
            times.append(int(info.run_after.timestamp()))
            last = DataInterval.exact(info.run_after)
        out.append(times)
    return out


def context(dag, task, params):
    """Give what a task instance gets."""
    instance = types.SimpleNamespace(dag_id=dag.dag_id, task_id=task.task_id, try_number=1, map_index=-1)
    return {"run_id": RUN, "params": params, "dag": dag, "ti": instance}


def tasks_of(dag, params):
    from mlops.airflow_tasks import run_of
    from mlops.execution import argv, fill, here

    out = {}
    for task in dag.tasks:
        pipeline, at = task.pipeline, context(dag, task, params)
        run, own = run_of(pipeline, at), pipeline.tasks[task.task_id]
        out[task.task_id] = {
            "Type": task.task_type,
            "Up": sorted(task.upstream_task_ids),
            "Retries": task.retries,
            "Seconds": int(task.execution_timeout.total_seconds()) if task.execution_timeout else 0,
            "Templates": list(task.template_fields),
            "Argv": argv(own, run, here(run), pipeline.tasks),
            "Env": {name: fill(text, own, run, here(run), pipeline.tasks) for name, text in own.env.items()},
            "URL": run.url,
        }
        if task.task_type == "PodTask":
            out[task.task_id] |= pod_of(task, at, own, run)
    return out


def pod_of(task, at, own, run):
    """Give the pod that the operator asks for, and whether its spec is that of mlops.execution."""
    from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
    from kubernetes.client import ApiClient

    from mlops.execution import pod

    pipeline, plain = task.pipeline, ApiClient().sanitize_for_serialization
    made = plain(task.build_pod_request_obj(at, dry_run=True))
    wanted = {"apiVersion": "v1", "kind": "Pod", "spec": pod(own, run, pipeline.cluster, pipeline.tasks)}
    wanted = plain(PodGenerator.deserialize_model_dict(wanted))
    wanted["spec"]["containers"][0]["terminationMessagePolicy"] = "FallbackToLogsOnError"
    assert plain(task.build_pod_request_obj(dry_run=True))["spec"]["containers"][0]["image"] == own.image
    return {"Pod": made, "Equal": bare(made["spec"]) == bare(wanted["spec"])}


def bare(value):
    """Leave out what says nothing."""
    if isinstance(value, dict):
        kept = {key: bare(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, {}, [], False) or key in KEPT}
    return [bare(one) for one in value] if isinstance(value, list) else value


KEPT = ("allowPrivilegeEscalation", "automountServiceAccountToken", "readOnlyRootFilesystem", "value")


def read(root, mode, starts):
    forget()
    os.environ["MLOPS_EXECUTION"] = mode
    bag = load(root)
    warned = {file: [str(w) for w in said] for file, said in bag.captured_warnings.items() if said}
    out = {"Errors": {file: error for file, error in bag.import_errors.items()}, "Warnings": warned, "DAGs": {}}
    for name, dag in sorted(bag.dags.items()):
        stored = again(dag)
        params = dag.params.dump()
        out["DAGs"][name] = {
            "Tasks": tasks_of(dag, params),
            "Params": params,
            "Same": stored.params.dump() == params,
            "Runs": dag.max_active_runs,
            "Catchup": dag.catchup,
            "Paused": dag.is_paused_upon_creation,
            "Timeout": int(dag.dagrun_timeout.total_seconds()) if dag.dagrun_timeout else 0,
            "Owner": stored.owner,
            "Tags": sorted(dag.tags),
            "Zone": str(getattr(stored.timetable, "_timezone", "")),
            "Firings": firings(stored.timetable, starts) if stored.timetable.can_be_scheduled else [],
            "Allowed": sorted(str(getattr(kind, "value", kind)) for kind in getattr(dag, "allowed_run_types", None) or []),
        }
    return out


asked = json.loads(Path("asked.json").read_text())
found = [{mode: read(root, mode, asked) for mode in ("local", "kubernetes")} for root in ROOTS]
Path("found.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
