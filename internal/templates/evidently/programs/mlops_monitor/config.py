"""The managed file config.json of one endpoint in one environment, read strictly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 1


class Stop(Exception):
    """Ends a program with a sentence instead of a traceback."""


@dataclass(frozen=True)
class Drift:
    """How served data is compared with a reference."""

    reference: Path
    method: str
    threshold: float


@dataclass(frozen=True)
class Performance:
    """Which metric is computed, with which labels."""

    metric: str
    labels: Path


@dataclass(frozen=True)
class Config:
    """What the monitor of one endpoint in one environment does."""

    endpoint: str
    environment: str
    folder: Path
    window_hours: float
    retention_days: int
    columns: dict[str, str]
    drift: Drift | None
    performance: Performance | None

    @property
    def result(self) -> Path:
        """Where the last result lies."""
        return self.folder / "result.json"


def load(path: Path) -> Config:
    """Read the file; a key that is missing or not known is a mistake."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise Stop(f"{path}: {fault}") from None
    try:
        return _config(raw)
    except (KeyError, TypeError, ValueError) as fault:
        raise Stop(f"{path}: not the config of a monitor: {fault!r}") from None


def _config(raw: dict[str, Any]) -> Config:
    known = {"version", "endpoint", "environment", "folder", "window_hours", "retention_days", "columns"}
    if raw["version"] != VERSION:
        raise ValueError(f"version {raw['version']}, and this program reads {VERSION}")
    if extra := set(raw) - known - {"drift", "performance"}:
        raise ValueError(f"unknown keys {sorted(extra)}")
    drift, performance = raw.get("drift"), raw.get("performance")
    return Config(
        endpoint=raw["endpoint"],
        environment=raw["environment"],
        folder=Path(raw["folder"]),
        window_hours=float(raw["window_hours"]),
        retention_days=int(raw["retention_days"]),
        columns=dict(raw["columns"]),
        drift=drift and Drift(Path(drift["reference"]), drift["method"], float(drift["threshold"])),
        performance=performance and Performance(performance["metric"], Path(performance["labels"])),
    )
