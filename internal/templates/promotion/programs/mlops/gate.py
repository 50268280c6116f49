"""Decides whether a trained model is good enough: ``python -m mlops.gate``.

Prints one line for each gate and writes the verdict. Exit code 3 when a gate says no.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.config import Model, load_pipeline, trained_model
from mlops.errors import Rejected, program, say
from mlops.files import write_json
from mlops.registry import connect
from mlops.verdict import Champion, Finding, Metrics, document, judge, read_metrics


def examine(model: Model, metrics: Metrics) -> list[Finding]:
    """Judge metrics of a run that has no version yet."""

    def champion() -> Champion | None:
        return connect(model).champion(model.name)

    return judge(model.gates, metrics, champion)


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Run the gate."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.gate", description="Decide whether a trained model is good enough."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    parser.add_argument("--metrics", type=Path, help="the JSON object of numbers that the training step wrote")
    parser.add_argument("--verdict", type=Path, help="where to write the verdict as JSON")
    args = parser.parse_args(argv)
    pipeline = load_pipeline(args.pipeline)
    model = trained_model(pipeline)
    metrics = read_metrics(args.metrics)
    if metrics.fault and metrics.digest and not model.gates:
        raise Rejected(f"model {model.name} has no gates, but its metrics are broken: {metrics.fault}")
    findings = examine(model, metrics)
    if args.verdict:
        write_json(args.verdict, document(model, pipeline.name, metrics, findings))
    for finding in findings:
        if finding.passed:
            say(f"passed: {finding.sentence}")
    if not findings:
        say(f"passed: model {model.name} has no gates")
    failed = [finding.sentence for finding in findings if not finding.passed]
    if failed:
        raise Rejected(failed)


if __name__ == "__main__":
    sys.exit(main())
