"""Make the folders of a run; then, with the arguments after --, do what mlops.data does and hand each version over."""

import argparse
import json
import os
import sys
from pathlib import Path

from mlops.errors import Stop, program

parser = argparse.ArgumentParser(prog="workspace")
parser.add_argument("--run", type=Path, required=True)
parser.add_argument("--folder", action="append", default=[])
parser.add_argument("--versions", type=Path, help="what mlops.data writes")
parser.add_argument("--split", type=Path, default=Path("/tmp"), help="a file for each version goes there")
end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
args, fetching = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1 :]


@program
def main(argv=None):
    try:
        for folder in args.folder:
            (args.run / folder).mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise Stop(f"{fault}: user {os.getuid()} must be able to write to the bucket's volume") from None


code = main()
if code == 0 and fetching:
    from mlops import data

    code = data.main(fetching)
    if code == 0:
        for name, version in json.loads(args.versions.read_text(encoding="utf-8")).items():
            (args.split / name).write_text(version, encoding="utf-8")
sys.exit(code)
