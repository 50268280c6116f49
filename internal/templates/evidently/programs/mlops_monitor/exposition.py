"""The metrics of a monitor in Prometheus' text format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Sample = tuple[dict[str, str], float]


def family(name: str, kind: str, text: str, samples: list[Sample]) -> str:
    """Write one metric; without samples it is left out, which is how a gap looks like a gap."""
    if not samples:
        return ""
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(label)}"' for key, label in sorted(labels.items()))
        lines.append(f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def read_result(path: Path) -> dict[str, Any]:
    """Read the last result; there is none before the first run."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return result if isinstance(result, dict) and result.get("version") == 1 else {}


def of_result(result: dict[str, Any], started: float) -> str:
    """Write what the last run found. Before the first run, its time is that of the collector's start."""
    drift, performance = result.get("drift") or {}, result.get("performance") or {}

    def by_column(values: dict[str, float]) -> list[Sample]:
        return [({"column": name}, float(value)) for name, value in sorted(values.items())]

    def single(value: float | None, **labels: str) -> list[Sample]:
        return [] if value is None else [(labels, float(value))]

    return "".join(
        [
            family(
                "mlops_monitor_last_run_timestamp_seconds",
                "gauge",
                "Unix time of the last run of the comparison.",
                single(result.get("time", started)),
            ),
            family("mlops_monitor_rows", "gauge", "Rows that the last run read.", single(result.get("rows"))),
            family(
                "mlops_drift_share",
                "gauge",
                "Share of the compared columns that drifted.",
                single(drift.get("share")),
            ),
            family(
                "mlops_column_drift_score",
                "gauge",
                "Drift of a column: a distance, or a p-value for ks and chisquare.",
                by_column(drift.get("columns") or {}),
            ),
            family(
                "mlops_column_null_ratio",
                "gauge",
                "Share of the served values of a column that are missing.",
                by_column(result.get("null_ratio") or {}),
            ),
            family(
                "mlops_performance",
                "gauge",
                "Performance with the labels that have arrived.",
                single(performance.get("value"), metric=str(performance.get("metric"))),
            ),
        ]
    )
