"""Real boto3 against a moto server, whose address is in AWS_ENDPOINT_URL."""

import contextlib
import os
import socket

import boto3
from botocore.awsrequest import AWSResponse

os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_MAX_ATTEMPTS": "2",
}
import flow  # noqa: E402

from mlops import registry_sagemaker  # noqa: E402

boto3.client("s3").create_bucket(
    Bucket="sagemaker-eu-west-1-123456789012", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
)
made = flow.project("sagemaker", region="eu-west-1", model_package_group_prefix="fraud-")
sent = []
api = boto3.client("sagemaker")


def seen(params, model, **_):
    sent.append((model.name, params))


class Body:
    """What a broken server says."""

    def stream(self, *_, **__):
        yield b""


def answered(request, event_name, **_):
    """Answer in place of the server, below everything that is the client's."""
    if faults.hit(event_name.rpartition(".")[2]):
        return AWSResponse(request.url, 500, {}, Body())
    return None


original = boto3.client


def watched(*args, **kwargs):
    made = original(*args, **kwargs)
    made.meta.events.register("provide-client-params.sagemaker.*", seen)
    made.meta.events.register("before-send", answered)
    return made


boto3.client = watched
faults = flow.Faults(
    log=("PutObject", 0), upload=("PutObject", 1), create_version=("CreateModelPackage", 0), tag=("UpdateModelPackage", 0)
)
one, two = flow.whole(made, faults)

group = api.describe_model_package_group(ModelPackageGroupName="fraud-fraud-detector")
assert group["ModelPackageGroupDescription"] == "Scores card transactions.", group
packages = api.list_model_packages(ModelPackageGroupName="fraud-fraud-detector", ModelPackageType="Versioned")
by_number = {
    str(each["ModelPackageVersion"]): api.describe_model_package(ModelPackageName=each["ModelPackageArn"])
    for each in packages["ModelPackageSummaryList"]
}
assert by_number["1"]["ModelApprovalStatus"] == "Approved", by_number["1"]
created = [params for name, params in sent if name == "CreateModelPackage"]
assert all(params["ModelApprovalStatus"] == "PendingManualApproval" for params in created), created
assert created[0]["SourceUri"].startswith("s3://sagemaker-eu-west-1-123456789012/mlops/runs/fraud-detector."), created
assert created[0]["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].endswith("/mlops/run.json"), created
stages = [params["ModelLifeCycle"]["Stage"] for name, params in sent if name == "UpdateModelPackage"]
assert {"registered", "challenger", "champion", "previous"} == set(stages), stages
assert by_number["1"]["CustomerMetadataProperties"]["data_version"].startswith("transactions=3Dsha256:"), by_number["1"]
assert one.tags["data_version"].startswith("transactions=sha256:"), one.tags
assert one.tags["mlops.uri"] == created[0]["SourceUri"], one.tags
flow.refused("at most 256", registry_sagemaker._written, {"team": "x" * 257})
flow.refused("at most 50", registry_sagemaker._written, {f"k{i}": "v" for i in range(51)})
for text in ("a=b, c", '["é", 1]', "=3D", ""):
    assert registry_sagemaker._read(registry_sagemaker._written({"k": text})["k"]) == text, text

with contextlib.closing(socket.socket()) as free:
    free.bind(("127.0.0.1", 0))
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{free.getsockname()[1]}"
flow.dead(made, "the registry sagemaker:eu-west-1 could not")
print("model packages:", sorted(by_number))
