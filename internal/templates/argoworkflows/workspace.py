"""Make the folders of a run, and write down which version of each dataset it reads."""

import argparse
import os
import sys
from pathlib import Path

from mlops.files import entries, sha256_file, tree_digest

parser = argparse.ArgumentParser(prog="workspace")
parser.add_argument("--run", type=Path, required=True)
parser.add_argument("--folder", action="append", default=[])
parser.add_argument("--dataset", action="append", default=[], metavar="NAME=PATH")
parser.add_argument("--versions", type=Path, default=Path("/tmp"))
args = parser.parse_args()

try:
    for folder in args.folder:
        (args.run / folder).mkdir(parents=True, exist_ok=True)
except OSError as fault:
    sys.exit(f"error: {fault}: user {os.getuid()} must be able to write to the bucket's volume")
for pair in args.dataset:
    name, _, text = pair.partition("=")
    path = Path(text)
    if path.is_dir():
        version = tree_digest(entries(path))
    elif path.is_file():
        version = "sha256:" + sha256_file(path)
    else:
        sys.exit(f"error: dataset {name}: {path} is not there: copy it into the bucket first")
    (args.versions / name).write_text(version, encoding="utf-8")
    print(f"dataset {name}: {version}", flush=True)
