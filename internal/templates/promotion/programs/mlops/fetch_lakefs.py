"""Data of lakeFS, at the commit that its pin names: ``lakefs://<repository>/<commit>/<path>``."""

from __future__ import annotations

from pathlib import Path

from mlops.config import Dataset
from mlops.errors import Stop
from mlops.files import draft, inside
from mlops.lakefs import connect
from mlops.pin import commit_of


def fetch(name: str, dataset: Dataset, target: Path, branch: str | None = None) -> str:
    """Put the objects below the dataset's path at ``target``; the commit is their version.

    With a branch, it is created at that commit: it keeps the data from being collected while the run lasts.
    """
    commit = commit_of(name, dataset)
    repository = connect(name, dataset)
    if branch:
        repository.create_branch(branch, commit)
    prefix = (dataset.prefix or "").strip("/")
    found = [o for o in repository.objects(commit, prefix) if f"{o.path}/".startswith(f"{prefix}/" if prefix else "")]
    if not found:
        raise Stop(f"dataset {name}: {repository.shown}/{commit[:12]} has nothing at {prefix or 'its root'}")
    with draft(target) as new:
        for item in found:
            if item.path.endswith("/"):
                continue  # a marker of a folder
            file = new if item.path == prefix else new / inside(item.path, prefix)
            file.parent.mkdir(parents=True, exist_ok=True)
            repository.read(commit, item.path, file)
            if file.stat().st_size != item.size:
                raise Stop(
                    f"dataset {name}: {item.path} came with {file.stat().st_size} bytes, {item.size} were listed"
                )
    return commit
