"""Pins a dataset to bytes: ``python -m mlops.pin --pipeline FILE --dataset NAME``.

A revision is the name of data (a tag, a branch), which can come to mean other data. The pin says what it means:
the MD5 that DVC knows the data by, or a lakeFS commit. It is a file of Git, ``data/<dataset>.pin.json``, and pods
find it beside these programs. Nothing is read while it is empty, or while it is the pin of another revision.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.config import Dataset, load_pipeline, read_json
from mlops.errors import Misuse, Stop, program, say
from mlops.files import parse_yaml, write_json

COMMIT = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


def pin_file(name: str) -> Path:
    """Say where the pin of a dataset is: in the repository, or in a pod beside the programs."""
    here, there = Path("data", f"{name}.pin.json"), Path(__file__).with_name(f"{name}.pin.json")
    return there if there.is_file() and not here.is_file() else here


def md5_of(name: str, dataset: Dataset) -> str:
    """Give the MD5 that a dataset of DVC is pinned to, or stop."""
    pin = _pin(name, dataset)
    if pin.get("path") != dataset.path:
        raise _stale(name, f"it is for {pin.get('path')!r}, and the dataset is {dataset.path!r}")
    md5 = pin.get("md5")
    if not isinstance(md5, str) or not _MD5.fullmatch(md5):
        raise _stale(name, "it is empty" if not md5 else f"{md5!r} is no MD5 of DVC")
    return md5


def commit_of(name: str, dataset: Dataset) -> str:
    """Give the commit that a dataset of lakeFS is pinned to, or stop. A reference that is a commit needs no pin."""
    if COMMIT.fullmatch(dataset.revision or ""):
        return dataset.revision or ""
    pin = _pin(name, dataset)
    if pin.get("repository") != dataset.repository:
        raise _stale(name, f"it is of repository {pin.get('repository')!r}, the dataset of {dataset.repository!r}")
    commit = pin.get("commit")
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise _stale(name, "it is empty" if not commit else f"{commit!r} is no commit of lakeFS")
    return commit


def _pin(name: str, dataset: Dataset) -> Mapping[str, Any]:
    path = pin_file(name)
    if not path.is_file():
        raise _stale(name, f"{path} is not there")
    pin = read_json(path)
    if not isinstance(pin, dict) or pin.get("version") != 1:
        raise Stop(f"{path}: must be a JSON object of version 1")
    if pin.get("kind") != dataset.kind:
        raise _stale(name, f"it is of kind {pin.get('kind')!r}, the dataset is of kind {dataset.kind!r}")
    if pin.get("revision") != dataset.revision:
        raise _stale(name, f"it is of revision {pin.get('revision')!r}, and {dataset.revision!r} is asked for")
    return pin


def _stale(name: str, why: str) -> Stop:
    return Stop(f"dataset {name} is not pinned ({why}): run make pin-{name} and commit data/{name}.pin.json")


def resolve(name: str, dataset: Dataset) -> dict[str, Any]:
    """Say what a revision means now."""
    if dataset.kind == "dvc":
        return _pointer(name, dataset)
    if dataset.kind == "lakefs":
        from mlops.lakefs import connect

        commit = connect(name, dataset).commit_of(dataset.revision or "")
        return {
            "version": 1,
            "kind": "lakefs",
            "repository": dataset.repository,
            "revision": dataset.revision,
            "commit": commit,
        }
    raise Misuse(f"dataset {name} is of kind {dataset.kind}: its version is read from the data itself, it has no pin")


def _pointer(name: str, dataset: Dataset) -> dict[str, Any]:
    """Read the pointer file of a revision: what ``dvc add`` wrote beside the data."""
    revision, file = dataset.revision or "", f"{dataset.path}.dvc"
    commit = _git(name, file, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    text = _git(name, file, "show", "--end-of-options", f"{commit}:./{file}")
    at = f"{file} of revision {revision}"
    pointer = next(iter(parse_yaml(text, at)), None)
    outs = pointer.get("outs") if isinstance(pointer, dict) else None
    if not isinstance(outs, list) or len(outs) != 1 or not isinstance(outs[0], dict):
        raise Stop(f"{at}: must be what dvc add wrote, with one output")
    out = outs[0]
    if out.get("hash") != "md5":
        raise Stop(f"{at}: was written by DVC 2: run dvc add {dataset.path} again with DVC 3, push, commit and tag")
    if not isinstance(out.get("md5"), str) or not _MD5.fullmatch(out["md5"]):
        raise Stop(f"{at}: holds no MD5")
    return {
        "version": 1,
        "kind": "dvc",
        "path": dataset.path,
        "revision": revision,
        "md5": out["md5"],
        "size": int(out["size"]) if str(out.get("size", "")).isdigit() else 0,
        "commit": commit,
    }


def _git(name: str, file: str, *args: str) -> str:
    try:
        done = subprocess.run(["git", *args], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise Stop("git is not installed") from None
    except subprocess.CalledProcessError as fault:
        said = fault.stderr.strip().splitlines()
        raise Stop(
            f"dataset {name}: the revision or {file} in it cannot be read{': ' + said[-1] if said else ''}: "
            f"run dvc add and dvc push, commit {file}, tag that commit with the revision (or git fetch --tags)"
        ) from None
    return done.stdout.strip()


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Write the pin of one dataset."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.pin", description="Pin a dataset to the bytes of its revision."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    parser.add_argument("--dataset", required=True, help="its name")
    args = parser.parse_args(argv)
    pipeline = load_pipeline(args.pipeline)
    dataset = pipeline.datasets.get(args.dataset)
    if dataset is None:
        raise Misuse(f"pipeline {pipeline.name} reads no dataset {args.dataset!r}")
    pin = resolve(args.dataset, dataset)
    path = Path("data", f"{args.dataset}.pin.json")
    path.parent.mkdir(exist_ok=True)
    write_json(path, pin)
    say(f"pinned: {args.dataset} at {dataset.revision} is {pin.get('md5') or pin.get('commit')}: commit {path}")


if __name__ == "__main__":
    sys.exit(main())
