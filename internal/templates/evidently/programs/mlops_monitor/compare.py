"""Compares what an endpoint served with its reference: ``python -m mlops_monitor.compare``.

Writes result.json, which the collector exposes as metrics. Drift is no failure of this program: it
ends with 1 only when it cannot compare. With too few rows it says so and reports no numbers.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops_monitor.config import Config, Performance, Stop, load
from mlops_monitor.drift import compare
from mlops_monitor.log import Window, read, write_atomic
from mlops_monitor.payload import ID, LABEL, Row
from mlops_monitor.performance import METRICS
from mlops_monitor.table import clean, features, null_ratios, read_csv

# Below these, shares and scores say more about chance than about data.
MIN_ROWS = 100
MIN_LABELS = 30


def examine(config: Config, now: datetime) -> dict[str, Any]:
    """Give the result of one run."""
    reference = read_csv(config.drift.reference) if config.drift else []
    if config.drift and len(reference) < MIN_ROWS:
        raise Stop(
            f"{config.drift.reference}: {len(reference)} rows are too few for a reference, {MIN_ROWS} are needed"
        )
    columns = features(reference, config.columns)
    window = read(config.folder, now - timedelta(hours=config.window_hours), list(columns))
    result: dict[str, Any] = {
        "version": 1,
        "time": now.timestamp(),
        "window_hours": config.window_hours,
        "rows": len(window.rows),
        "reference_rows": len(reference),
        "unreadable": window.unreadable,
        "status": "compared" if len(window.rows) >= MIN_ROWS else "too few rows",
    }
    if result["status"] == "compared":
        _data(config, result, window.rows, reference, columns)
    if config.performance:
        _performance(config.performance, result, window)
    return result


def _data(
    config: Config, result: dict[str, Any], rows: list[Row], reference: list[Row], columns: dict[str, str]
) -> None:
    if not columns:
        columns = features(rows, {})
    current = clean(rows, columns)
    result["null_ratio"] = null_ratios(current)
    if config.drift:
        outcome = compare(current, clean(reference, columns), columns, config.drift.method, config.drift.threshold)
        result["drift"] = {
            "method": config.drift.method,
            "threshold": config.drift.threshold,
            "share": outcome.share,
            "columns": outcome.scores,
            "skipped": outcome.skipped,
        }


def _performance(wanted: Performance, result: dict[str, Any], window: Window) -> None:
    rows = read_csv(wanted.labels)
    if rows and not {ID, LABEL} <= set(rows[0]):
        raise Stop(f"{wanted.labels}: labels need the columns {ID} and {LABEL}, and there are: {', '.join(rows[0])}")
    labels = {str(row[ID]): row[LABEL] for row in rows if row.get(LABEL) is not None}
    pairs = [(answer, labels[name]) for name, answer in window.answers.items() if name in labels]
    value = METRICS[wanted.metric](pairs) if len(pairs) >= MIN_LABELS else math.nan
    result["performance"] = {
        "metric": wanted.metric,
        "labelled": len(pairs),
        "value": value if math.isfinite(value) else None,
    }


def report(result: dict[str, Any]) -> list[str]:
    """Say in sentences what a run found."""
    said = [f"{result['rows']} rows within {result['window_hours']:g} h, {result['unreadable']} records not readable"]
    if result["status"] != "compared":
        said.append(f"too few rows to compare: {MIN_ROWS} are needed, so no drift and no missing values are reported")
    if drift := result.get("drift"):
        share = "unknown" if drift["share"] is None else f"{drift['share']:.2f}"
        said.append(f"share of drifted columns by {drift['method']} {drift['threshold']:g}: {share}")
        said += [f"column {name}: {score:.6g}" for name, score in sorted(drift["columns"].items())]
        said += [f"column {name} is not compared: {why}" for name, why in sorted(drift["skipped"].items())]
    if performance := result.get("performance"):
        value = performance["value"]
        shown = f"not known from {performance['labelled']} labelled rows" if value is None else f"{value:.6g}"
        said.append(f"{performance['metric']}: {shown}")
    return said


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops_monitor.compare", description="Compare what an endpoint served with its reference."
    )
    parser.add_argument("--config", type=Path, required=True, help="config.json of the endpoint's monitor")
    args = parser.parse_args(argv)
    try:
        config = load(args.config)
        config.folder.mkdir(parents=True, exist_ok=True)
        result = examine(config, datetime.now(UTC))
        write_atomic(config.result, result)
    except (Stop, OSError, ImportError) as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    for sentence in report(result):
        print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main())
