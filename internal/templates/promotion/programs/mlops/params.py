"""Chooses values of parameters for a run on this machine: ``python -m mlops.params``.

It writes them into ``pipelines/<pipeline>/params.yaml``, which ``dvc repro`` reads. Values stay texts, so that a
step gets the very digits that were given.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlops.config import Parameter, load_pipeline
from mlops.errors import Misuse, program, say
from mlops.files import read_yaml, write_text

_FORMS = {
    "number": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?"),
    "integer": re.compile(r"-?(0|[1-9][0-9]*)"),
    "boolean": re.compile(r"true|false"),
}


def fits(parameter: Parameter, text: str) -> bool:
    """Tell whether a text is a value of a parameter's type. Every text is one of type string."""
    form = _FORMS.get(parameter.type)
    return form is None or form.fullmatch(text) is not None


def check(name: str, parameter: Parameter, text: str) -> None:
    """Refuse a value of another type, and text that DVC cannot write into a command line."""
    if not fits(parameter, text):
        raise Misuse(f"--param {name}: {text!r} is not of type {parameter.type}")
    if "'" in text or "\\${" in text or "\n" in text:
        raise Misuse(
            f"--param {name}: {text!r} holds ', \\${{ or a line feed, which DVC cannot write into a command line"
        )


def merge(parameters: Mapping[str, Parameter], given: Mapping[str, str], before: Mapping[str, str]) -> str | None:
    """Give the text of params.yaml with new values; None when nothing changes."""
    for name, text in given.items():
        if name not in parameters:
            there = ", ".join(sorted(parameters)) or "none"
            raise Misuse(f"--param {name}: there is no such parameter; there are {there}")
        check(name, parameters[name], text)
    after = {**before, **given}
    if after == before:
        return None
    # A text of JSON in ASCII would write what is beyond 16 bits in two halves, which YAML does not join.
    return "".join(f"{json.dumps(n)}: {json.dumps(after[n], ensure_ascii=False)}\n" for n in sorted(after))


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Write the values."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.params", description="Choose values of parameters for a local run."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    parser.add_argument("--file", type=Path, required=True, help="pipelines/<pipeline>/params.yaml")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="once for each parameter")
    args = parser.parse_args(argv)
    given = {}
    for text in args.param:
        name, equals, value = text.partition("=")
        if not equals:
            raise Misuse(f"--param {text!r}: must be NAME=VALUE")
        given[name] = value
    pipeline = load_pipeline(args.pipeline)
    found = next(iter(read_yaml(args.file)), None) or {}
    text = merge(pipeline.parameters, given, found)
    if text is not None:
        write_text(args.file, text)
    say(f"{'unchanged:' if text is None else 'wrote'} {args.file}")


if __name__ == "__main__":
    sys.exit(main())
