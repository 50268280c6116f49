"""Starts a run of a pipeline in Prefect: ``python -m mlops.start_prefect``. REST API of Prefect 3.8.

PREFECT_API_URL names the server's API, such as https://prefect.example.com/api. PREFECT_API_KEY is a bearer token,
PREFECT_API_AUTH_STRING is user:password, each for a server that asks for it. PREFECT_UI_URL names the pages that
people look at, and PREFECT_DEPLOYMENT the deployment when a server has several of one pipeline.
"""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mlops import start
from mlops.errors import Stop, program

ENDED = {"COMPLETED": True, "FAILED": False, "CRASHED": False, "CANCELLED": False}
GOING = ["RUNNING", "PENDING", "PAUSED", "CANCELLING"]
CLOUD = re.compile(r"https://api\.prefect\.cloud/api/accounts/([^/]+)/workspaces/([^/]+)")


def post(server: start.Http, path: str, body: object) -> Any:
    """Send what does the same when it is sent twice; the server answers 503 while its database is busy."""
    for attempt in range(1, 4):
        try:
            return server.post(path, body)
        except start.NoAnswer:
            time.sleep(attempt)
    return server.post(path, body)


def connect(base: str) -> start.Http:
    """Give the server, with the credentials of the environment."""
    user, _, password = (start.secret("PREFECT_API_AUTH_STRING") or "").partition(":")
    if user:
        return start.Http(base, user=user, password=password)
    return start.Http(base, token=start.secret("PREFECT_API_KEY"))


def page(base: str, run: str) -> str:
    """Give where people look at a run."""
    cloud = CLOUD.fullmatch(base)
    root = os.environ.get("PREFECT_UI_URL") or base.removesuffix("/api")
    if cloud:
        root = f"https://app.prefect.cloud/account/{cloud[1]}/workspace/{cloud[2]}"
    return f"{root.rstrip('/')}/runs/flow-run/{run}"


def deployment(server: start.Http, pipeline: str) -> dict[str, Any]:
    """Find the deployment of a pipeline."""
    wanted = os.environ.get("PREFECT_DEPLOYMENT")
    entrypoint = f"pipelines/{pipeline}/flow.py:pipeline"
    found = [
        d
        for d in post(server, "deployments/filter", {"flows": {"name": {"any_": [pipeline]}}, "limit": 200})
        if d["entrypoint"] == entrypoint and wanted in (None, "", d["name"])
    ]
    if not found:
        raise Stop(f"Prefect has no deployment of pipeline {pipeline}: `python -m mlops.deploy_prefect` makes it")
    if len(found) > 1:
        names = ", ".join(sorted(d["name"] for d in found))
        raise Stop(f"Prefect has several deployments of pipeline {pipeline}: set PREFECT_DEPLOYMENT to one of {names}")
    made: dict[str, Any] = found[0]
    return made


def under_way(server: start.Http, of: str) -> str | None:
    """Give a run that goes on, or that is due."""
    due = datetime.now(UTC).isoformat()
    for runs in (
        {"state": {"type": {"any_": GOING}}},
        {"state": {"type": {"any_": ["SCHEDULED"]}}, "next_scheduled_start_time": {"before_": due}},
    ):
        asked = {"deployments": {"id": {"any_": [of]}}, "flow_runs": runs, "limit": 1}
        found = post(server, "flow_runs/filter", asked)
        if found:
            return str(found[0]["id"])
    return None


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the run."""
    request = start.parse(argv, "python -m mlops.start_prefect")
    base = start.variable("PREFECT_API_URL").rstrip("/")
    server = connect(base)
    of = deployment(server, request.pipeline.name)["id"]
    if request.pipeline.concurrency == "forbid":
        going = under_way(server, of)
        if going:
            raise start.under_way(request, going)
    # A name of the configuration may hold dashes, an argument of a flow may not.
    given = {name.replace("-", "_"): value for name, value in start.typed(request).items()}
    body = {"parameters": given, "tags": ["started-by:mlops"], "idempotency_key": str(uuid.uuid4())}
    run = post(server, f"deployments/{of}/create_flow_run", body)["id"]
    start.said(run, page(base, run))
    if request.wait and not start.until(lambda: ENDED.get(server.get(f"flow_runs/{run}")["state_type"])):
        raise Stop(f"run {run} of pipeline {request.pipeline.name} failed: {_why(server, run)}")


def _why(server: start.Http, run: str) -> str:
    state = server.get(f"flow_runs/{run}")["state"]
    return f"{state['name']}: {state['message'] or 'no message'}"


if __name__ == "__main__":
    sys.exit(main())
