"""Deletes files of a bucket that are older than its rules allow: ``python -m mlops.expire``.

A bucket of cloud "local" is a folder, and a folder has nobody who runs the lifecycle rules of a bucket. It keeps no
older versions of a file either, so a rule for those finds nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.errors import Misuse, Stop, program, say

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Rule:
    """One lifecycle rule: files below a folder whose path starts with prefix, and for how many days they stay."""

    folder: Path
    prefix: str
    days: int
    noncurrent: int


def read_rules(text: str) -> list[Rule]:
    """Read the rules; a bucket must not lose files by a rule that means something else."""
    try:
        return [_rule(each) for each in json.loads(text)]
    except (ValueError, TypeError, KeyError) as fault:
        raise Misuse(f"--rules is not a list of rules: {fault!r}") from None


def _rule(given: Any) -> Rule:
    rule = Rule(
        Path(str(given["folder"])),
        str(given["prefix"]),
        int(given["expire_after_days"]),
        int(given["noncurrent_expire_after_days"]),
    )
    if rule.days < 0 or rule.noncurrent < 0:
        raise ValueError("days must not be negative")
    return rule


def _files(folder: Path) -> Iterator[Path]:
    """Walk a folder without following links, in a fixed order."""
    for here, below, names in os.walk(folder, onerror=_unreadable):
        below.sort()
        yield from (Path(here) / name for name in sorted(names))


def _unreadable(fault: OSError) -> None:
    if not isinstance(fault, FileNotFoundError):
        raise fault


def expired(rule: Rule, now: float) -> Iterator[Path]:
    """Find the files that a rule lets go: the prefix is that of the path, as in an object store."""
    if rule.days == 0:
        return
    for path in _files(rule.folder):
        if not path.relative_to(rule.folder).as_posix().startswith(rule.prefix):
            continue
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # somebody else was faster
        if not stat.S_ISDIR(status.st_mode) and status.st_mtime < now - rule.days * _DAY:
            yield path


def remove(path: Path, folder: Path) -> None:
    """Delete a file and the folders that it leaves empty."""
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder:
            break
        try:
            parent.rmdir()
        except OSError:
            break  # something is left in it


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Apply all rules; what cannot be deleted is told at the end and stops nothing else."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.expire", description="Delete files of a bucket that are older than its rules allow."
    )
    parser.add_argument("--rules", required=True, help="a JSON list of the lifecycle rules of all buckets")
    parser.add_argument("--dry-run", action="store_true", help="say what would be deleted, and delete nothing")
    args = parser.parse_args(argv)
    rules = read_rules(args.rules)
    now = time.time()
    faults: list[str] = []
    for rule in rules:
        below = f"{rule.folder}/{rule.prefix}"
        if not rule.folder.is_dir():
            raise Stop(f"{rule.folder}: the bucket's folder is not there")
        if rule.noncurrent:
            say(f"{below}: a folder keeps no older versions, so none is {rule.noncurrent} days old")
        count = 0
        for path in expired(rule, now):
            try:
                if not args.dry_run:
                    remove(path, rule.folder)
                count += 1
            except OSError as fault:
                faults.append(f"{path}: {fault.strerror}")
        if rule.days:
            say(f"{below}: {count} files older than {rule.days} days {'would go' if args.dry_run else 'deleted'}")
    if faults:
        raise Stop(faults)


if __name__ == "__main__":
    sys.exit(main())
