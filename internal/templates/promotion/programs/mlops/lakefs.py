"""A lakeFS server through its REST API (v1, as of lakeFS 1.80): what datasets need of it.

Address and credentials are those of lakeFS's own command line: LAKECTL_SERVER_ENDPOINT_URL (default: the dataset's
endpoint), LAKECTL_CREDENTIALS_ACCESS_KEY_ID, LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops.config import Dataset, Pipeline
from mlops.errors import Misuse, Stop
from mlops.web import Http

_PAGE = 1000


def connect(name: str, dataset: Dataset) -> Repository:
    """Give the repository of a dataset; nothing is sent yet."""
    address = os.environ.get("LAKECTL_SERVER_ENDPOINT_URL") or dataset.endpoint or ""
    pair = [os.environ.get(f"LAKECTL_CREDENTIALS_{part}") for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
    if not all(pair):
        raise Misuse(
            f"dataset {name}: LAKECTL_CREDENTIALS_ACCESS_KEY_ID and LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY must be set "
            f"to read from {dataset.endpoint}"
        )
    base = re.sub(r"(/api/v1)?/*$", "", address) + "/api/v1"
    return Repository(Http(base, user=pair[0], password=pair[1]), dataset.repository or "")


@dataclass(frozen=True)
class Object:
    """One object at a commit."""

    path: str
    size: int


class Repository:
    """One repository of a server."""

    def __init__(self, http: Http, name: str) -> None:
        """Take a connection and the repository's name."""
        self._http = http
        self._at = f"repositories/{_quoted(name)}"
        self.shown = f"lakefs://{name}"

    def commit_of(self, ref: str) -> str:
        """Give the commit that a branch, a tag or a commit means now."""
        log = self._http.get(f"{self._at}/refs/{_quoted(ref)}/commits", {"amount": 1})
        try:
            return str(log["results"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise Stop(f"{self.shown}/{ref} has no commit") from None

    def objects(self, ref: str, prefix: str) -> Iterator[Object]:
        """List the objects below a prefix, all pages."""
        after = ""
        while True:
            query = {"prefix": prefix, "after": after, "amount": _PAGE}
            page = self._http.get(f"{self._at}/refs/{_quoted(ref)}/objects/ls", query)
            for found in page["results"]:
                if found.get("path_type", "object") == "object":
                    yield Object(found["path"], int(found.get("size_bytes") or 0))
            after = page["pagination"].get("next_offset") or ""
            if not page["pagination"]["has_more"] or not after:
                return

    def read(self, ref: str, path: str, target: Path) -> None:
        """Download an object."""
        self._http.download(f"{self._at}/refs/{_quoted(ref)}/objects", {"path": path}, target)

    def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch at a commit; one that is there must stand at that commit."""
        body = {"name": branch, "source": commit}
        if self._http.send("POST", f"{self._at}/branches", body, accept=(409,), plain=True).status == 409:
            there = self.commit_of(branch)
            if there != commit:
                raise Stop(f"{self.shown}: branch {branch} is there already, at {there[:12]}")

    def commit(self, branch: str, message: str, metadata: Mapping[str, str]) -> str:
        """Commit what a branch has, even nothing but metadata; give the commit."""
        body = {"message": message, "metadata": dict(metadata), "allow_empty": True}
        return str(self._http.post(f"{self._at}/branches/{_quoted(branch)}/commits", body)["id"])

    def merge(self, source: str, branch: str, message: str) -> str:
        """Merge into a branch; its hooks decide. Give the commit."""
        body = {"message": message, "allow_empty": True}
        answer = self._http.post(f"{self._at}/refs/{_quoted(source)}/merge/{_quoted(branch)}", body)
        return str(answer["reference"])

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; one that is gone is deleted."""
        self._http.send("DELETE", f"{self._at}/branches/{_quoted(branch)}", accept=(404,))


def branch_of(pipeline: Pipeline, run_id: str) -> str:
    """Name the branch of a run: letters, digits, dashes and underscores, as lakeFS wants."""
    name = re.sub("[^A-Za-z0-9_-]", "-", f"mlops-{pipeline.name}-{run_id}")
    if not run_id:
        raise Misuse("a branch for each run needs the run's id: MLOPS_RUN_ID or --pipeline-run-id")
    return name[:200]


def finish(pipeline: Pipeline, run_id: str, lineage: Mapping[str, str], into: str | None = None) -> None:
    """Record on the branch of a run which model came of it, merge it when asked to, and delete it."""
    branch = branch_of(pipeline, run_id)
    for name, dataset in pipeline.datasets.items():
        if dataset.kind == "lakefs":
            repository = connect(name, dataset)
            message = f"{pipeline.name}: {lineage.get('mlops.model', 'a model')} was trained on this data"
            repository.commit(branch, message, lineage)
            if into:
                repository.merge(branch, into, message)
                repository.delete_branch(branch)


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")
