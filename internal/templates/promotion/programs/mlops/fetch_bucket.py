"""Objects of a bucket: a folder on cloud local, S3, Google Cloud Storage, Azure Blob Storage.

In a pod of cloud local the bucket is mounted at MLOPS_DATA_ROOT. On a laptop it is the folder
``.mlops/buckets/<bucket>``, or ``$MLOPS_BUCKET_ROOT/<bucket>``. The clouds' own clients are imported where they are
used, and sign in as they do everywhere: from the environment, or as the identity that the pod or job has.
"""

from __future__ import annotations

import importlib
import os
import shutil
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlops.config import Dataset
from mlops.errors import Stop, Unsupported
from mlops.files import draft, inside, place, sha256_of, version_of

FOLDERS = Path(".mlops/buckets")


class Absent(Stop):
    """There is no such object."""


@dataclass(frozen=True)
class Item:
    """One object; ``version`` names its bytes: the store's own version where it keeps versions, else its ETag."""

    key: str
    version: str = ""
    exact: bool = False  # the store can be asked for this very version


class Store(Protocol):
    """The objects of one bucket."""

    shown: str

    def items(self, prefix: str) -> Iterator[Item]:
        """List the newest version of each object whose key starts with ``prefix``."""

    def read(self, item: Item, target: Path) -> None:
        """Write an object to a file, or raise Absent."""


def fetch(name: str, dataset: Dataset, target: Path, link: bool) -> str:
    """Put the objects below a prefix at ``target``, and name their versions."""
    prefix = (dataset.prefix or "").strip("/")
    store = store_of(dataset, prefix)
    if isinstance(store, Folder):
        source = store.root / prefix
        if not source.exists():
            raise Stop(f"dataset {name}: {source} is not there: copy the data into bucket {dataset.bucket} first")
        place(source, target, link)
        return version_of(source)
    found = sorted(_below(store.items(prefix), prefix), key=lambda item: item.key)
    if not found:
        raise Stop(f"dataset {name}: {store.shown} has no object below {prefix}: copy the data there first")
    with draft(target) as new:
        for item in found:
            file = new / inside(item.key, prefix) if item.key != prefix else new
            file.parent.mkdir(parents=True, exist_ok=True)
            store.read(item, file)
    return sha256_of([[item.key, item.version] for item in found])


def _below(items: Iterator[Item], prefix: str) -> Iterator[Item]:
    """Leave out what only begins alike (transactions-old), and markers of folders."""
    for item in items:
        if not item.key.endswith("/") and (not prefix or item.key == prefix or item.key.startswith(prefix + "/")):
            yield item


def store_of(dataset: Dataset, mounted: str = "") -> Store:
    """Say where a dataset's bucket is. A cloud that mounts ``mounted`` below MLOPS_DATA_ROOT has fetched it already."""
    parts = urllib.parse.urlsplit(dataset.uri or "")
    root = os.environ.get("MLOPS_DATA_ROOT")
    if parts.scheme in _CLOUDS and not (mounted and root and Path(root, mounted).exists()):
        return _CLOUDS[parts.scheme](parts)
    bucket = dataset.bucket or ""
    if os.environ.get("MLOPS_BUCKET_ROOT"):
        return Folder(Path(os.environ["MLOPS_BUCKET_ROOT"], bucket))
    return Folder(Path(root) if root else FOLDERS / bucket)


class Folder:
    """A bucket that is a folder."""

    def __init__(self, root: Path) -> None:
        """Take the folder."""
        self.root = root
        self.shown = str(root)

    def items(self, prefix: str) -> Iterator[Item]:
        """List the files."""
        for path in sorted(self.root.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield Item(key)

    def read(self, item: Item, target: Path) -> None:
        """Copy a file."""
        if not (self.root / item.key).is_file():
            raise Absent(f"{self.root / item.key} is not there")
        shutil.copyfile(self.root / item.key, target)


def _client(module: str, needs: str, shown: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise Unsupported(f"{shown} needs the Python package {needs}, which is not installed here") from None


class S3:
    """A bucket of S3, or of what answers like it at AWS_ENDPOINT_URL."""

    def __init__(self, parts: urllib.parse.SplitResult) -> None:
        """Take s3://bucket."""
        self.shown = f"s3://{parts.netloc}"
        self._bucket = parts.netloc
        self._client = _client("boto3", "boto3", self.shown).client("s3")
        self._fault = _client("botocore.exceptions", "boto3", self.shown)

    def items(self, prefix: str) -> Iterator[Item]:
        """List the newest versions."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in self._tried(lambda: list(pages)):
            for found in page.get("Versions", []):
                if found["IsLatest"]:
                    number = found["VersionId"]
                    exact = number != "null"  # written before, or without, versioning
                    yield Item(found["Key"], number if exact else found["ETag"].strip('"'), exact)

    def read(self, item: Item, target: Path) -> None:
        """Download one version."""
        extra = {"VersionId": item.version} if item.exact else None
        self._tried(lambda: self._client.download_file(self._bucket, item.key, str(target), ExtraArgs=extra))

    def _tried(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except self._fault.ClientError as fault:
            said = fault.response.get("Error", {})
            kind = Absent if said.get("Code") in ("404", "NoSuchKey") else Stop
            raise kind(f"{self.shown}: {said.get('Code')} {said.get('Message', '')}") from None
        except self._fault.BotoCoreError as fault:
            raise Stop(f"{self.shown}: {fault}") from None


class Google:
    """A bucket of Google Cloud Storage."""

    def __init__(self, parts: urllib.parse.SplitResult) -> None:
        """Take gs://bucket."""
        self.shown = f"gs://{parts.netloc}"
        storage = _client("google.cloud.storage", "google-cloud-storage", self.shown)
        self._fault = _client("google.api_core.exceptions", "google-cloud-storage", self.shown)
        self._bucket = storage.Client().bucket(parts.netloc)

    def items(self, prefix: str) -> Iterator[Item]:
        """List the newest generations."""
        for blob in self._tried(lambda: list(self._bucket.client.list_blobs(self._bucket, prefix=prefix))):
            yield Item(blob.name, str(blob.generation), True)

    def read(self, item: Item, target: Path) -> None:
        """Download one generation."""
        blob = self._bucket.blob(item.key, generation=int(item.version) if item.exact else None)
        self._tried(lambda: blob.download_to_filename(str(target)))

    def _tried(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except self._fault.NotFound as fault:
            raise Absent(f"{self.shown}: {fault.message}") from None
        except self._fault.GoogleAPICallError as fault:
            raise Stop(f"{self.shown}: {fault.message}") from None


class Azure:
    """A container of Azure Blob Storage."""

    def __init__(self, parts: urllib.parse.SplitResult) -> None:
        """Take abfss://container@account.dfs.core.windows.net."""
        container, _, host = parts.netloc.partition("@")
        self.shown = f"abfss://{parts.netloc}"
        blob = _client("azure.storage.blob", "azure-storage-blob", self.shown)
        self._fault = _client("azure.core.exceptions", "azure-storage-blob", self.shown)
        connection = os.environ.get("AZURE_STORAGE_CONNECTION_STRING")
        if connection:
            self._client = blob.ContainerClient.from_connection_string(connection, container)
            return
        account = f"https://{host.replace('.dfs.', '.blob.', 1)}"
        identity = _client("azure.identity", "azure-identity", self.shown).DefaultAzureCredential()
        self._client = blob.ContainerClient(account, container, credential=identity)

    def items(self, prefix: str) -> Iterator[Item]:
        """List the newest versions."""
        for blob in self._tried(lambda: list(self._client.list_blobs(name_starts_with=prefix))):
            exact = bool(blob.version_id)
            yield Item(blob.name, blob.version_id if exact else blob.etag.strip('"'), exact)

    def read(self, item: Item, target: Path) -> None:
        """Download one version."""
        extra = {"version_id": item.version} if item.exact else {}
        with target.open("wb") as stream:
            self._tried(lambda: self._client.download_blob(item.key, **extra).readinto(stream))

    def _tried(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except self._fault.ResourceNotFoundError:
            raise Absent(f"{self.shown}: there is no such object") from None
        except self._fault.AzureError as fault:
            raise Stop(f"{self.shown}: {fault.message}") from None


_CLOUDS: dict[str, Callable[[urllib.parse.SplitResult], Store]] = {"s3": S3, "gs": Google, "abfss": Azure}
