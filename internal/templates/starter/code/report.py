"""Writes a short report of metrics, as Markdown, or as HTML when the file is named so."""

from __future__ import annotations

import html
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._table import Unusable, load_model, parser, step

TITLE = "Training report"


def rows(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the metrics as names and texts, sorted."""
    return [(name, json.dumps(value)) for name, value in sorted(metrics.items())]


def importance(folder: Path, top: int = 10) -> list[tuple[str, str]]:
    """Give the features that matter most to a model."""
    model = load_model(folder)
    ranked = sorted(zip(model.feature_importances_, model.feature_names_in_, strict=True), reverse=True)
    return [(str(name), f"{value:.4f}") for value, name in ranked[:top]]


def markdown(tables: dict[str, list[tuple[str, str]]]) -> str:
    """Write tables as Markdown."""
    lines = [f"# {TITLE}", ""]
    for heading, table in tables.items():
        lines += [f"## {heading}", "", "| name | value |", "| --- | --- |"]
        lines += [f"| {name.replace('|', chr(92) + '|')} | {value} |" for name, value in table]
        lines.append("")
    return "\n".join(lines)


def page(tables: dict[str, list[tuple[str, str]]]) -> str:
    """Write tables as HTML."""
    parts = [f"<!doctype html><meta charset=utf-8><title>{TITLE}</title><h1>{TITLE}</h1>"]
    for heading, table in tables.items():
        cells = "".join(f"<tr><td>{html.escape(name)}<td>{html.escape(value)}" for name, value in table)
        parts.append(f"<h2>{heading}</h2><table>{cells}</table>")
    return "\n".join(parts) + "\n"


@step
def main(argv: Sequence[str] | None = None) -> None:
    """Read what is given and write the report, or print it."""
    args = parser("report", "Write a short report.")
    args.add_argument("--metrics", type=Path, help="a metrics file")
    args.add_argument("--model", type=Path, help="the folder that train wrote")
    args.add_argument("--out", type=Path, help="a .md or .html file, or a folder for report.md; default: print it")
    given = args.parse_args(argv)
    tables = {}
    if given.metrics:
        try:
            tables["Metrics"] = rows(json.loads(given.metrics.read_text(encoding="utf-8")))
        except (ValueError, AttributeError) as fault:
            raise Unusable(f"{given.metrics}: not a JSON object: {fault}") from None
    if given.model:
        tables["Features that matter most"] = importance(given.model)
    if not tables:
        print("nothing to report: give --metrics, --model or both")
    if given.out is None:
        print(markdown(tables))
        return
    out = given.out if given.out.suffix else given.out / "report.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(tables) if out.suffix in (".html", ".htm") else markdown(tables), encoding="utf-8")
    print(f"wrote {out}")


if __name__ == "__main__":
    sys.exit(main())
