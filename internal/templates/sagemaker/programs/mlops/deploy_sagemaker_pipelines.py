"""Brings a pipeline into SageMaker.

``python -m mlops.deploy_sagemaker_pipelines --pipeline pipelines/P/pipeline.json`` uploads the programs, creates or
updates the pipeline and its schedule, and may be repeated. Credentials are those that boto3 finds. SAGEMAKER_ROLE_ARN
is the role of the jobs, unless the pipeline has an identity; SCHEDULER_ROLE_ARN is the one that EventBridge Scheduler
takes, by default the same. SageMaker pulls images from ECR only: MLOPS_ECR_CACHE maps other registries to the prefixes
of the account's pull-through cache, such as ``ghcr.io=ghcr,docker.io=hub``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlops.config import read_json
from mlops.errors import Stop, program, say

ROLE = "ExecutionRoleArn"


class Deployment:
    """One pipeline, its files and the account that it goes to."""

    def __init__(self, path: Path) -> None:
        """Read deployment.json beside pipeline.json."""
        self.folder = path.parent
        self.root = self.folder.parent.parent
        self.settings: dict[str, Any] = read_json(self.folder / "deployment.json")
        self.name = str(self.settings["pipeline"])
        try:
            boto3 = importlib.import_module("boto3")
        except ImportError as fault:
            raise Stop(f"SageMaker needs boto3, which cannot be imported ({fault}): install boto3") from None
        self._session: Any = boto3.Session(region_name=self.settings.get("region") or None)
        self.account = str(self.call("sts", "get_caller_identity")["Account"])

    def call(self, service: str, operation: str, absent: tuple[str, ...] = (), **request: Any) -> Any:
        """Send one request; None when the thing asked for is not there."""
        client = self._session.client(service)
        try:
            return getattr(client, operation)(**request)
        except Exception as fault:  # botocore's classes are made while it runs
            code = getattr(fault, "response", {}).get("Error", {}).get("Code", "")
            if code in absent:
                return None
            cause = " ".join(str(fault).split())[:400]
            raise Stop(f"AWS refused {service}:{operation}: {cause}") from None

    @property
    def role(self) -> str:
        """Give the role of the jobs."""
        given = os.environ.get("SAGEMAKER_ROLE_ARN")
        if given:
            return given
        if not self.settings.get("role"):
            raise Stop("SAGEMAKER_ROLE_ARN is not set: it names the role that the jobs of SageMaker take")
        return f"arn:aws:iam::{self.account}:role/{self.settings['role']}"

    @property
    def arn(self) -> str:
        """Give the pipeline's address."""
        return f"arn:aws:sagemaker:{self._session.region_name}:{self.account}:pipeline/{self.name}"

    def image(self, image: str) -> str:
        """Give the image as SageMaker can pull it."""
        host, _, rest = image.partition("/")
        if ".dkr.ecr." in host:
            return image
        caches = dict(pair.partition("=")[::2] for pair in os.environ.get("MLOPS_ECR_CACHE", "").split(",") if pair)
        if host not in caches:
            raise Stop(
                f"SageMaker pulls images from ECR only, and {image} is in {host}: "
                f"set MLOPS_ECR_CACHE={host}=PREFIX for the pull-through cache of the account"
            )
        registry = f"{self.account}.dkr.ecr.{self._session.region_name}.amazonaws.com"
        return f"{registry}/{caches[host].strip('/')}/{rest}"

    def definition(self) -> str:
        """Give the definition with what only the account knows: the role and the images."""
        made: dict[str, Any] = json.loads((self.folder / "definition.json").read_text(encoding="utf-8"))
        for parameter in made["Parameters"]:
            if parameter["Name"] == ROLE:
                parameter["DefaultValue"] = self.role
        for step in made["Steps"]:
            app = step["Arguments"]["AppSpecification"]
            app["ImageUri"] = self.image(app["ImageUri"])
        return json.dumps(made, sort_keys=True)

    def upload(self) -> None:
        """Put the programs and pipeline.json where the definition expects them."""
        bucket, _, prefix = self.settings["bucket"].removeprefix("s3://").partition("/")
        files = {path: path.relative_to(self.root).as_posix() for path in sorted((self.root / "mlops").glob("*.py"))}
        files |= {path: f"mlops/{path.name}" for path in sorted((self.root / "data").glob("*.pin.json"))}
        file = self.folder / "pipeline.json"
        files[file] = file.relative_to(self.root).as_posix()
        for path, name in files.items():
            key = f"{prefix + '/' if prefix else ''}{self.settings['code']}/{name}"
            self.call("s3", "put_object", Bucket=bucket, Key=key, Body=path.read_bytes())

    def deploy(self) -> str:
        """Create or update the pipeline and its schedule; say what was done."""
        self.upload()
        text = self.definition()
        request: dict[str, Any] = {"PipelineName": self.name, "PipelineDefinition": text, "RoleArn": self.role}
        absent = ("ResourceNotFound", "ValidationException")
        there = self.call("sagemaker", "describe_pipeline", absent, PipelineName=self.name)
        if there is None:
            more: dict[str, Any] = {"ClientRequestToken": _token(text), "Tags": self.settings["tags"]}
            self.call("sagemaker", "create_pipeline", **request, **more)
            done = "created"
        elif there["PipelineDefinition"] == text and there["RoleArn"] == self.role:
            done = "unchanged"
        else:
            self.call("sagemaker", "update_pipeline", **request)
            done = "updated"
        self.schedule()
        return done

    def schedule(self) -> None:
        """Create, update or remove the schedule."""
        there = self.call("scheduler", "get_schedule", ("ResourceNotFoundException",), Name=self.name)
        wanted = self.settings.get("schedule")
        if not wanted:
            if there is not None:
                self.call("scheduler", "delete_schedule", Name=self.name)
            return
        request = {
            "Name": self.name,
            **wanted,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "Target": {
                "Arn": self.arn,
                "RoleArn": os.environ.get("SCHEDULER_ROLE_ARN") or self.role,
                "SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": ROLE, "Value": self.role}]},
            },
        }
        self.call("scheduler", "create_schedule" if there is None else "update_schedule", **request)


def _token(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Deploy."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.deploy_sagemaker_pipelines", description="Bring a pipeline into SageMaker."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    args = parser.parse_args(argv)
    deployment = Deployment(args.pipeline)
    say(f"{deployment.deploy()}: {deployment.arn}")


if __name__ == "__main__":
    sys.exit(main())
