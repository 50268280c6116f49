"""Judges metrics by a model's gates. Anything that is not plainly good enough is rejected.

Numbers are compared as decimals of the text that the training step wrote: 0.9199999 is below 0.92, and
nothing is rounded. What is missing, not a number, NaN, infinite, or written twice never passes.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from mlops.config import Gate, Model, unique
from mlops.errors import Rejected, Unreachable

_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_EXACT = Context(prec=2000)  # enough for the sum of any two float64 numbers
_WORDS = {"str": "a text", "bool": "a truth value", "NoneType": "null", "list": "a list", "dict": "an object"}


@dataclass(frozen=True)
class Literal:
    """NaN, Infinity, or a number beyond what a registry can store."""

    text: str


@dataclass(frozen=True)
class Metrics:
    """What a training step measured: name to Decimal, or to whatever stands there instead."""

    values: Mapping[str, Any]
    digest: str = ""
    fault: str = ""  # why there are none

    def numbers(self) -> dict[str, Decimal]:
        """Give the metrics that are numbers, sorted by name."""
        return {k: v for k, v in sorted(self.values.items()) if isinstance(v, Decimal)}

    def others(self) -> list[str]:
        """Name the entries that are no finite numbers."""
        return sorted(k for k, v in self.values.items() if not isinstance(v, Decimal))


@dataclass(frozen=True)
class Champion:
    """The version that serves production, and what was measured of it."""

    version: str
    metrics: Mapping[str, Decimal]


@dataclass(frozen=True)
class Finding:
    """What one gate says."""

    metric: str
    op: str
    bound: str
    value: str | None
    passed: bool
    sentence: str


def read_metrics(path: Path | None) -> Metrics:
    """Read a metrics file: one JSON object of numbers. What is wrong with it is kept, not raised."""
    if path is None:
        return Metrics({}, fault="no step writes metrics")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Metrics({}, fault=f"there is no file {path}")
    except OSError as fault:
        return Metrics({}, fault=f"{path} cannot be read: {fault.strerror}")
    digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    if not raw.strip():
        return Metrics({}, digest, f"{path} is empty")
    try:
        values = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=unique,
            parse_float=_number,
            parse_int=_number,
            parse_constant=Literal,
        )
    except (ValueError, RecursionError) as fault:
        return Metrics({}, digest, f"{path} is not valid JSON: {fault}")
    if not isinstance(values, dict):
        return Metrics({}, digest, f"{path} does not hold a JSON object")
    return Metrics(values, digest)


def judge(
    gates: Sequence[Gate], metrics: Metrics, champion: Callable[[], Champion | None], candidate: str = ""
) -> list[Finding]:
    """Apply every gate. The champion is asked for once, and only when a gate compares with it."""
    found: list[Champion | None] = []

    def baseline() -> Champion | None:
        if not found:
            found.append(champion())
        return found[0]

    return [_judge(gate, metrics, baseline, candidate) for gate in gates]


def accepted(findings: Sequence[Finding]) -> bool:
    """Tell whether every gate passed."""
    return all(finding.passed for finding in findings)


def reject(findings: Sequence[Finding]) -> None:
    """Stop with one sentence for each gate that did not pass."""
    sentences = [finding.sentence for finding in findings if not finding.passed]
    if sentences:
        raise Rejected(sentences)


def document(model: Model, pipeline: str, metrics: Metrics, findings: Sequence[Finding]) -> dict[str, Any]:
    """Give the verdict as JSON. Nothing trusts it later: registration and promotion judge again."""
    return {
        "version": 1,
        "model": model.name,
        "pipeline": pipeline,
        "metrics": metrics.digest,
        "accepted": accepted(findings),
        "gates": [asdict(finding) for finding in findings],
    }


def _number(text: str) -> Decimal | Literal:
    try:
        value = Decimal(text)
        return value if math.isfinite(float(value)) else Literal(text)
    except (InvalidOperation, OverflowError):
        return Literal(text)


def _judge(gate: Gate, metrics: Metrics, baseline: Callable[[], Champion | None], candidate: str) -> Finding:
    bound, note, low, high = _bound(gate)
    value = metrics.values.get(gate.metric)
    shown = _show(value) if gate.metric in metrics.values else None

    def finding(passed: bool, sentence: str) -> Finding:
        return Finding(gate.metric, gate.op, bound, shown, passed, f"{gate.metric} {sentence}")

    if metrics.fault and (gate.required or metrics.digest):
        return finding(False, f"is missing, must be {bound}: {metrics.fault}")
    if shown is None:
        if gate.required:
            return finding(False, f"is missing, must be {bound}")
        return finding(True, f"is missing, which is allowed; where it is measured it must be {bound}")
    if not isinstance(value, Decimal):
        return finding(False, f"is {shown}, which is not a number, must be {bound}")
    if gate.baseline:
        try:
            rival = baseline()
        except Unreachable as fault:
            return finding(False, f"is {shown}, must be {bound}, which cannot be read: {fault}")
        if rival is None:
            return finding(
                True,
                f"is {shown}, and there is no champion yet to compare with (the first promotion still needs approval)",
            )
        if rival.version == candidate:
            return finding(True, f"is {shown}, that of the champion itself")
        best = rival.metrics.get(gate.metric)
        if best is None:
            if gate.required:
                return finding(
                    False, f"is {shown}, must be {bound}, but champion version {rival.version} has no such metric"
                )
            return finding(True, f"is {shown}, and champion version {rival.version} has no such metric")
        slack = -gate.tolerance if gate.op in (">=", ">") else gate.tolerance
        low = _EXACT.add(best, slack)
        bound = f"{gate.op} {_show(low)}"
        note = f" (champion version {rival.version} has {_show(best)}"
        note += f", tolerance {gate.tolerance})" if gate.tolerance else ")"
    good = low <= value <= high if gate.op == "between" else _COMPARE[gate.op](value, low)
    return finding(good, f"is {shown}, must be {bound}{note}")


def _bound(gate: Gate) -> tuple[str, str, Decimal, Decimal]:
    zero = Decimal(0)
    if gate.op == "between":
        return f"between {gate.low} and {gate.high}", "", gate.low or zero, gate.high or zero
    if gate.baseline:
        return f"{gate.op} that of the champion", "", zero, zero
    return f"{gate.op} {gate.threshold}", "", gate.threshold or zero, zero


def _show(value: Any) -> str:
    if isinstance(value, Decimal):
        text = str(value)
    elif isinstance(value, Literal):
        text = value.text
    elif isinstance(value, str | bool | None):
        text = json.dumps(value)
    else:
        text = _WORDS[type(value).__name__]
    return text if len(text) <= 40 else text[:37] + "..."
