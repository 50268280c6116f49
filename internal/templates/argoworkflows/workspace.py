"""Make the folders of a run, fetch its datasets, and write down which version of each it reads."""

import argparse
import os
import sys
from pathlib import Path

from mlops.config import load_pipeline
from mlops.data import fetch, judge
from mlops.errors import Rejected, Stop, program
from mlops.files import version_of

parser = argparse.ArgumentParser(prog="workspace")
parser.add_argument("--run", type=Path, required=True)
parser.add_argument("--pipeline", type=Path)
parser.add_argument("--folder", action="append", default=[])
parser.add_argument("--dataset", action="append", default=[], metavar="NAME=PATH")
parser.add_argument("--fetch", action="append", default=[], metavar="NAME=PATH")
parser.add_argument("--versions", type=Path, default=Path("/tmp"))
args = parser.parse_args()


@program
def main(argv=None):
    try:
        for folder in args.folder:
            (args.run / folder).mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise Stop(f"{fault}: user {os.getuid()} must be able to write to the bucket's volume") from None
    known = {}
    for name, path in places(args.dataset).items():
        if not path.exists():
            raise Stop(f"dataset {name}: {path} is not there: copy it into the bucket first")
        known[name] = version_of(path)
    fetched = places(args.fetch)
    pipeline = load_pipeline(args.pipeline) if fetched else None
    for name, path in fetched.items():
        known[name] = fetch(name, pipeline.datasets[name], path, True, None)
    for name, version in known.items():
        (args.versions / name).write_text(version, encoding="utf-8")
        print(f"dataset {name}: {version}", flush=True)
    sentences = judge(pipeline, fetched) if fetched else []
    if sentences:
        raise Rejected(sentences)


def places(pairs):
    return {name: Path(path) for name, _, path in (pair.partition("=") for pair in pairs)}


sys.exit(main())
