"""Vertex AI Model Registry: versions of a model with version aliases, and files in Cloud Storage.

What never changes of a version lies beside its files as mlops/tags.json; labels, whose alphabet is small, hold what
changes: the validation status and where it is deployed. The version's description is the address for serving.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops.config import Model
from mlops.errors import Stop, Unreachable
from mlops.registry import CHALLENGER, CHAMPION, FAILED, PREVIOUS, STATUS, URI, Version, client, newest, settings
from mlops.stored import Stored, bucket_of

TAGS_FILE = "mlops/tags.json"
_ALIASES = (CHALLENGER, CHAMPION, PREVIOUS)
_LABELS = {STATUS: "validation_status", "mlops.deployed": "mlops_deployed"}
_WAIT = 600.0


def open_registry(model: Model) -> Vertex:
    """Connect to the registry of a model."""
    project, location = settings(model, {"project": "GOOGLE_CLOUD_PROJECT", "location": "GOOGLE_CLOUD_LOCATION"})
    return Vertex(model, project, location)


class Vertex(Stored):
    """The models of one project in one location."""

    def __init__(self, model: Model, project: str, location: str) -> None:
        """Make the clients."""
        self.uri = f"vertex:{project}/{location}"
        self._parent = f"projects/{project}/locations/{location}"
        self._bucket, self.prefix = bucket_of(model, "gs")
        self.root = f"gs://{self._bucket}/{self.prefix}"
        platform = client("google.cloud.aiplatform_v1")
        self._types = platform.types
        self._errors = client("google.api_core.exceptions")
        with self._speaking("be opened"):
            endpoint = {"api_endpoint": f"{location}-aiplatform.googleapis.com"}
            self._models: Any = platform.ModelServiceClient(client_options=endpoint)
            self._storage: Any = client("google.cloud.storage").Client(project=project)

    def put(self, key: str, path: Path) -> None:
        """Write a file to an object that must not be there yet."""
        blob = self._storage.bucket(self._bucket).blob(key)
        blob.upload_from_filename(str(path), if_generation_match=0)

    def fetch(self, key: str, path: Path) -> bool:
        """Read an object into a file; False when there is none."""
        try:
            self._storage.bucket(self._bucket).blob(key).download_to_filename(str(path))
        except self._errors.NotFound:
            path.unlink(missing_ok=True)
            return False
        return True

    def aliases(self, model: str) -> dict[str, str]:
        """Give alias to version number; empty when the model is not there yet."""
        with self._speaking("be asked for aliases"):
            return {
                alias: str(each.version_id)
                for each in self._versions(model)
                for alias in each.version_aliases
                if alias in _ALIASES
            }

    def version(self, model: str, number: str) -> Version | None:
        """Give one version, or None."""
        with self._speaking(f"be asked for version {number}"):
            found = self._one(model, number)
            return None if found is None else self._version(model, found)

    def find(self, model: str, fingerprint: str) -> Version | None:
        """Give the newest complete version of a training run, or None."""
        with self._speaking("be searched"):
            return newest((self._version(model, each) for each in self._versions(model)), fingerprint)

    def ensure_model(self, model: Model) -> None:
        """Bring the description up to date; the first version creates a model that is not there."""
        with self._speaking(f"hold model {model.name}"):
            there = next(iter(self._versions(model.name)), None)
            if there is not None and model.description and there.description != model.description:
                changed = self._types.Model(name=self._name(model.name), description=model.description)
                self._models.update_model(model=changed, update_mask={"paths": ["description"]})

    def create_version(self, model: str, source: str, run: str, tags: Mapping[str, str]) -> Version:
        """Write the tags beside the files, then upload a version that points at them."""
        image = tags.get("image")
        if not image:
            raise Stop("vertex: a version needs the image of its model: set MLOPS_IMAGE")
        with self._speaking("create a version"), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "tags.json")
            fixed = {key: value for key, value in tags.items() if key not in _LABELS}
            path.write_text(json.dumps(fixed, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            self.put(self.key(run, TAGS_FILE), path)
            there = next(iter(self._versions(model)), None)
            request = self._types.UploadModelRequest(
                parent=self._parent,
                **({"parent_model": self._name(model)} if there is not None else {"model_id": model}),
                model=self._types.Model(
                    display_name=model,
                    artifact_uri=source,
                    version_description=source,
                    labels={_LABELS[key]: value for key, value in tags.items() if key in _LABELS},
                    container_spec={"image_uri": image},
                ),
            )
            number = str(self._models.upload_model(request=request).result(timeout=_WAIT).model_version_id)
            return Version(model, number, run, source, dict(tags))

    def discard(self, version: Version) -> None:
        """Mark a version as failed and delete it; its files stay in the bucket."""
        with contextlib.suppress(Exception):
            self.tag(version, {STATUS: FAILED})
        with contextlib.suppress(Exception):
            self._models.delete_model_version(name=self._name(version.model, version.number)).result(timeout=_WAIT)

    def tag(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set labels of a version, and the address for serving; None removes a label."""
        unknown = sorted(set(tags) - set(_LABELS) - {URI})
        if unknown:
            raise Stop(f"vertex: tag {unknown[0]} of a version cannot be changed")
        with self._speaking(f"tag version {version.number}"):
            found = self._there(version.model, version.number)
            labels = dict(found.labels)
            for key, value in tags.items():
                if key in _LABELS and value is None:
                    labels.pop(_LABELS[key], None)
                elif key in _LABELS and value is not None:
                    labels[_LABELS[key]] = value
            changed = self._types.Model(
                name=self._name(version.model, version.number),
                labels=labels,
                version_description=tags.get(URI) or found.version_description,
            )
            self._models.update_model(model=changed, update_mask={"paths": ["labels", "version_description"]})

    def set_alias(self, model: str, alias: str, number: str | None) -> None:
        """Move a version alias; None removes it."""
        with self._speaking(f"move alias {alias}"):
            if number is not None:
                self._there(model, number)
            for each in self._versions(model):
                holds, must = alias in each.version_aliases, str(each.version_id) == number
                if holds and not must:
                    self._merge(model, str(each.version_id), f"-{alias}")
            if number is not None:
                self._merge(model, number, alias)

    def _merge(self, model: str, number: str, change: str) -> None:
        self._models.merge_version_aliases(name=self._name(model, number), version_aliases=[change])

    def _name(self, model: str, number: str | None = None) -> str:
        if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,62}", model):
            raise Stop(f"vertex: {model} cannot be a model id: lower-case letters, digits and dashes, at most 63")
        return f"{self._parent}/models/{model}" + (f"@{number}" if number else "")

    def _versions(self, model: str) -> Iterator[Any]:
        try:
            yield from self._models.list_model_versions(name=self._name(model))
        except self._errors.NotFound:
            return

    def _one(self, model: str, number: str) -> Any:
        return next((each for each in self._versions(model) if str(each.version_id) == number), None)

    def _there(self, model: str, number: str) -> Any:
        found = self._one(model, number)
        if found is None:
            raise Unreachable(f"{self.uri} has no version {number} of {model} any more")
        return found

    def _version(self, model: str, found: Any) -> Version:
        source = str(found.artifact_uri)
        run = source.removeprefix(f"{self.root}/").partition("/")[0]
        tags: dict[str, str] = {}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "tags.json")
            if self.fetch(self.key(run, TAGS_FILE), path):
                tags = json.loads(path.read_text(encoding="utf-8"))
        changing = {key: found.labels[label] for key, label in _LABELS.items() if label in found.labels}
        where = {URI: str(found.version_description)} if found.version_description else {}
        return Version(model, str(found.version_id), run, source, {**tags, **changing, **where})
