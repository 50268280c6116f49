"""Measures a saved model on the quarter that training held out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ._table import SEED, Unusable, load_model, parser, read, split, step, write_json
from .train import latency, measure


@step
def main(argv: Sequence[str] | None = None) -> None:
    """Load, measure, write."""
    args = parser("evaluate", "Measure a model on the quarter that training held out.")
    args.add_argument("--model", type=Path, required=True, help="the folder that train wrote")
    args.add_argument("--features", type=Path, required=True, help="what prepare wrote")
    args.add_argument("--metrics", type=Path, required=True, help="the JSON file to write metrics to")
    args.add_argument("--seed", type=int, default=SEED, help="the seed that train used")
    args.add_argument("--no-latency", action="store_true", help="leave out latency_p95_ms, which differs each time")
    given = args.parse_args(argv)
    model = load_model(given.model)
    _, test, _, label = split(read(given.features), given.seed)
    expected = list(model.feature_names_in_)
    if expected != list(test.columns):
        raise Unusable(f"the model takes the columns {', '.join(expected)}; {given.features} has others")
    metrics = measure(model, test, label)
    if not given.no_latency:
        metrics["latency_p95_ms"] = latency(model, test)
    write_json(given.metrics, metrics)
    print(f"measured on {len(test)} rows: auc_roc {metrics['auc_roc']:.5f}")


if __name__ == "__main__":
    sys.exit(main())
