"""A skeleton: it copies its inputs to its outputs, so that the pipeline runs. Put the step's own code here.

It knows its command line only. Of the options ``--name value``, a value that is a file or folder is an input; any
other value with a ``/`` in it is an output; the rest are settings. Where the step writes metrics
(``--metrics``, or a value that ends in ``metrics.json``), it writes an empty object: no gate passes on that.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def options(arguments: Sequence[str]) -> dict[str, str]:
    """Read ``--name value`` and ``--name=value``; an option without a value is left out."""
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not name.startswith("--"):
            continue
        if equals:
            found[name] = value
        elif rest and not rest[0].startswith("--"):
            found[name] = rest.pop(0)
    return found


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def main(argv: Sequence[str] | None = None) -> int:
    """Copy inputs to outputs and say so."""
    step = Path(__file__).stem
    given = options(sys.argv[1:] if argv is None else argv)
    metrics = [name for name, value in given.items() if name == "--metrics" or value.endswith("metrics.json")]
    written = [name for name in given if name in metrics and not Path(given[name]).exists()]
    inputs = [Path(value) for name, value in given.items() if name not in written and Path(value).exists()]
    outputs = [
        Path(value)
        for name, value in given.items()
        if name not in written and "/" in value and not Path(value).exists()
    ]
    for name in written:
        Path(given[name]).parent.mkdir(parents=True, exist_ok=True)
        Path(given[name]).write_text("{}\n", encoding="utf-8")
    for output in outputs:
        if not inputs:
            output.mkdir(parents=True)
        for source in inputs:
            copy(source, output if len(inputs) == 1 else output / source.name)
    print(f"{step} is a skeleton: copied {len(inputs)} inputs to {len(outputs)} outputs, wrote {len(written)} metrics")
    return 0


if __name__ == "__main__":
    sys.exit(main())
