"""Data of DVC, by the MD5 that its pin names: neither Git nor DVC is needed.

The layout is that of DVC 3: ``files/md5/<first two digits>/<rest>`` below the remote; a folder is an object that
ends with ``.dir`` and lists the files in it. Every file is compared with its MD5.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.config import Dataset, read_json
from mlops.errors import Stop
from mlops.fetch_bucket import Absent, Folder, Item, Store, store_of
from mlops.files import draft, inside
from mlops.pin import md5_of

CACHE = Path(".dvc/cache")
_CHUNK = 1 << 20


def fetch(name: str, dataset: Dataset, target: Path, link: bool) -> str:
    """Put the data that a dataset is pinned to at ``target``."""
    md5 = md5_of(name, dataset)
    source = _Source(name, store_of(dataset), (dataset.prefix or "").strip("/"), link)
    with draft(target) as new:
        if not md5.endswith(".dir"):
            source.put(md5, new)
        else:
            new.mkdir()
            listing = new.with_name("listing")
            source.put(md5, listing)
            for member, relative in _members(read_json(listing), md5):
                file = new / relative
                file.parent.mkdir(parents=True, exist_ok=True)
                source.put(member, file)
    return f"md5:{md5}"


def _members(listing: Any, md5: str) -> list[tuple[str, str]]:
    if not isinstance(listing, list):
        raise Stop(f"object {md5} is no list of files")
    members = []
    for entry in listing:
        relative = entry.get("relpath") if isinstance(entry, dict) else None
        if not isinstance(relative, str) or not re.fullmatch("[0-9a-f]{32}", str(entry.get("md5"))):
            raise Stop(f"object {md5}: one of its files has no path or no MD5")
        members.append((entry["md5"], str(inside(relative, ""))))
    return members


@dataclass(frozen=True)
class _Source:
    """Where objects come from: what DVC keeps here, then the remote."""

    name: str
    remote: Store
    prefix: str
    link: bool

    def put(self, md5: str, file: Path) -> None:
        key = f"files/md5/{md5[:2]}/{md5[2:]}"
        kept = CACHE / key
        if not (kept.is_file() and _same(kept, md5)):
            kept = self.remote.root / self.prefix / key if isinstance(self.remote, Folder) else Path()
        if kept.is_file() and self.link:
            file.symlink_to(kept.resolve())
        elif kept.is_file():
            Folder(kept.parent).read(Item(kept.name), file)
        else:
            self._download(key, file)
        if not _same(file, md5):
            raise Stop(f"dataset {self.name}: {key} in {self.remote.shown} holds other bytes than its name says")

    def _download(self, key: str, file: Path) -> None:
        try:
            self.remote.read(Item(f"{self.prefix}/{key}" if self.prefix else key), file)
        except Absent:
            raise Stop(
                f"dataset {self.name}: {self.remote.shown} lacks {key}, which its pin names: "
                "run dvc push where the data was added"
            ) from None


def _same(file: Path, md5: str) -> bool:
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as stream:
        while part := stream.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest() == md5.partition(".")[0]
