"""Checks data before anything is trained on it: ``python -m mlops.data``. Exit code 3 when it is not as declared.

Columns are declared on the dataset. They are checked where the dataset is a CSV file, or a folder of them, that
is here.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from mlops.config import Column, Dataset, load_pipeline
from mlops.errors import Rejected, program, say
from mlops.lineage import data_path

_NULL = {"", "na", "nan", "null", "none"}
_TRUTH = {"true", "false", "0", "1"}
_INTEGER = re.compile(r"[+-]?[0-9]+")


def fault(column: Column, text: str) -> str | None:
    """Say what is wrong with one cell; None when nothing is."""
    if text.strip().lower() in _NULL and text not in column.values:
        return None if column.nullable else "is empty"
    if column.type == "boolean" and text.lower() not in _TRUTH:
        return f"is {text!r}, must be true or false"
    if column.type == "integer" and not _INTEGER.fullmatch(text):
        return f"is {text!r}, must be an integer"
    if column.type not in ("number", "integer"):
        return None if not column.values or text in column.values else _outside(text, column)
    number = _finite(text)
    if number is None:
        return f"is {text!r}, must be a number"
    if column.low is not None and number < column.low:
        return f"is {text}, must be >= {column.low}"
    if column.high is not None and number > column.high:
        return f"is {text}, must be <= {column.high}"
    if column.values and number not in [_finite(value) for value in column.values]:
        return _outside(text, column)
    return None


def check(path: Path, columns: Mapping[str, Column]) -> tuple[int, list[str]]:
    """Read one CSV file; give the number of rows and one sentence for each column that is not as declared."""
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    rows = 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            wrong = _header(header, columns)
            if wrong:
                return 0, wrong
            at = {name: header.index(name) for name in columns}
            for row in reader:
                if not row:
                    continue
                rows += 1
                if len(row) != len(header):
                    return rows, [f"line {reader.line_num} has {len(row)} cells, the header has {len(header)}"]
                for name, column in columns.items():
                    said = fault(column, row[at[name]])
                    if said:
                        count[name] = count.get(name, 0) + 1
                        first.setdefault(name, f"{name} {said} (line {reader.line_num})")
    except FileNotFoundError:
        return 0, ["there is no such file"]
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        return rows, [f"cannot be read as CSV: {cause}"]
    if rows == 0:
        return 0, ["has no rows"]
    return rows, [first[name] + (f" and {count[name] - 1} more" if count[name] > 1 else "") for name in sorted(first)]


def _header(header: Sequence[str], columns: Mapping[str, Column]) -> list[str]:
    if not header:
        return ["is empty"]
    twice = sorted({name for name in header if header.count(name) > 1})
    missing = [name for name in columns if name not in header]
    return [f"column {name} is there twice" for name in twice] + [f"column {name} is missing" for name in missing]


def _finite(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _outside(text: str, column: Column) -> str:
    return f"is {text!r}, must be one of {', '.join(column.values)}"


def _files(dataset: Dataset) -> Iterator[Path]:
    path = data_path(dataset)
    if path is None:
        return
    if path.is_dir():
        yield from sorted(path.rglob("*.csv"))
    elif path.exists() or dataset.kind == "local":
        yield path


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Check the datasets of a pipeline."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.data", description="Check data against its declared columns."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    args = parser.parse_args(argv)
    pipeline = load_pipeline(args.pipeline)
    declared = {name: dataset for name, dataset in pipeline.datasets.items() if dataset.columns}
    if not declared:
        say(f"passed: the datasets of pipeline {pipeline.name} declare no columns: nothing to check")
    sentences = []
    for name, dataset in declared.items():
        files = list(_files(dataset))
        if not files:
            say(f"note: {name} was not checked: no CSV file of it is here")
        for path in files:
            rows, wrong = check(path, dataset.columns)
            sentences += [f"{name}: {path}: {sentence}" for sentence in wrong]
            if not wrong:
                say(f"passed: {name}: {path} has {rows} rows, all as declared")
    if sentences:
        raise Rejected(sentences)


if __name__ == "__main__":
    sys.exit(main())
