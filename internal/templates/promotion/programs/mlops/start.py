"""What every program that starts a run shares: arguments, checked parameters, HTTP, one sentence for a fault.

``mlops/start_<system>.py`` imports it and knows one orchestrator. Its body is the same everywhere::

    @program
    def main(argv=None):
        request = start.parse(argv, "python -m mlops.start_airflow")
        server = start.Http(start.variable("AIRFLOW_URL"), token=start.secret("AIRFLOW_TOKEN"))
        run = server.post("dagRuns", {"conf": start.typed(request)})
        start.said(run["id"], url)
        if request.wait:
            start.until(lambda: state(server, run["id"]))

Exit codes: 0 done, 1 could not start or the run failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mlops.config import Parameter, Pipeline, load_pipeline
from mlops.errors import Misuse, Stop, say
from mlops.lineage import effective
from mlops.params import fits
from mlops.web import Http, NoAnswer

__all__ = [
    "Http",
    "NoAnswer",
    "Request",
    "Value",
    "bearer",
    "parse",
    "said",
    "secret",
    "typed",
    "under_way",
    "until",
    "variable",
]

Value = str | int | float | bool
_T = TypeVar("_T")


@dataclass(frozen=True)
class Request:
    """What somebody asked for: every parameter has its effective value, as the text that was given or declared."""

    pipeline: Pipeline
    parameters: dict[str, str]
    wait: bool
    path: Path  # of pipeline.json


def parse(argv: Sequence[str] | None, prog: str) -> Request:
    """Read ``--pipeline FILE [--param NAME=VALUE]… [--wait]`` and check each value against its declared type."""
    parser = argparse.ArgumentParser(prog=prog, description="Start a run of a pipeline.", allow_abbrev=False)
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="once for each parameter")
    parser.add_argument("--wait", action="store_true", help="wait for the end; exit code 1 when the run fails")
    args = parser.parse_args(argv)
    given: dict[str, str] = {}
    for text in args.param:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Misuse(f"--param {text!r}: must be NAME=VALUE")
        if name in given:
            raise Misuse(f"--param {name}: is given twice")
        given[name] = value
    pipeline = load_pipeline(args.pipeline)
    values = effective(pipeline, given)
    for name, value in values.items():
        if not fits(pipeline.parameters[name], value):
            raise Misuse(f"--param {name}: {value!r} is not of type {pipeline.parameters[name].type}")
    return Request(pipeline, values, args.wait, args.pipeline)


def typed(request: Request) -> dict[str, Value]:
    """Give the parameters as values of their types, for systems whose parameters have types."""
    return {name: _typed(name, request.pipeline.parameters[name], text) for name, text in request.parameters.items()}


def variable(name: str, default: str | None = None) -> str:
    """Give an environment variable that must be set, unless there is a default."""
    value = os.environ.get(name, "").strip() or default
    if not value:
        raise Misuse(f"{name} is not set: it says which server to ask")
    return value


def secret(name: str) -> str | None:
    """Give a credential from the environment; None when there is none. It is never printed."""
    return os.environ.get(name, "").strip() or None


def said(run_id: str, url: str | None = None) -> None:
    """Print the run's id and where it can be looked at, each on a line of its own."""
    say(f"run: {run_id}")
    if url:
        say(f"url: {url}")


def bearer(name: str, server: str) -> str | None:
    """Give the token for a server: the variable's, else the one that CI issues for this job and that server.

    GitLab puts it into MLOPS_ID_TOKEN (``id_tokens``), GitHub gives it when it is asked (``id-token: write``). None
    when there is neither.
    """
    given = secret(name) or secret("MLOPS_ID_TOKEN")
    url, key = secret("ACTIONS_ID_TOKEN_REQUEST_URL"), secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if given or not url or not key:
        return given
    address, _, query = url.partition("?")
    base, _, path = address.rpartition("/")
    answer = Http(base, token=key).get(path, {**dict(urllib.parse.parse_qsl(query)), "audience": server})
    return str(answer["value"])


def under_way(request: Request, run_id: str) -> Stop:
    """Give the error for a pipeline that allows one run at a time while another one runs."""
    return Stop(f"pipeline {request.pipeline.name} allows one run at a time, and run {run_id} is under way: try later")


def until(look: Callable[[], _T | None], every: float = 10.0, limit: float | None = None) -> _T:
    """Look again and again until there is an answer other than None; a few lost connections in a row are borne."""
    began, lost = time.monotonic(), 0
    while True:
        try:
            found = look()
            lost = 0
        except NoAnswer:
            lost += 1
            if lost == 5:
                raise
            found = None
        if found is not None:
            return found
        if limit is not None and time.monotonic() - began >= limit:
            raise Stop(f"the run is still under way after {limit:.0f} seconds: no longer waiting")
        time.sleep(every)


def _typed(name: str, parameter: Parameter, text: str) -> Value:
    if parameter.type == "integer":
        return int(text)
    if parameter.type == "boolean":
        return text == "true"
    if parameter.type != "number":
        return text
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Misuse(f"--param {name}: {text} is beyond what a number can hold")
    return number
