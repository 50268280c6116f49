"""What the steps share: reading a table of numbers with a label, splitting it, and complaining in sentences."""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.model_selection import train_test_split

LABEL = "label"
MODEL_FILE = "model.skops"
SEED = 42


class Unusable(Exception):
    """The data or the model cannot be used; the text says why."""


def step(body: Callable[[Sequence[str] | None], None]) -> Callable[..., int]:
    """Turn a step's complaint into one sentence and exit code 1."""

    @functools.wraps(body)
    def main(argv: Sequence[str] | None = None) -> int:
        try:
            body(argv)
        except (Unusable, OSError) as fault:
            print(f"error: {fault}", file=sys.stderr)
            return 1
        return 0

    return main


def parser(module: str, description: str) -> argparse.ArgumentParser:
    """Make a parser that takes no abbreviations: a misspelt option is an error."""
    return argparse.ArgumentParser(prog=module, description=description, allow_abbrev=False)


def read(path: Path) -> pd.DataFrame:
    """Read a CSV file, or all CSV files of a folder, as numbers with an integer column ``label``."""
    files = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise Unusable(f"{path}: there is no CSV file in it")
    parts = [_text(file) for file in files]
    for file, part in zip(files, parts, strict=True):
        if list(part.columns) != list(parts[0].columns):
            raise Unusable(f"{file}: has other columns than {files[0]}")
    return _numbers(pd.concat(parts, ignore_index=True), path)


def split(table: pd.DataFrame, seed: int = SEED) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.Series]:
    """Hold out a quarter with as many of each label as in the whole. Equal input gives an equal split."""
    features, label = table.drop(columns=[LABEL]), table[LABEL]
    counts = label.value_counts()
    if len(counts) != 2 or counts.min() < 4:
        shown = ", ".join(f"{value}: {count}" for value, count in sorted(counts.items()))
        raise Unusable(f"column {LABEL} must hold two values, each in at least 4 rows; it has {shown}")
    train, test, train_label, test_label = train_test_split(
        features, label, test_size=0.25, random_state=seed, stratify=label
    )
    return train, test, train_label, test_label


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, sorted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_model(folder: Path) -> Any:
    """Load what ``train`` saved. Only types that a gradient boosting needs are trusted."""
    import skops.io

    path = folder / MODEL_FILE if folder.is_dir() else folder
    if not path.is_file():
        raise Unusable(f"{folder}: there is no {MODEL_FILE} in it: give the folder that train wrote")
    return skops.io.load(path, trusted=["sklearn.tree._tree.Tree"])


def _text(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, dtype=str, keep_default_na=False, index_col=False)
    except FileNotFoundError:
        raise Unusable(f"{file}: there is no such file; make setup writes an example") from None
    except (ValueError, UnicodeError) as fault:
        raise Unusable(f"{file}: not a CSV file: {fault}") from None


def _numbers(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    if LABEL not in table.columns:
        raise Unusable(f"{path}: has no column {LABEL}; its columns are {', '.join(map(str, table.columns))}")
    if table.empty or len(table.columns) < 2:
        raise Unusable(f"{path}: needs at least one row and one column besides {LABEL}")
    numbers = {}
    for name in table.columns:
        column = pd.to_numeric(table[name], errors="coerce")
        bad = column.isna() | column.isin([float("inf"), float("-inf")])
        if bad.any():
            row = int(bad.to_numpy().argmax())
            raise Unusable(f"{path}: column {name} is {table[name].iloc[row]!r} in row {row + 1}, must be a number")
        numbers[name] = column
    label = numbers[LABEL]
    if (label != label.round()).any():
        raise Unusable(f"{path}: column {LABEL} must hold integers")
    features = {str(name): column.astype("float64") for name, column in numbers.items() if name != LABEL}
    return pd.DataFrame({**features, LABEL: label.astype("int64")})
