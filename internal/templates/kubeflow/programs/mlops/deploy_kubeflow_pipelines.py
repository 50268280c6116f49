"""Brings a pipeline's recurring run to what the repository says: ``python -m mlops.deploy_kubeflow_pipelines``.

A recurring run names its pipeline's version by the server's id and cannot be changed, so it cannot stand in Git as an
object: recurring_run.json holds what it is to be, and this program makes it anew when it differs. Without that file
there is to be none. Repeating it changes nothing. Variables: see mlops.kubeflow_pipelines.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlops import start
from mlops.errors import program, say
from mlops.kubeflow_pipelines import API, Kubeflow, settings


def same(have: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Tell whether a recurring run is as it is to be."""
    if have.get("status", "ENABLED") != "ENABLED":
        return False
    fields = ("runtime_config", "service_account", "max_concurrency", "no_catchup", "pipeline_version_reference")
    cron = [run.get("trigger", {}).get("cron_schedule", {}).get("cron") for run in (have, want)]
    return cron[0] == cron[1] and all(_plain(have.get(name)) == _plain(want.get(name)) for name in fields)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items() if entry is not None}
    return value


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Make, replace or remove the recurring run."""
    request = start.parse(argv, "python -m mlops.deploy_kubeflow_pipelines")
    name, folder = request.pipeline.name, request.path.parent
    file = folder / "recurring_run.json"
    kubeflow = Kubeflow()
    experiment = kubeflow.experiment(name)
    query = {"experiment_id": experiment, **kubeflow.scope}
    old = [r for r in kubeflow.every("recurringruns", "recurringRuns", query) if r.get("display_name") == name]
    keep = ""
    if file.exists():
        want = {**settings(file), "experiment_id": experiment}
        want["runtime_config"] = {"parameters": start.typed(request)}
        want["pipeline_version_reference"] = kubeflow.version(name, folder / "pipeline.yaml")
        found = next((run for run in old if same(run, want)), None)
        made = found or kubeflow.http.post(f"{API}/recurringruns", want)
        keep = str(made["recurring_run_id"])
        say(f"recurring run: {keep} ({'unchanged' if found else 'made'})")
    for run in old:
        if run["recurring_run_id"] != keep:
            kubeflow.http.send("DELETE", f"{API}/recurringruns/{run['recurring_run_id']}", accept=(404,))
            say(f"recurring run: {run['recurring_run_id']} (removed)")


if __name__ == "__main__":
    sys.exit(main())
