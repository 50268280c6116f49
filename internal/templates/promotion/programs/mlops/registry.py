"""The door to the model registry: what the programs need of it, whichever system it is.

Each system has a module of its own, ``registry_<system>``, that speaks to it through its official client. A
repository has the modules of the systems it uses, and MLflow's, which needs no server: on a laptop without
credentials of the chosen system, models are registered into a SQLite file below .mlops/.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from mlops.config import Model
from mlops.errors import Stop, Unreachable, Unsupported, say
from mlops.verdict import Champion

CHALLENGER, CHAMPION, PREVIOUS = "challenger", "champion", "previous"
FINGERPRINT = "mlops.fingerprint"
DIGEST = "mlops.digest"
URI = "mlops.uri"
LINEAGE = "mlops.lineage"
STATUS = "validation_status"
PENDING, PASSED, FAILED = "pending", "passed", "failed"

# What the client of a system reads in order to sign in; one of them is enough to choose the system.
SIGNS: Mapping[str, tuple[str, ...]] = {
    "mlflow": (),
    "weights_and_biases": ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"),
    "neptune": ("NEPTUNE_API_TOKEN", "NEPTUNE_MODE"),
    "clearml": ("CLEARML_API_ACCESS_KEY", "CLEARML_CONFIG_FILE", "CLEARML_OFFLINE_MODE"),
    "sagemaker": (
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ),
    "azureml": ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "MSI_ENDPOINT", "IDENTITY_ENDPOINT", "AZUREML_RUN_ID"),
    "vertex": ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUD_ML_PROJECT_ID", "AIP_MODEL_DIR"),
}
_MODULES = {"weights_and_biases": "wandb"}  # others are called like their system


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    model: str
    number: str
    run: str
    source: str
    tags: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Tell whether registration of this version was completed."""
        return self.tags.get(STATUS) == PASSED


def shown(uri: str) -> str:
    """Give an address without what may be secret in it."""
    return re.sub(r"//[^/@]*@", "//", uri.partition("?")[0])


class Registry(Protocol):
    """A registry of models, and the tracker of the runs they come from."""

    uri: str  # for people: where it is
    folder: Path | None = None  # of a registry that is files on this machine
    offline: bool = False  # runs are recorded in files, and nothing can be read

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number; empty when the model is not there yet."""

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""

    def metrics(self, version: Version) -> dict[str, Decimal]:
        """Read a version's metrics from its run."""

    def ensure_model(self, model: Model) -> None:
        """Create the registered model, or bring its description and tags up to date."""

    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> AbstractContextManager[str]:
        """Record a run; it ends as failed when the body raises."""

    def log(self, run: str, metrics: Mapping[str, Decimal], params: Mapping[str, str]) -> None:
        """Write metrics and parameters of a run."""

    def upload(self, run: str, path: Path, folder: str) -> str:
        """Store a file or folder with a run, wait until it is there, and give its address."""

    def download(self, run: str, file: str, into: Path) -> Path | None:
        """Fetch one file of a run; None when it is not there."""

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Create a version together with its tags."""

    def discard(self, version: Version) -> None:
        """Take back a version that was not completed: delete it, or at least mark it as failed."""

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set tags of a version; None removes one."""

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move an alias; None removes it."""

    @contextlib.contextmanager
    def alone(self, model: str) -> Iterator[Callable[[], None]]:
        """Keep other jobs from moving a model's aliases in the body, where the system has a way; else nothing.

        What the body gets raises Refused when another job may be moving them all the same.
        """
        yield lambda: None

    def aliased(self, model: str, alias: str) -> Version | None:
        """Give the version with an alias, or None."""
        number = self.aliases(model).get(alias)
        return None if number is None else self.version(model, number)

    def champion(self, model: str) -> Champion | None:
        """Give the version that serves production with its metrics, or None."""
        if self.offline:
            say(f"note: {self.uri} is offline: there is no champion to compare with")
            return None
        version = self.aliased(model, CHAMPION)
        return None if version is None else Champion(version.number, self.metrics(version))

    @contextlib.contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Turn whatever a client library raises into one sentence; there is no common base class."""
        try:
            yield
        except Stop:
            raise
        except Exception as fault:
            cause = shown((str(fault).strip() or type(fault).__name__).splitlines()[0])[:300]
            raise Unreachable(f"the registry {shown(self.uri)} could not {doing}: {cause}") from fault

    def _online(self, doing: str) -> None:
        """Stop when the client writes to files only."""
        if self.offline:
            raise Unsupported(f"{self.uri} is offline and cannot {doing}: send what was recorded and run it online")


def connect(model: Model) -> Registry:
    """Open the registry of a model, or the laptop's when nobody could sign in to it."""
    system = model.registry_type
    if system not in SIGNS:
        raise Unsupported(f"registry {model.registry} is of type {system}, which these programs do not know")
    signs = SIGNS[system]
    here = [name for name in signs if os.environ.get(name)]
    away = bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and not os.environ.get("MLFLOW_TRACKING_URI")
    if system != "mlflow" and not here and not away:
        say(f"note: none of {', '.join(signs)} is set: the registry of this run is MLflow, not {system}")
        system = "mlflow"
    module = _module(f"mlops.registry_{_MODULES.get(system, system)}", f"registry {model.registry} of type {system}")
    opened: Registry = module.open_registry(model)
    return opened


def _module(name: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as fault:
        if fault.name != name:
            raise
        raise Unsupported(f"{what}: this repository has no {name}; apply the configuration again") from None


def client(name: str, *parts: str) -> Any:
    """Import the official client of a system when it is needed."""
    try:
        module = importlib.import_module(name)
        for part in parts:
            importlib.import_module(part)
    except ImportError as fault:
        raise Unreachable(
            f"the registry needs {name}, which cannot be imported ({fault}): make setup installs it"
        ) from None
    return module


def newest(versions: Iterator[Version], fingerprint: str) -> Version | None:
    """Give the newest complete version of a training run among all versions of a model."""
    same = [each for each in versions if each.passed and each.tags.get(FINGERPRINT) == fingerprint]
    return max(same, key=lambda each: int(each.number), default=None)


def settings(model: Model, needed: Mapping[str, str], look: Callable[[str], str | None] = os.environ.get) -> list[str]:
    """Give settings of the registry: from model.json, else from the environment variable that is named for each."""
    values = {name: model.registry_settings.get(name) or look(variable) for name, variable in needed.items()}
    missing = [f"{name} (or {needed[name]})" for name, value in values.items() if not value]
    if missing:
        raise Stop(f"registry {model.registry} of type {model.registry_type} needs {', '.join(missing)}")
    return [str(value) for value in values.values()]
