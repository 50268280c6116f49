"""Starts an execution of a pipeline in SageMaker: ``python -m mlops.start_sagemaker_pipelines``.

It deploys the pipeline first, so that what runs is what this commit says. See mlops.deploy_sagemaker_pipelines for
credentials.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mlops import start
from mlops.deploy_sagemaker_pipelines import Deployment
from mlops.errors import Stop, program, say

ENDED = {"Succeeded": True, "Failed": False, "Stopped": False}


def under_way(deployment: Deployment) -> str | None:
    """Give the execution that has not ended yet, or None."""
    listed = deployment.call(
        "sagemaker", "list_pipeline_executions", PipelineName=deployment.name, SortOrder="Descending", MaxResults=20
    )
    for execution in listed["PipelineExecutionSummaries"]:
        if execution["PipelineExecutionStatus"] in ("Executing", "Stopping"):
            return str(execution["PipelineExecutionArn"])
    return None


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the execution."""
    request = start.parse(argv, "python -m mlops.start_sagemaker_pipelines")
    deployment = Deployment(request.path)
    say(f"{deployment.deploy()}: {deployment.arn}")
    if request.pipeline.concurrency == "forbid":
        going = under_way(deployment)
        if going:
            raise start.under_way(request, going)
    parameters = [{"Name": name, "Value": value} for name, value in request.parameters.items()]
    arn = deployment.call(
        "sagemaker", "start_pipeline_execution", PipelineName=deployment.name, PipelineParameters=parameters
    )["PipelineExecutionArn"]
    start.said(arn)

    def ended() -> bool | None:
        found = deployment.call("sagemaker", "describe_pipeline_execution", PipelineExecutionArn=arn)
        return ENDED.get(found["PipelineExecutionStatus"])

    if request.wait and not start.until(ended, every=30):
        raise Stop(f"execution {arn} failed")


if __name__ == "__main__":
    sys.exit(main())
