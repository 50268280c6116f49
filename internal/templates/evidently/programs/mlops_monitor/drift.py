"""How far columns have drifted from a reference, by Evidently."""

from __future__ import annotations

import importlib
import math
import os
from dataclasses import dataclass
from typing import Any

from mlops_monitor.table import CATEGORICAL, NUMERIC

Table = dict[str, list[float | str | None]]

# The kinds of columns that each of Evidently's tests takes.
METHODS = {
    "psi": (NUMERIC, CATEGORICAL),
    "jensenshannon": (NUMERIC, CATEGORICAL),
    "ks": (NUMERIC,),
    "wasserstein": (NUMERIC,),
    "chisquare": (CATEGORICAL,),
}


@dataclass(frozen=True)
class Outcome:
    """The share of drifted columns, the score of each, and why the others have none."""

    share: float | None
    scores: dict[str, float]
    skipped: dict[str, str]


def compare(current: Table, reference: Table, columns: dict[str, str], method: str, threshold: float) -> Outcome:
    """Compare two tables column by column."""
    skipped = {}
    for name, kind in columns.items():
        if kind not in METHODS[method]:
            skipped[name] = f"{method} does not compare {kind} columns"
        elif all(value is None for value in current[name]):
            skipped[name] = "no value was served"
        elif all(value is None for value in reference[name]):
            skipped[name] = "the reference has no value"
    compared = {name: kind for name, kind in columns.items() if name not in skipped}
    if not compared:
        return Outcome(None, {}, skipped)
    share, scores = _report(current, reference, compared, method, threshold)
    for name in compared:
        if not math.isfinite(scores.get(name, math.nan)):
            scores.pop(name, None)
            skipped[name] = f"{method} has no value"
    return Outcome(share if math.isfinite(share) else None, scores, skipped)


def _report(
    current: Table, reference: Table, columns: dict[str, str], method: str, threshold: float
) -> tuple[float, dict[str, float]]:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    evidently, presets = importlib.import_module("evidently"), importlib.import_module("evidently.presets")
    definition = evidently.DataDefinition(
        numerical_columns=[name for name, kind in columns.items() if kind == NUMERIC],
        categorical_columns=[name for name, kind in columns.items() if kind == CATEGORICAL],
    )

    def dataset(table: Table) -> Any:
        pandas = importlib.import_module("pandas")
        frame = pandas.DataFrame({name: table[name] for name in columns})
        return evidently.Dataset.from_pandas(frame, data_definition=definition)

    preset = presets.DataDriftPreset(columns=list(columns), method=method, threshold=threshold)
    metrics = evidently.Report([preset]).run(dataset(current), dataset(reference)).dict()["metrics"]
    share, scores = math.nan, {}
    for metric in metrics:
        kind = metric["config"]["type"].rpartition(":")[2]
        if kind == "DriftedColumnsCount":
            share = float(metric["value"]["share"])
        elif kind == "ValueDrift":
            scores[metric["config"]["column"]] = float(metric["value"])
    return share, scores
