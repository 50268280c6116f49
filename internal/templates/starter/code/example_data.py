"""Writes an example to train on where no data is yet: scikit-learn's ``breast_cancer``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sklearn.datasets import load_breast_cancer

from ._table import LABEL, parser, step


@step
def main(argv: Sequence[str] | None = None) -> None:
    """Write the example to a path where no file is; otherwise do nothing."""
    args = parser("example_data", "Write an example data set where no file is yet.")
    args.add_argument("path", type=Path, help="a CSV file")
    path = args.parse_args(argv).path
    if path.exists():
        print(f"{path} is there: nothing to do")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    table = load_breast_cancer(as_frame=True).frame.rename(columns={"target": LABEL})
    table.columns = [name.replace(" ", "_") for name in table.columns]
    table.to_csv(path, index=False, lineterminator="\n")
    print(f"wrote {path}: the example breast_cancer, {len(table)} rows")


if __name__ == "__main__":
    sys.exit(main())
