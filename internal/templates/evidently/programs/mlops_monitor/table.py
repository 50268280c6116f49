"""Tables as lists of rows: reading CSV, kinds of columns, missing values."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlops_monitor.config import Stop
from mlops_monitor.payload import ID, LABEL, Row

NUMERIC = "numeric"
CATEGORICAL = "categorical"


def read_csv(path: Path) -> list[Row]:
    """Read a CSV file with a header; an empty field is a missing value."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return [{name: value or None for name, value in row.items() if name} for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise Stop(f"{path}: {fault}") from None


def features(rows: list[Row], declared: dict[str, str]) -> dict[str, str]:
    """Give the columns that are served, with their kinds: those of the reference, or the declared ones."""
    names = list(rows[0]) if rows else list(declared)
    return {
        name: declared.get(name) or _kind(row.get(name) for row in rows) for name in names if name not in (ID, LABEL)
    }


def _kind(values: Iterable[Any]) -> str:
    present = [value for value in values if value is not None]
    return NUMERIC if present and all(number(value) is not None for value in present) else CATEGORICAL


def number(value: Any) -> float | None:
    """Give a value as a finite number, or None."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def clean(rows: list[Row], columns: dict[str, str]) -> dict[str, list[float | str | None]]:
    """Give the columns as values of their kind. What is no number in a numeric column is missing."""
    return {name: [_value(row.get(name), kind) for row in rows] for name, kind in columns.items()}


def _value(value: Any, kind: str) -> float | str | None:
    if kind == NUMERIC:
        return number(value)
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    # A reference from CSV has texts only: 1, 1.0 and "1" are one category, and so are true and "true".
    as_number = None if isinstance(value, bool) else number(value)
    return str(value).lower() if isinstance(value, bool) else str(value) if as_number is None else f"{as_number:g}"


def null_ratios(table: dict[str, list[float | str | None]]) -> dict[str, float]:
    """Give the share of missing values of each column."""
    return {name: sum(value is None for value in values) / len(values) for name, values in table.items() if values}
