"""How good answers were, once labels have arrived."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mlops_monitor.table import number

Pairs = list[tuple[Any, Any]]  # prediction, label


def _class_of(prediction: Any, labels: set[str]) -> str:
    """Give the class that a prediction stands for: its own value, the best score, or a score against a half."""
    if isinstance(prediction, list):
        scores = [number(score) for score in prediction]
        best = max(range(len(scores)), key=lambda i: -math.inf if (s := scores[i]) is None else s)
        return f"{best}"
    text = _text(prediction)
    score = number(prediction)
    if text in labels or score is None or not labels <= {"0", "1"}:
        return text
    return "1" if score >= 0.5 else "0"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    as_number = number(value)
    return str(value) if as_number is None else f"{as_number:g}"


def _classes(pairs: Pairs) -> list[tuple[str, str]]:
    labels = {_text(label) for _, label in pairs}
    return [(_class_of(prediction, labels), _text(label)) for prediction, label in pairs]


def accuracy(pairs: Pairs) -> float:
    """Give the share of right classes."""
    classes = _classes(pairs)
    return sum(said == true for said, true in classes) / len(classes)


def _counts(pairs: Pairs) -> tuple[int, int, int]:
    classes = _classes(pairs)
    hits = sum(said == "1" and true == "1" for said, true in classes)
    return hits, sum(said == "1" for said, _ in classes), sum(true == "1" for _, true in classes)


def precision(pairs: Pairs) -> float:
    """Give the share of right ones among those said to be 1."""
    hits, said, _ = _counts(pairs)
    return hits / said if said else math.nan


def recall(pairs: Pairs) -> float:
    """Give the share of those that are 1 that were found."""
    hits, _, true = _counts(pairs)
    return hits / true if true else math.nan


def f1(pairs: Pairs) -> float:
    """Give the harmonic mean of precision and recall."""
    hits, said, true = _counts(pairs)
    return 2 * hits / (said + true) if said + true else math.nan


def auc_roc(pairs: Pairs) -> float:
    """Give the chance that a 1 scores above a 0, a tie counting half."""
    scored = []
    for prediction, label in pairs:
        score = number(prediction[-1] if isinstance(prediction, list) else prediction)
        if score is not None:
            scored.append((score, _text(label) == "1"))
    scored.sort(key=lambda pair: pair[0])
    ones = sum(one for _, one in scored)
    zeros = len(scored) - ones
    if not ones or not zeros:
        return math.nan
    ranks, i = 0.0, 0
    while i < len(scored):
        j = i
        while j < len(scored) and scored[j][0] == scored[i][0]:
            j += 1
        ranks += (i + 1 + j) / 2 * sum(one for _, one in scored[i:j])
        i = j
    return (ranks - ones * (ones + 1) / 2) / (ones * zeros)


def _errors(pairs: Pairs) -> list[float]:
    values = [(number(prediction), number(label)) for prediction, label in pairs]
    return [said - true for said, true in values if said is not None and true is not None]


def mae(pairs: Pairs) -> float:
    """Give the mean absolute error."""
    errors = _errors(pairs)
    return math.fsum(abs(error) for error in errors) / len(errors) if errors else math.nan


def rmse(pairs: Pairs) -> float:
    """Give the root of the mean squared error."""
    errors = _errors(pairs)
    return math.sqrt(math.fsum(error * error for error in errors) / len(errors)) if errors else math.nan


METRICS: dict[str, Callable[[Pairs], float]] = {
    "accuracy": accuracy,
    "auc_roc": auc_roc,
    "f1": f1,
    "mae": mae,
    "precision": precision,
    "recall": recall,
    "rmse": rmse,
}
