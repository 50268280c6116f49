"""Starts a job of a pipeline in Azure ML: ``python -m mlops.start_azureml_pipelines``. SDK: azure-ai-ml.

AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP and AZURE_ML_WORKSPACE name the workspace; credentials are those that
azure-identity finds. The schedule beside the pipeline is created or updated first.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlops import start
from mlops.errors import Misuse, Stop, program, say

ENDED = {"Completed": True, "Failed": False, "Canceled": False, "NotResponding": False}


def connect() -> Any:
    """Connect to the workspace; nothing is sent yet."""
    try:
        ml, identity = importlib.import_module("azure.ai.ml"), importlib.import_module("azure.identity")
    except ImportError as fault:
        raise Stop(f"Azure ML needs azure-ai-ml and azure-identity, which cannot be imported ({fault})") from None
    return ml.MLClient(
        identity.DefaultAzureCredential(),
        start.variable("AZURE_SUBSCRIPTION_ID"),
        start.variable("AZURE_RESOURCE_GROUP"),
        start.variable("AZURE_ML_WORKSPACE"),
    )


def load(folder: Path, kind: str, file: str) -> Any:
    """Read a job or a schedule with the SDK's own reader."""
    name, path = f"load_{kind}", folder / "azureml" / file
    public = importlib.import_module("azure.ai.ml")
    # Release 1.35 does not export the reader of schedules.
    reader = public if hasattr(public, name) else importlib.import_module("azure.ai.ml.entities._load_functions")
    return getattr(reader, name)(path)


def job_of(request: start.Request) -> Any:
    """Give the job with the parameters of this run."""
    job = load(request.path.parent, "job", "pipeline.yml")
    for name, value in request.parameters.items():
        if "'" in value or "${{" in value or "\n" in value:
            raise Misuse(f"--param {name}: it stands in a shell's single quotes: leave ', ${{{{ and line ends out")
        boolean = request.pipeline.parameters[name].type == "boolean"
        job.inputs[name.replace("-", "_")] = value if boolean else start.typed(request)[name]
    return job


def call(doing: str, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Send a request and turn what the SDK raises into one sentence."""
    try:
        return function(*args, **kwargs)
    except Exception as fault:  # the SDK has no common base class
        cause = " ".join(str(fault).split())[:400]
        raise Stop(f"Azure ML could not {doing}: {cause}") from None


def deploy(client: Any, folder: Path) -> None:
    """Create or update the schedule of a pipeline that has one."""
    if (folder / "azureml" / "schedule.yml").exists():
        schedule = load(folder, "schedule", "schedule.yml")
        made = call("take the schedule", client.schedules.begin_create_or_update, schedule).result()
        say(f"schedule: {made.name}")


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the job."""
    request = start.parse(argv, "python -m mlops.start_azureml_pipelines")
    job = job_of(request)
    client = connect()
    deploy(client, request.path.parent)
    if request.pipeline.concurrency == "forbid":
        for other in call("list jobs", client.jobs.list):
            if other.experiment_name == job.experiment_name and other.status not in ENDED:
                raise start.under_way(request, other.name)
    made = call("start the job", client.jobs.create_or_update, job)
    start.said(made.name, made.studio_url)

    def ended() -> bool | None:
        return ENDED.get(call("be asked", client.jobs.get, made.name).status)

    if request.wait and not start.until(ended, every=30):
        raise Stop(f"job {made.name} failed")


if __name__ == "__main__":
    sys.exit(main())
