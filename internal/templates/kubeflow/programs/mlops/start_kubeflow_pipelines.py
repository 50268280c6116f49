"""Starts a run of a pipeline in Kubeflow Pipelines: ``python -m mlops.start_kubeflow_pipelines``.

The version of the pipeline is uploaded when the server does not have it yet. Variables: see mlops.kubeflow_pipelines.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mlops import start
from mlops.errors import Stop, program
from mlops.kubeflow_pipelines import API, ENDED, Kubeflow, settings


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the run."""
    request = start.parse(argv, "python -m mlops.start_kubeflow_pipelines")
    name, folder = request.pipeline.name, request.path.parent
    run = settings(folder / "run.json")
    kubeflow = Kubeflow()
    experiment = kubeflow.experiment(name)
    if request.pipeline.concurrency == "forbid":
        going = kubeflow.going(experiment)
        if going:
            raise start.under_way(request, going)
    run["runtime_config"] = {"parameters": start.typed(request)}
    run["pipeline_version_reference"] = kubeflow.version(name, folder / "pipeline.yaml")
    run["experiment_id"] = experiment
    made = kubeflow.http.send("POST", f"{API}/runs", run, query={"experiment_id": experiment}).value
    key = str(made["run_id"])
    start.said(key, f"{kubeflow.url}/#/runs/details/{key}")
    if request.wait and not start.until(lambda: ENDED.get(kubeflow.http.get(f"{API}/runs/{key}").get("state", ""))):
        raise Stop(f"run {key} of {name} failed")


if __name__ == "__main__":
    sys.exit(main())
