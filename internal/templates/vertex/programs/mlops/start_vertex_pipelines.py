"""Starts a run of a pipeline in Vertex AI Pipelines: ``python -m mlops.start_vertex_pipelines``.

The programs of this repository are uploaded to the pipeline's bucket first, below the digest of their content.
Variables: see mlops.vertex_pipelines.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mlops import start
from mlops.errors import Stop, program
from mlops.vertex_pipelines import ENDED, Vertex, settings


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the run."""
    request = start.parse(argv, "python -m mlops.start_vertex_pipelines")
    job = settings(request.path.parent / "vertex_job.json")
    vertex = Vertex()
    if request.pipeline.concurrency == "forbid":
        going = vertex.going(job)
        if going:
            raise start.under_way(request, going)
    vertex.complete(job, request)
    name = str(vertex.http.post(f"v1/{vertex.parent}/pipelineJobs", job)["name"])
    run = name.rpartition("/")[2]
    place = f"https://console.cloud.google.com/vertex-ai/pipelines/locations/{vertex.location}/runs/{run}"
    start.said(run, f"{place}?project={vertex.project}")
    if request.wait and not start.until(lambda: ENDED.get(vertex.http.get(f"v1/{name}").get("state", ""))):
        raise Stop(f"run {run} of {request.pipeline.name} failed")


if __name__ == "__main__":
    sys.exit(main())
