"""Trains a gradient boosting and measures it on a held-out quarter. Equal inputs give an equal model."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import accuracy_score, roc_auc_score

from ._table import MODEL_FILE, SEED, parser, read, split, step, write_json

SERVING = ("mlflow", "scikit-learn", "skops", "numpy", "pandas")


def measure(model: Any, features: pd.DataFrame, label: pd.Series) -> dict[str, float]:
    """Measure a model on rows that it was not trained on."""
    return {
        "auc_roc": float(roc_auc_score(label, model.predict_proba(features)[:, 1])),
        "accuracy": float(accuracy_score(label, model.predict(features))),
        "n_samples": len(label),
    }


def latency(model: Any, features: pd.DataFrame, calls: int = 100) -> float:
    """Measure how long one prediction takes at most in 95 of 100 calls, in milliseconds."""
    taken = []
    for call in range(calls):
        row = features.iloc[[call % len(features)]]
        start = time.perf_counter()
        model.predict(row)
        taken.append((time.perf_counter() - start) * 1000)
    return round(float(np.percentile(taken, 95)), 3)


def save(model: Any, folder: Path, example: pd.DataFrame) -> None:
    """Save as an MLflow model, which MLServer serves; without mlflow as a plain file."""
    shutil.rmtree(folder, ignore_errors=True)
    trusted = ["sklearn.tree._tree.Tree"]
    try:
        import mlflow.sklearn
        from mlflow.models import infer_signature
    except ImportError:
        import skops.io

        folder.mkdir(parents=True)
        skops.io.dump(model, folder / MODEL_FILE)
        print("note: mlflow is not installed here: saved without its model format")
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    mlflow.sklearn.save_model(
        model,
        str(folder),
        serialization_format="skops",
        skops_trusted_types=trusted,
        signature=infer_signature(example, model.predict(example)),
        input_example=example,
        pip_requirements=[f"{name}=={version}" for name, version in _versions().items()],
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in SERVING:
        for distribution in (name, f"{name}-skinny"):
            try:
                found[name] = importlib.metadata.version(distribution)
                break
            except importlib.metadata.PackageNotFoundError:
                continue
    return found


@step
def main(argv: Sequence[str] | None = None) -> None:
    """Train, measure, save."""
    args = parser("train", "Train a gradient boosting and measure it.")
    args.add_argument("--features", type=Path, required=True, help="what prepare wrote")
    args.add_argument("--model", type=Path, required=True, help="the folder to write the model to")
    args.add_argument("--metrics", type=Path, required=True, help="the JSON file to write metrics to")
    args.add_argument("--learning-rate", type=float, default=0.05)
    args.add_argument("--n-estimators", type=int, default=200)
    args.add_argument("--max-depth", type=int, default=5)
    args.add_argument("--seed", type=int, default=SEED)
    args.add_argument("--no-latency", action="store_true", help="leave out latency_p95_ms, which differs each time")
    given = args.parse_args(argv)
    for name in ("learning_rate", "n_estimators", "max_depth"):
        if not getattr(given, name) > 0:
            args.error(f"--{name.replace('_', '-')} must be above zero")

    train, test, train_label, test_label = split(read(given.features), given.seed)
    parameters = {
        "learning_rate": given.learning_rate,
        "n_estimators": given.n_estimators,
        "max_depth": given.max_depth,
        "seed": given.seed,
    }
    model = GradientBoostingClassifier(
        learning_rate=given.learning_rate,
        n_estimators=given.n_estimators,
        max_depth=given.max_depth,
        random_state=given.seed,
    )
    model.fit(train, train_label)
    metrics = measure(model, test, test_label)
    if not given.no_latency:
        metrics["latency_p95_ms"] = latency(model, test)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(model, given.model, test.head(3))
    write_json(given.metrics, {**parameters, **metrics})
    print(f"trained on {len(train)} rows, measured on {len(test)}: auc_roc {metrics['auc_roc']:.5f}")


if __name__ == "__main__":
    sys.exit(main())
