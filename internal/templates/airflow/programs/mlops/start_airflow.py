"""Starts a run of a pipeline in Airflow: ``python -m mlops.start_airflow``. REST API v2 of Airflow 3.

AIRFLOW_URL names the server, such as https://airflow.example.com. AIRFLOW_API_TOKEN is a token of it; where there is
none, AIRFLOW_USERNAME and AIRFLOW_PASSWORD are handed to /auth/token for one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from mlops import start
from mlops.errors import Misuse, Stop, program

ENDED = {"success": True, "failed": False}


def dag_of(file: Path) -> str:
    """Read the id of a pipeline's DAG."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "dag_id" and isinstance(node.value, ast.Constant):
            return str(node.value.value)
    raise Misuse(f"{file}: has no dag_id")


def connect(base: str) -> start.Http:
    """Give the server, with the credentials of the environment."""
    token, user, password = (
        start.secret(f"AIRFLOW_{name}") for name in ("API_TOKEN", "USERNAME", "PASSWORD")
    )
    if token is None and user is not None:
        given = {"username": user, "password": password or ""}
        token = str(start.Http(base).post("auth/token", given)["access_token"])
    return start.Http(base, token=token)


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Start the run."""
    request = start.parse(argv, "python -m mlops.start_airflow")
    base = start.variable("AIRFLOW_URL").rstrip("/")
    dag = dag_of(request.path.with_name("dag.py"))
    path = f"api/v2/dags/{quote(dag, safe='')}"
    server = connect(base)
    answer = server.send("GET", path, accept=(404,))
    if answer.status == 404:
        raise Stop(f"Airflow has no DAG {dag}: is this repository its DAG bundle, and does it import?")
    if answer.value["is_paused"]:
        raise Stop(f"DAG {dag} is paused in Airflow, so that no run of it would begin")
    if request.pipeline.concurrency == "forbid":
        going = server.get(f"{path}/dagRuns", {"state": ["queued", "running"], "limit": "1"})["dag_runs"]
        if going:
            raise start.under_way(request, going[0]["dag_run_id"])
    run = server.post(f"{path}/dagRuns", {"logical_date": None, "conf": start.typed(request)})["dag_run_id"]
    name = quote(run, safe="")
    start.said(run, f"{base}/dags/{quote(dag, safe='')}/runs/{name}")
    if request.wait and not start.until(lambda: ENDED.get(server.get(f"{path}/dagRuns/{name}")["state"])):
        raise Stop(f"run {run} of DAG {dag} failed")


if __name__ == "__main__":
    sys.exit(main())
