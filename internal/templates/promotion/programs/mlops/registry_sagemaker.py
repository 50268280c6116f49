"""SageMaker Model Registry: model packages of a model package group, and files in S3.

Tags are CustomerMetadataProperties of a small alphabet: other characters are written as =XX. An alias is a property
``mlops.alias.<alias>``; the stage of the package's life cycle shows it to people. A version waits for approval
until it is the champion.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops.config import Model
from mlops.errors import Stop, Unreachable, say
from mlops.registry import CHALLENGER, CHAMPION, FAILED, PREVIOUS, STATUS, Version, client, newest, settings
from mlops.stored import Stored, bucket_of

APPROVED, PENDING_APPROVAL, REJECTED = "Approved", "PendingManualApproval", "Rejected"
RUN = "mlops.run"
_ALIAS = "mlops.alias."
_ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)  # the first one is shown as stage
_TELLING = ("mlops.gates", "data_version", "pipeline_run_url", "image")  # the lineage record has them too
_LONGEST, _MOST = 256, 50


def open_registry(model: Model) -> SageMaker:
    """Connect to the registry of a model."""
    region = os.environ.get("AWS_REGION") or settings(model, {"region": "AWS_DEFAULT_REGION"})[0]
    return SageMaker(model, region)


class SageMaker(Stored):
    """The model package groups of one region."""

    def __init__(self, model: Model, region: str) -> None:
        """Make the clients; both try again with growing pauses."""
        self.uri = f"sagemaker:{region}"
        boto3 = client("boto3", "botocore.config", "botocore.exceptions")
        config = client("botocore.config").Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10)
        self._errors = client("botocore.exceptions")
        with self._speaking("be opened"):
            self._sagemaker = boto3.client("sagemaker", region_name=region, config=config)
            self._s3 = boto3.client("s3", region_name=region, config=config)
            fallback = None
            if not (os.environ.get("MLOPS_ARTIFACTS_URI") or model.registry_settings.get("artifacts")):
                account = boto3.client("sts", region_name=region, config=config).get_caller_identity()["Account"]
                fallback = f"s3://sagemaker-{region}-{account}"
        self._bucket, self.prefix = bucket_of(model, "s3", fallback)
        self.root = f"s3://{self._bucket}/{self.prefix}"
        self._before = model.registry_settings.get("model_package_group_prefix", "")

    def put(self, key: str, path: Path) -> None:
        """Write a file to an object."""
        self._s3.upload_file(str(path), self._bucket, key)

    def fetch(self, key: str, path: Path) -> bool:
        """Read an object into a file; False when there is none."""
        try:
            self._s3.download_file(self._bucket, key, str(path))
        except self._errors.ClientError as fault:
            if fault.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return False
            raise
        return True

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number; empty when the group is not there yet."""
        with self._speaking("be asked for aliases"):
            return {
                alias: str(each["ModelPackageVersion"])
                for each in self._packages(model)
                for alias in _ALIASES
                if _ALIAS + alias in each.get("CustomerMetadataProperties", {})
            }

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        with self._speaking(f"be asked for version {number}"):
            found = self._package(model, number)
            return None if found is None else _version(model, found)

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            return newest((_version(model, each) for each in self._packages(model)), fingerprint)

    def ensure_model(self, model: Model) -> None:
        """Create the model package group; its description cannot be changed later."""
        group = self._group(model.name)
        with self._speaking(f"hold model {model.name}"):
            try:
                self._sagemaker.describe_model_package_group(ModelPackageGroupName=group)
            except self._errors.ClientError as fault:
                if not _absent(fault):
                    raise
                tags = [{"Key": key, "Value": value} for key, value in sorted(model.tags.items())]
                about = {"ModelPackageGroupDescription": model.description} if model.description else {}
                self._sagemaker.create_model_package_group(ModelPackageGroupName=group, Tags=tags, **about)

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Create a model package that waits for approval."""
        properties = _written({**tags, RUN: run})
        with self._speaking("create a version"):
            arn = self._sagemaker.create_model_package(
                ModelPackageGroupName=self._group(model),
                ModelApprovalStatus=PENDING_APPROVAL,
                SourceUri=source,
                ModelMetrics={
                    "ModelQuality": {
                        "Statistics": {"ContentType": "application/json", "S3Uri": f"{self.root}/{run}/mlops/run.json"}
                    }
                },
                CustomerMetadataProperties=properties,
            )["ModelPackageArn"]
            found = self._sagemaker.describe_model_package(ModelPackageName=arn)
            return _version(model, {**found, "SourceUri": source})

    def discard(self, version: Version) -> None:
        """Reject a version and delete it; its files stay in the bucket."""
        with contextlib.suppress(Exception):
            found = self._there(version.model, version.number)
            self._update(found, {STATUS: FAILED}, REJECTED)
        with contextlib.suppress(Exception):
            self._sagemaker.delete_model_package(ModelPackageName=found["ModelPackageArn"])

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set properties of a version; None removes one."""
        with self._speaking(f"tag version {version.number}"):
            self._update(self._there(version.model, version.number), tags)

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move an alias; None removes it. The champion is approved."""
        key = _ALIAS + alias
        with self._speaking(f"move alias {alias}"):
            target = None if number is None else self._there(model, number)
            for each in self._packages(model):
                if key in each.get("CustomerMetadataProperties", {}) and str(each["ModelPackageVersion"]) != number:
                    self._update(each, {key: None})
            if target is not None:
                self._update(target, {key: "true"}, APPROVED if alias == CHAMPION else None)

    def _group(self, model: str) -> str:
        group = self._before + model
        if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", group):
            raise Stop(f"sagemaker: {group} cannot be a model package group: letters, digits and dashes, at most 63")
        return group

    def _packages(self, model: str) -> Iterator[dict[str, Any]]:
        pages = self._sagemaker.get_paginator("list_model_packages")
        try:
            for page in pages.paginate(ModelPackageGroupName=self._group(model), ModelPackageType="Versioned"):
                for each in page["ModelPackageSummaryList"]:
                    yield self._sagemaker.describe_model_package(ModelPackageName=each["ModelPackageArn"])
        except self._errors.ClientError as fault:
            if not _absent(fault):
                raise

    def _package(self, model: str, number: str) -> dict[str, Any] | None:
        return next((each for each in self._packages(model) if str(each["ModelPackageVersion"]) == number), None)

    def _there(self, model: str, number: str) -> dict[str, Any]:
        found = self._package(model, number)
        if found is None:
            raise Unreachable(f"{self.uri} has no version {number} of {self._group(model)} any more")
        return found

    def _update(self, found: dict[str, Any], tags: Mapping[str, str | None], status: str | None = None) -> None:
        known = dict(found.get("CustomerMetadataProperties", {}))
        removed = [key for key, value in tags.items() if value is None and key in known]
        known |= _written({key: value for key, value in tags.items() if value is not None})
        known = {key: value for key, value in known.items() if key not in removed}
        stage = next((alias for alias in _ALIASES if _ALIAS + alias in known), "registered")
        removal = {"CustomerMetadataPropertiesToRemove": removed} if removed else {}
        self._sagemaker.update_model_package(
            ModelPackageArn=found["ModelPackageArn"],
            ModelApprovalStatus=status or found["ModelApprovalStatus"],
            CustomerMetadataProperties=known,
            ModelLifeCycle={"Stage": stage, "StageStatus": known.get(STATUS, "pending")},
            **removal,
        )


def _absent(fault: Any) -> bool:
    error = fault.response["Error"]
    return error["Code"] in ("ResourceNotFound", "ValidationException") and bool(
        re.search("does not exist|not found", error.get("Message", ""), re.IGNORECASE)
    )


def _written(tags: Mapping[str, str]) -> dict[str, str]:
    """Write tags in the alphabet of properties; what only tells people is left out when it is too long."""
    written = {}
    for key, value in tags.items():
        text = "".join(c if re.fullmatch(r"[\w .:/+@-]", c) else _escaped(c) for c in value)
        if len(text) <= _LONGEST:
            written[key] = text
        elif key in _TELLING:
            say(f"note: {key} is too long for a property of SageMaker; the lineage record has it")
        else:
            raise Stop(f"sagemaker: tag {key} has {len(text)} characters, at most {_LONGEST} are possible")
    if len(written) > _MOST:
        raise Stop(f"sagemaker: {len(written)} tags, at most {_MOST} are possible")
    return written


def _escaped(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode())


def _read(text: str) -> str:
    return re.sub(
        r"(?:=[0-9A-F]{2})+", lambda found: bytes.fromhex(found[0].replace("=", "")).decode(errors="replace"), text
    )


def _version(model: str, found: Mapping[str, Any]) -> Version:
    known = {key: _read(value) for key, value in found.get("CustomerMetadataProperties", {}).items()}
    run = known.pop(RUN, "")
    tags = {key: value for key, value in known.items() if not key.startswith(_ALIAS)}
    return Version(model, str(found["ModelPackageVersion"]), run, str(found.get("SourceUri", "")), tags)
