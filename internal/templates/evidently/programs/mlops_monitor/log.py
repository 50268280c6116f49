"""The log of an endpoint: one JSON object on each line, one file for each day.

A mounted bucket of S3 takes whole files only: there a day has one file for each event.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops_monitor.payload import ID, Row, Unreadable, predictions_of, rows_of


def day(folder: Path, when: datetime) -> Path:
    """Name the file of a day."""
    return folder / f"{when:%Y-%m-%d}.jsonl"


def days(folder: Path) -> list[tuple[Path, datetime]]:
    """List the files with their days, the oldest first."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            found.append((path, datetime.strptime(path.name[:10], "%Y-%m-%d").replace(tzinfo=UTC)))
        except ValueError:
            continue  # not ours
    return found


def append(path: Path, line: bytes) -> None:
    """Add a line to the file of a day, or a file beside it where files cannot grow."""
    try:
        with path.open("ab") as stream:
            stream.write(line)
    except OSError as fault:
        if fault.errno not in _WHOLE_ONLY or not line:
            raise
        path.with_name(f"{path.stem}.{time.time_ns()}-{os.getpid()}.jsonl").write_bytes(line)


# What a file system says that keeps objects, when one that exists is opened to be written.
_WHOLE_ONLY = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


def forget(folder: Path, before: datetime) -> None:
    """Remove the files of days that ended before a time."""
    for path, start in days(folder):
        if start + timedelta(days=1) <= before:
            with suppress(PermissionError):  # nobody may delete in a bucket: its own rules do
                path.unlink(missing_ok=True)


def write_atomic(path: Path, value: Any) -> None:
    """Write a JSON file in one step, so that no reader sees half of it."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as fault:
        if fault.errno not in _WHOLE_ONLY:
            raise
        path.write_text(text, encoding="utf-8")  # an object of a bucket appears whole by itself


@dataclass
class Window:
    """What was served since a time."""

    rows: list[Row] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)  # by the id of a row
    unreadable: int = 0


def read(folder: Path, since: datetime, names: list[str]) -> Window:
    """Read the log since a time. What cannot be read is counted, not hidden."""
    window = Window()
    asked: dict[str, list[str]] = {}
    answered: dict[str, list[Any]] = {}
    for record in _records(folder, since, window):
        event = str(record.get("id"))
        try:
            if record.get("type") == "request":
                rows = rows_of(record.get("payload"), names)
                asked[event] = row_ids(event, record["payload"], rows)
                window.rows.extend(rows)
            else:
                answered[event] = predictions_of(record.get("payload"))
        except Unreadable:
            window.unreadable += 1
    for event, values in answered.items():
        if len(values) == len(ids := asked.get(event, [])):
            window.answers.update(zip(ids, values, strict=True))
    return window


def row_ids(event: str, payload: Any, rows: list[Row]) -> list[str]:
    """Name each row: its column ``id``, or the id of its request, numbered when that has several rows."""
    request = str(payload.get("id") or event)
    numbered = [request] if len(rows) == 1 else [f"{request}/{i}" for i in range(len(rows))]
    return [str(row.pop(ID)) if row.get(ID) is not None else name for row, name in zip(rows, numbered, strict=True)]


def _records(folder: Path, since: datetime, window: Window) -> Iterator[dict[str, Any]]:
    for path, start in days(folder):
        if start + timedelta(days=1) <= since:
            continue
        with path.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                try:
                    record = json.loads(line)
                    recent = datetime.fromisoformat(record["time"]) >= since
                except (ValueError, KeyError, TypeError):
                    window.unreadable += 1
                    continue
                if recent:
                    yield record
