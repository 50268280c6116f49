"""Registers the deployments of prefect.yaml: ``python -m mlops.deploy_prefect``. Prefect 3.8 must be installed.

It runs ``prefect deploy --all`` and then removes what that leaves: schedules that are declared no more, and deployments
of this platform whose pipeline is gone, whose schedules would go on. PREFECT_API_URL, PREFECT_API_KEY and
PREFECT_API_AUTH_STRING are those of mlops.start_prefect.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlops import start
from mlops.errors import Stop, program, say
from mlops.start_prefect import connect, post

MARK = "managed-by:terraform-provider-mlops"
PAGE = 200  # what the server gives at most


def declared(file: Path) -> dict[str, Any]:
    """Read prefect.yaml."""
    import yaml  # comes with Prefect

    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def gone(server: start.Http, platform: str, entrypoints: set[str]) -> list[dict[str, Any]]:
    """List the platform's deployments that prefect.yaml has no more."""
    out: list[dict[str, Any]] = []
    while True:
        wanted = {"tags": {"all_": [MARK, f"platform:{platform}"]}, "name": {"any_": [platform]}}
        asked = {"deployments": wanted, "limit": PAGE, "offset": len(out)}
        found = post(server, "deployments/filter", asked)
        out += found
        if len(found) < PAGE:
            return [d for d in out if d["entrypoint"] not in entrypoints]


def _drop_schedules(server: start.Http, made: dict[str, Any]) -> None:
    """Remove the schedules that a deployment has no more: `prefect deploy` leaves the last one."""
    pipeline = Path(made["entrypoint"]).parent.name
    of = server.get(f"deployments/name/{pipeline}/{made['name']}")["id"]
    kept = {schedule["slug"] for schedule in made["schedules"]}
    for schedule in server.get(f"deployments/{of}/schedules"):
        if schedule["slug"] not in kept:
            server.send("DELETE", f"deployments/{of}/schedules/{schedule['id']}", accept=(404,))
            say(f"removed: a schedule of {pipeline}")


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Register what is declared, remove what is not."""
    parser = argparse.ArgumentParser(prog="python -m mlops.deploy_prefect", description="Register all deployments.")
    parser.add_argument("--pipeline", help="taken as by every program that deploys; all pipelines are registered")
    parser.parse_args(argv)
    server = connect(start.variable("PREFECT_API_URL").rstrip("/"))
    project = declared(Path("prefect.yaml"))
    platform, entrypoints = project["name"], {d["entrypoint"] for d in project["deployments"]}
    if server.send("GET", f"work_pools/{platform}", accept=(404,)).status == 404:
        raise Stop(f"Prefect has no work pool {platform}: docs/prefect.md says how it is made")
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    if subprocess.run(command, check=False).returncode:
        raise Stop("prefect deploy failed")
    for made in project["deployments"]:
        _drop_schedules(server, made)
    for deployment in gone(server, platform, entrypoints):
        server.send("DELETE", f"deployments/{deployment['id']}", accept=(404,))
        say(f"removed: {deployment['entrypoint']}")


if __name__ == "__main__":
    sys.exit(main())
