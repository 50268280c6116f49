"""Brings the schedule of a pipeline into Azure ML.

``python -m mlops.deploy_azureml_pipelines --pipeline pipelines/P/pipeline.json`` may be repeated. See
mlops.start_azureml_pipelines for the workspace and credentials.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.errors import program
from mlops.start_azureml_pipelines import connect, deploy


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Deploy."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.deploy_azureml_pipelines", description="Bring the schedule of a pipeline into Azure ML."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    args = parser.parse_args(argv)
    deploy(connect(), args.pipeline.parent)


if __name__ == "__main__":
    sys.exit(main())
