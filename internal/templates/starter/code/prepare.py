"""Checks the data and writes it as features: numeric columns and an integer column ``label``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ._table import parser, read, split, step


@step
def main(argv: Sequence[str] | None = None) -> None:
    """Read, check and write."""
    args = parser("prepare", "Check the data and write it as features.")
    args.add_argument("--data", type=Path, required=True, help="a CSV file, or a folder of them")
    args.add_argument("--out", type=Path, required=True, help="a .csv file, or a folder for features.csv")
    given = args.parse_args(argv)
    table = read(given.data)
    split(table)  # refuses what could not be split into training and test rows
    out = given.out if given.out.suffix == ".csv" else given.out / "features.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(out, index=False, lineterminator="\n")
    print(f"wrote {out}: {len(table)} rows, {len(table.columns) - 1} features")


if __name__ == "__main__":
    sys.exit(main())
