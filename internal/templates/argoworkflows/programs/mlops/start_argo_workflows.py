"""Starts a run of a pipeline in Argo Workflows: ``python -m mlops.start_argo_workflows``. API: v1alpha1.

ARGO_WORKFLOWS_URL names the server, ARGO_TOKEN is the bearer token of a service account that may create workflows;
without it, CI's own token for the job is sent. The namespace stands in argo.json beside pipeline.json. A pipeline that
allows one run at a time has a mutex, so that a second run waits for the first.
"""

from __future__ import annotations

import sys
import urllib.parse
from collections.abc import Sequence

from mlops import start
from mlops.config import read_json
from mlops.errors import Stop, program

ENDED = {"Succeeded": True, "Failed": False, "Error": False}


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the run."""
    request = start.parse(argv, "python -m mlops.start_argo_workflows")
    place = read_json(request.path.with_name("argo.json"))
    namespace, template = str(place["namespace"]), str(place["workflow_template"])
    base = start.variable("ARGO_WORKFLOWS_URL").rstrip("/")
    token = start.bearer("ARGO_TOKEN", base)
    # The argo command line wants the whole header in this variable.
    server = start.Http(base, token=token.removeprefix("Bearer ") if token else None)
    workflows = f"api/v1/workflows/{urllib.parse.quote(namespace, safe='')}"
    body = {
        "namespace": namespace,
        "resourceKind": "WorkflowTemplate",
        "resourceName": template,
        "submitOptions": {
            "generateName": f"{template}-",
            "parameters": [f"{name}={value}" for name, value in request.parameters.items()],
        },
    }
    run = str(server.post(f"{workflows}/submit", body)["metadata"]["name"])
    start.said(run, f"{base}/workflows/{namespace}/{run}")

    def ended() -> str | None:
        found = server.get(f"{workflows}/{run}", {"fields": "status.phase,status.message"}).get("status") or {}
        return f"{found['phase']}: {found.get('message') or ''}" if found.get("phase") in ENDED else None

    if request.wait:
        phase, _, message = start.until(ended).partition(": ")
        if not ENDED[phase]:
            raise Stop(f"run {run} of {template} ended as {phase}{': ' + message if message else ''}")


if __name__ == "__main__":
    sys.exit(main())
