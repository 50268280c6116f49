"""Real SDK, whose requests for models end in a stand-in that keeps the SDK's own REST objects, and whose uploads of
files end in a folder. Serialization, versions, tags, properties and stage are the SDK's."""

import copy
import os
import shutil
from pathlib import Path

from azure.ai.ml import MLClient
from azure.ai.ml.operations import _model_operations
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

os.environ |= {"AZURE_CLIENT_ID": "x"}
import flow  # noqa: E402

from mlops import registry_azureml  # noqa: E402

VERSIONS, FILES, DOWN, STAGES = {}, Path("blobs").absolute(), [], []
PATH = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/workspaceblobstore/paths/{name}/{version}"


class Operations:
    """The requests of model versions: create or update, get and list."""

    def create_or_update(self, name, version, body, **_):
        self.up()
        if faults.hit("create_or_update"):
            raise HttpResponseError("500 broken")
        kept = copy.deepcopy(body)
        before = VERSIONS.get((name, version))
        if before is not None and before.properties.model_uri != kept.properties.model_uri:
            raise HttpResponseError("a version's path cannot be changed")
        if before is not None:
            kept.properties.properties = before.properties.properties
        kept.id = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/models/{name}/versions/{version}"
        kept.name, kept.properties.flavors = version, kept.properties.flavors or {}  # the service gives an empty one
        VERSIONS[name, version] = kept
        STAGES.append(kept.properties.stage)
        return copy.deepcopy(kept)

    def get(self, name, version, **_):
        self.up()
        if (name, version) not in VERSIONS:
            raise ResourceNotFoundError(f"model {name}:{version} is not there")
        return copy.deepcopy(VERSIONS[name, version])

    def list(self, name, cls=None, **_):
        self.up()
        found = [copy.deepcopy(each) for (owner, _), each in VERSIONS.items() if owner == name]
        if not found:
            raise ResourceNotFoundError(f"model {name} is not there")
        return cls(found)

    def up(self):
        if DOWN:
            raise HttpResponseError("500 broken")


class Containers:
    """Of the container of a model's versions the SDK asks for its properties."""

    def get(self, *args, **_):
        raise ResourceNotFoundError("no container")


def uploaded(artifact, **_):
    if not str(artifact.path).startswith("azureml:"):
        if faults.hit("file"):
            raise HttpResponseError("500 broken")
        shutil.copytree(artifact.path, FILES / artifact.name / artifact.version, dirs_exist_ok=True)
        artifact.path = PATH.format(name=artifact.name, version=artifact.version)
    return artifact, None


def connected(credential, subscription, group, workspace, **options):
    made = MLClient(credential, subscription, group, workspace, **options)
    made.models._model_versions_operation = Operations()
    made.models._model_container_operation = Containers()
    made.models._get_model_properties = lambda *args, **_: None
    made.models.download = lambda name, version, path: shutil.copytree(FILES / name / version, Path(path, name), dirs_exist_ok=True)
    made.models.archive = lambda name, version: None
    return made


_model_operations._check_and_upload_path = uploaded
import azure.ai.ml  # noqa: E402

azure.ai.ml.MLClient = connected
faults = flow.Faults(upload=("file", 0), create_version=("create_or_update", 0), tag=("create_or_update", 1))


def breaks(method):
    """Break the service, but for the metrics, which are sent with the version."""
    return flow.failing(registry_azureml.AzureML, method) if method == "log" else faults(method)


made = flow.project("azureml", subscription_id="s", resource_group="g", workspace="w")
one, two = flow.whole(made, breaks)
first = VERSIONS["fraud-detector", "1"].properties
assert first.stage == "Production" and first.tags["mlops.alias.champion"] == "true", first
assert first.properties["mlops.metric.auc_roc"] == "0.98973", first.properties
assert first.properties["mlops.parameter.n_estimators"] == "200", first.properties
assert (FILES / "fraud-detector/1/mlops/lineage.json").is_file()
assert {"Development", "Staging", "Production", "Archived"} == set(STAGES), STAGES
count = len(VERSIONS)
DOWN.append(True)
flow.dead(made, "the registry azureml:w could not")
assert len(VERSIONS) == count
print("versions:", sorted(VERSIONS))
