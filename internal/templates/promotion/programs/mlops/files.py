"""Bytes on disk: digests of files and folders, canonical JSON, writing in one step."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlops.errors import Stop

_CHUNK = 1 << 20
_LITTER = {"__pycache__", ".DS_Store", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class Entry:
    """One file of a folder."""

    path: str
    sha256: str
    size: int


def sha256_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def entries(root: Path) -> list[Entry]:
    """List the files of a folder (or the one file), sorted by path; links to files are followed."""
    if root.is_file():
        return [Entry(root.name, sha256_file(root), root.stat().st_size)]
    if not root.is_dir():
        raise Stop(f"{root}: there is no such file or folder")
    found = []
    for path in root.rglob("*"):
        inside = path.relative_to(root)
        if _LITTER & set(inside.parts) or path.suffix == ".pyc":
            continue
        if path.is_symlink() and not path.is_file():
            raise Stop(f"{path}: a link to a folder or to nothing cannot be part of a digest")
        if path.is_file():
            found.append(Entry(inside.as_posix(), sha256_file(path), path.stat().st_size))
    return sorted(found, key=lambda entry: entry.path)


def tree_digest(found: list[Entry]) -> str:
    """Give one digest for a list of files: equal names with equal bytes give an equal digest."""
    return sha256_of([[entry.path, entry.sha256] for entry in found])


def version_of(path: Path) -> str:
    """Name the content of a file, or of a folder."""
    return "sha256:" + sha256_file(path) if path.is_file() else tree_digest(entries(path))


def place(source: Path, target: Path, link: bool) -> None:
    """Put a file or folder at ``target``, as a link or as a copy; what was there is replaced."""
    with draft(target) as new:
        if link:
            new.symlink_to(source.resolve())
        elif source.is_dir():
            shutil.copytree(source, new)
        else:
            shutil.copyfile(source, new)


@contextmanager
def draft(target: Path) -> Iterator[Path]:
    """Give a path beside ``target`` that takes its place at the end: the target appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        new = folder / target.name
        yield new
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        new.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def renames(folder: Path) -> bool:
    """Say whether what is in a folder can be renamed: a mounted bucket of S3 cannot."""
    probe = Path(tempfile.mkdtemp(prefix=".probe-", dir=folder))
    other = probe.with_name(probe.name + "-renamed")
    try:
        probe.rename(other)
    except OSError:
        return False
    else:
        return True
    finally:
        for path in (probe, other):
            with suppress(OSError):
                path.rmdir()


def inside(key: str, prefix: str) -> PurePosixPath:
    """Give the path of an object below a prefix; a key that leads out of it is refused."""
    path = PurePosixPath(key[len(prefix) :].lstrip("/") if prefix else key)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise Stop(f"object {key!r}: its key is no path below {prefix or 'the root'}")
    return path


def canonical(value: Any) -> str:
    """Write JSON in its one canonical form: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(value: Any) -> str:
    """Give the digest of a JSON value."""
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()


def read_yaml(path: Path) -> list[Any]:
    """Read the documents of a YAML file; every scalar stays the text that stands there."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except ValueError as fault:
        raise Stop(f"{path}: not a YAML file: {fault}") from None


def parse_yaml(text: str, where: str) -> list[Any]:
    """Read the documents of a text as read_yaml does."""
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise Stop(f"{where}: reading YAML needs PyYAML: make setup installs it") from None
    try:
        return list(yaml.load_all(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    except (yaml.YAMLError, ValueError) as fault:
        raise Stop(f"{where}: not a YAML file: {fault}") from None


def write_text(path: Path, text: str) -> bool:
    """Write a file in one step; False when it already holds this text."""
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def write_json(path: Path, value: Any) -> bool:
    """Write a JSON file, sorted and indented; False when nothing changed."""
    return write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")
