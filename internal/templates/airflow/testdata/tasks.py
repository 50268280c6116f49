"""Runs the gate's own operator once for each folder in rows/, and hands ended pods to that of a cluster."""

import dataclasses
import importlib
import json
import os
import sys
from pathlib import Path
from unittest import mock

ROOT = Path.cwd()
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "pipelines" / "train"))


def operators(mode):
    os.environ["MLOPS_EXECUTION"] = mode
    sys.modules.pop("dag", None)
    return importlib.import_module("dag").dag.task_dict


def gates():
    """Run the gate as a worker does."""
    from mlops.execution import Failed

    gate, out = operators("local")["gate"], []
    whole, said = gate.pipeline, []
    context = {"run_id": "r", "params": {"learning_rate": 0.05}, "dag": mock.Mock(dag_id="fraud.train")}
    for row in sorted((ROOT / "rows").iterdir(), key=lambda path: int(path.name)):
        said.clear()
        gate.pipeline, code = dataclasses.replace(whole, root=row), 0
        try:
            with mock.patch.object(type(gate), "log", mock.Mock(info=said.append)):
                type(gate).execute.__wrapped__(gate, context)
        except Failed as failed:
            code = failed.code
        out.append({"Exit": code, "Said": "\n".join(said)})
    return out


def ended(code=0, name="main", reason=None, why="Error"):
    """Give a pod that has failed."""
    from kubernetes.client import models as k8s

    over = k8s.V1ContainerStateTerminated(exit_code=code, reason=why)
    state = k8s.V1ContainerStatus(
        name=name, image="i", image_id="i", ready=False, restart_count=0, state=k8s.V1ContainerState(terminated=over)
    )
    container = k8s.V1Container(name="main", image="i")
    return k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="p", namespace="n"),
        spec=k8s.V1PodSpec(containers=[container]),
        status=k8s.V1PodStatus(phase="Failed", reason=reason, container_statuses=[state]),
    )


def failures():
    """Say what the operator makes of failed pods."""
    gate, out = operators("kubernetes")["gate"], {}
    for name, pod in {
        "rejected": ended(code=3),
        "late": ended(code=137, reason="DeadlineExceeded"),
        "memory": ended(code=137, why="OOMKilled"),
    }.items():
        with mock.patch.object(type(gate), "pod_manager", mock.MagicMock()) as manager, mock.patch.object(type(gate), "client", mock.Mock()):
            try:
                gate.cleanup(pod=pod, remote_pod=pod, xcom_result=None, context=None)
            except Exception as error:
                out[name] = f"{type(error).__name__}: {error}".partition("\n")[0]
            out[name] += f", {manager.delete_pod.call_count} removed"
    return out


(ROOT / "found.json").write_text(json.dumps({"Gates": gates(), "Failures": failures()}), encoding="utf-8")
