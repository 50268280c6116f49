"""Starts a run of a pipeline in Dagster: ``python -m mlops.start_dagster``. GraphQL API of Dagster 1.13.

DAGSTER_WEBSERVER_URL names the server, DAGSTER_TOKEN is a bearer token for a server that asks for one;
without it, CI's own token for the job is sent.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlops import start
from mlops.errors import Stop, program

LOCATION = "definitions.py"
ENDED = {"SUCCESS": True, "FAILURE": False, "CANCELED": False}
GOING = ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"]

_LOCATIONS = (
    "query { repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } jobs { name } } } "
    "... on Error { message } } }"
)
_RUNS = (
    "query($filter: RunsFilter!) { runsOrError(filter: $filter, limit: 1) "
    "{ ... on Runs { results { runId status } } ... on Error { message } } }"
)
_LAUNCH = (
    "mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename "
    "... on LaunchRunSuccess { run { runId } } ... on Error { message } "
    "... on RunConfigValidationInvalid { errors { message } } } }"
)
_STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } ... on Error { message } } }"


def ask(server: start.Http, query: str, variables: Mapping[str, Any] | None = None) -> Any:
    """Send a query and give its one field."""
    reply = server.post("graphql", {"query": query, "variables": dict(variables or {})})
    faults = reply.get("errors") if isinstance(reply, dict) else None
    if faults:
        raise Stop(f"Dagster refused the query: {faults[0].get('message', faults[0])}")
    [field] = reply["data"].values()
    if field.get("message"):
        raise Stop(f"Dagster says: {field['message']}")
    return field


def place(server: start.Http, job: str) -> dict[str, str]:
    """Find the repository that has a job."""
    for node in ask(server, _LOCATIONS)["nodes"]:
        if job in [j["name"] for j in node["jobs"]]:
            return {"repositoryName": node["name"], "repositoryLocationName": node["location"]["name"]}
    raise Stop(f"Dagster has no job {job}: is {LOCATION} of this repository among its code locations?")


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the run."""
    request = start.parse(argv, "python -m mlops.start_dagster")
    job = request.pipeline.name.replace("-", "_")
    base = start.variable("DAGSTER_WEBSERVER_URL")
    server = start.Http(base, token=start.bearer("DAGSTER_TOKEN", base))
    where = place(server, job)
    if request.pipeline.concurrency == "forbid":
        going = ask(server, _RUNS, {"filter": {"pipelineName": job, "statuses": GOING}})["results"]
        if going:
            raise start.under_way(request, going[0]["runId"])
    config = {"resources": {"parameters": {"config": start.typed(request)}}}
    params = {"selector": {**where, "pipelineName": job}, "runConfigData": config, "mode": "default"}
    made = ask(server, _LAUNCH, {"params": params})
    if "run" not in made:
        raise Stop(f"Dagster did not start {job}: {(made.get('errors') or [made])[0]}")
    run = made["run"]["runId"]
    start.said(run, f"{base.rstrip('/')}/runs/{run}")
    if request.wait and not start.until(lambda: ENDED.get(ask(server, _STATUS, {"id": run})["status"])):
        raise Stop(f"run {run} of {job} failed")


if __name__ == "__main__":
    sys.exit(main())
