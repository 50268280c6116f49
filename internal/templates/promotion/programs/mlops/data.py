"""Fetches data and checks it before anything is trained on it: ``python -m mlops.data``.

With ``--out`` or ``--output`` each dataset is put there, and ``--versions`` says which version it has. Without, what is
here is checked: datasets of kind local. Columns are declared on the dataset, and checked in CSV files; exit code 3 when
they are not as declared.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from mlops.config import Column, Dataset, Pipeline, load_pipeline
from mlops.errors import Misuse, Rejected, Stop, program, say
from mlops.files import place, version_of, write_json
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


def fetch(name: str, dataset: Dataset, target: Path, link: bool, branch: str | None) -> str:
    """Put a dataset at ``target``; give its version."""
    if dataset.kind == "local":
        source = data_path(dataset)
        if source is None or not source.exists():
            raise Stop(f"dataset {name}: {source} is not there: put the data there first")
        place(source, target, link)
        return version_of(source)
    # Only the modules of a project's own kinds are there.
    module = importlib.import_module(f"mlops.fetch_{dataset.kind}")
    version = module.fetch(name, dataset, target, branch if dataset.kind == "lakefs" else link)
    return str(version)


def _files(dataset: Dataset, path: Path) -> list[Path]:
    """List the CSV files of a dataset that is at ``path``."""
    if path.is_dir():
        return sorted(path.rglob("*.csv"))
    return [path]


def judge(pipeline: Pipeline, places: Mapping[str, Path]) -> list[str]:
    """Check what is declared of datasets; one sentence for each column that is not so."""
    sentences = []
    for name, path in places.items():
        columns = pipeline.datasets[name].columns
        files = _files(pipeline.datasets[name], path) if columns else []
        if columns and not files:
            sentences.append(f"{name}: {path} has no CSV file, so its columns cannot be checked")
        for file in files:
            rows, wrong = check(file, columns)
            sentences += [f"{name}: {file}: {sentence}" for sentence in wrong]
            if not wrong:
                say(f"passed: {name}: {file} has {rows} rows, all as declared")
    return sentences


def _targets(pipeline: Pipeline, out: Path | None, given: Sequence[str]) -> dict[str, Path]:
    """Say where each dataset goes."""
    targets = {} if out is None else {name: out / name for name in pipeline.datasets}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or not path:
            raise Misuse(f"--output {text!r}: must be NAME=PATH")
        if name not in pipeline.datasets:
            raise Misuse(f"--output {name}: pipeline {pipeline.name} reads no such dataset")
        targets[name] = Path(path)
    return targets


def _here(pipeline: Pipeline) -> dict[str, Path]:
    """List what is here without fetching."""
    places = {}
    for name, dataset in pipeline.datasets.items():
        path = data_path(dataset)
        if path is not None:
            places[name] = path
        elif dataset.columns:
            say(f"note: {name} is of kind {dataset.kind}: its columns are checked when it is fetched")
    return places


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Fetch and check the datasets of a pipeline."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.data", description="Fetch data, and check it against its declared columns."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    parser.add_argument("--out", type=Path, help="fetch every dataset to a folder, as <out>/<dataset>")
    parser.add_argument("--output", action="append", default=[], metavar="NAME=PATH", help="fetch one dataset")
    parser.add_argument("--versions", type=Path, help="where to write the versions of what was fetched, as JSON")
    parser.add_argument("--link", action="store_true", help="link to data of the same file system, do not copy it")
    parser.add_argument("--lakefs-branch", action="store_true", help="give the run a branch of its own in lakeFS")
    args = parser.parse_args(argv)
    pipeline = load_pipeline(args.pipeline)
    targets = _targets(pipeline, args.out, args.output)
    if args.versions and not targets:
        raise Misuse("--versions says which data was fetched: it needs --out or --output")
    branch = None
    if args.lakefs_branch:
        branch = importlib.import_module("mlops.lakefs").branch_of(pipeline, os.environ.get("MLOPS_RUN_ID", ""))
    versions = {}
    for name, target in targets.items():
        versions[name] = fetch(name, pipeline.datasets[name], target, args.link, branch)
        say(f"dataset {name}: {versions[name]}")
    if args.versions:
        write_json(args.versions, versions)
    places = targets or _here(pipeline)
    if not any(pipeline.datasets[name].columns for name in places):
        say(f"passed: the datasets of pipeline {pipeline.name} declare no columns: nothing to check")
    sentences = judge(pipeline, places)
    if sentences:
        raise Rejected(sentences)


if __name__ == "__main__":
    sys.exit(main())
