"""The two managed files, pipeline.json and model.json, read strictly into typed values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlops.errors import Stop

VERSION = 1
OPS = (">=", ">", "<=", "<", "between")
KINDS = ("local", "dvc", "lakefs", "bucket")
LINEAGE = ("code", "data", "environment", "parameters")
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")

_DURATION = re.compile(r"(?:[0-9]+(?:ms|s|m|h|d|w))+")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Gate:
    """A condition on one metric: against a threshold, between two, or against the champion."""

    metric: str
    op: str
    threshold: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    baseline: bool = False
    tolerance: Decimal = Decimal(0)
    required: bool = True


@dataclass(frozen=True)
class Freeze:
    """No promotion for a while after each time that the cron expression names."""

    cron: str
    duration: str
    timezone: str = "UTC"


@dataclass(frozen=True)
class Environment:
    """Where a version may run, and what it takes to get there."""

    promote_from: str | None = None
    approvals: int = 0
    approvers: tuple[str, ...] = ()
    freeze: tuple[Freeze, ...] = ()


@dataclass(frozen=True)
class Model:
    """A registered model: its registry, gates and way to production."""

    name: str
    description: str
    tags: Mapping[str, str]
    registry: str
    registry_type: str
    tracking_uri: str | None
    gates: tuple[Gate, ...]
    promote_to: tuple[str, ...]
    mode: str
    soak: str | None
    environments: Mapping[str, Environment]
    lineage: tuple[str, ...]
    store_uri: str | None
    registry_settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """What the data-quality gate expects of one column."""

    type: str
    low: Decimal | None = None
    high: Decimal | None = None
    nullable: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Data that a pipeline reads.

    ``path`` is where a local one lies below the data root, and where the team adds one of DVC in the repository;
    ``revision`` is one of Git, or a reference of lakeFS; ``prefix`` is where the objects are in ``bucket``, or in
    the lakeFS ``repository``.
    """

    kind: str
    path: str | None
    uri: str | None
    revision: str | None
    columns: Mapping[str, Column]
    bucket: str | None = None
    prefix: str | None = None
    endpoint: str | None = None
    repository: str | None = None


@dataclass(frozen=True)
class Parameter:
    """An input of a whole run."""

    type: str
    default: str | None


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as gate and registration see it; ``model`` is None when it trains none."""

    name: str
    spec: str
    orchestrator: str
    image: str | None
    parameters: Mapping[str, Parameter]
    datasets: Mapping[str, Dataset]
    source: tuple[str, ...]
    steps: Mapping[str, Any]
    metrics: str | None
    artifact: tuple[str, str] | None
    model: Model | None
    concurrency: str = "allow"


class Fields:
    """One JSON object; every fault names the file and the field."""

    def __init__(self, value: Any, where: str) -> None:
        """Take an object, or stop."""
        if not isinstance(value, dict):
            raise Stop(f"{where}: must be a JSON object")
        self.value: dict[str, Any] = value
        self.where = where

    def at(self, key: str) -> str:
        """Name a field for an error text."""
        return f"{self.where}: {key}"

    def text(self, key: str) -> str:
        """Give a text that must be there."""
        value = self.value.get(key)
        if not isinstance(value, str) or not value:
            raise Stop(f"{self.at(key)}: must be a text that is not empty")
        return value

    def maybe(self, key: str) -> str | None:
        """Give a text, or None for one that is absent, null or empty."""
        return self.text(key) if self.value.get(key) not in (None, "") else None

    def name(self, key: str) -> str:
        """Give a text that is safe as a file name."""
        value = self.text(key)
        if not NAME.fullmatch(value):
            raise Stop(f"{self.at(key)}: {value!r} must be small letters, digits, dashes and dots")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Give one of the allowed texts."""
        value = self.text(key)
        if value not in allowed:
            raise Stop(f"{self.at(key)}: {value!r} must be one of {', '.join(allowed)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Give true or false."""
        value = self.value.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise Stop(f"{self.at(key)}: must be true or false")
        return value

    def number(self, key: str) -> Decimal | None:
        """Give an exact number, written as a JSON number or as a text; None when absent."""
        value = self.value.get(key)
        if value is None:
            return None
        text = str(value)
        if isinstance(value, bool) or not _NUMBER.fullmatch(text):
            raise Stop(f"{self.at(key)}: {text!r} is not a number")
        return Decimal(text)

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts; empty when absent."""
        value = self.value.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Stop(f"{self.at(key)}: must be a list of texts")
        return tuple(value)

    def pairs(self, key: str) -> dict[str, str]:
        """Give an object of texts; empty when absent."""
        value = self.value.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise Stop(f"{self.at(key)}: must be an object of texts")
        return dict(value)

    def object(self, key: str) -> Fields:
        """Give an object; an empty one when absent."""
        return Fields(self.value.get(key) or {}, self.at(key))

    def objects(self, key: str) -> dict[str, Fields]:
        """Give an object of objects; empty when absent."""
        inner = self.object(key)
        return {name: Fields(value, inner.at(name)) for name, value in inner.value.items()}

    def list(self, key: str) -> list[Fields]:
        """Give a list of objects; empty when absent."""
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise Stop(f"{self.at(key)}: must be a list")
        return [Fields(item, self.at(f"{key}[{i}]")) for i, item in enumerate(value)]

    def only(self, *keys: str) -> None:
        """Refuse fields that nobody reads: in a gate, a misspelt bound would be no bound."""
        unknown = sorted(set(self.value) - set(keys))
        if unknown:
            raise Stop(f"{self.where}: unknown field {unknown[0]!r}; there are {', '.join(keys)}")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object and refuse a key that is written twice."""
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise ValueError(f"key {key!r} is written twice")
        value[key] = item
    return value


def read_json(path: Path, fractions: Callable[[str], Any] = str) -> Any:
    """Read a JSON file, fractions as the text that stands there unless told, or stop with the cause."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique, parse_float=fractions)
    except FileNotFoundError:
        raise Stop(f"{path}: there is no such file") from None
    except (OSError, ValueError, RecursionError) as fault:
        raise Stop(f"{path}: not a JSON file: {fault}") from None


def seconds(text: str, where: str = "duration") -> float:
    """Give the length of "90s", "10m", "1h30m", "24h", "30d" or "2w" in seconds."""
    if not _DURATION.fullmatch(text):
        raise Stop(f"{where}: {text!r} is not a duration such as 10m, 24h or 30d")
    return sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"([0-9]+)(ms|s|m|h|d|w)", text))


def load_pipeline(path: Path) -> Pipeline:
    """Read pipelines/<pipeline>/pipeline.json."""
    f = _versioned(path)
    artifact = f.object("artifact")
    model = f.value.get("model")
    return Pipeline(
        name=f.name("pipeline"),
        spec=f.text("spec"),
        orchestrator=f.maybe("orchestrator") or "",
        image=f.maybe("image"),
        parameters={
            name: Parameter(p.choice("type", ("string", "number", "integer", "boolean")), _default(p))
            for name, p in f.objects("parameters").items()
        },
        datasets={name: _dataset(d) for name, d in f.objects("datasets").items()},
        source=f.texts("source"),
        steps=f.object("steps").value,
        metrics=f.maybe("metrics"),
        artifact=(artifact.text("step"), artifact.text("output")) if artifact.value else None,
        model=None if model is None else _model(Fields(model, f.at("model"))),
        concurrency=f.maybe("concurrency") or "allow",
    )


def load_model(path: Path) -> Model:
    """Read models/<model>/model.json."""
    return _model(_versioned(path))


def trained_model(pipeline: Pipeline) -> Model:
    """Give the model of a pipeline that trains one, or stop."""
    if pipeline.model is None:
        raise Stop(f"pipeline {pipeline.name} trains no model: it has nothing to gate or register")
    return pipeline.model


def _versioned(path: Path) -> Fields:
    f = Fields(read_json(path), str(path))
    if f.value.get("version") != VERSION:
        raise Stop(f"{path}: version is {f.value.get('version')!r}; these programs read version {VERSION}")
    return f


def _model(f: Fields) -> Model:
    if f.value.get("gates") is None:
        raise Stop(f"{f.at('gates')}: must be a list; write [] for a model without gates")
    registry, promotion, lineage = f.object("registry"), f.object("promotion"), f.object("lineage")
    soak = promotion.maybe("soak")
    if soak:
        seconds(soak, promotion.at("soak"))
    require = LINEAGE if lineage.value.get("require") is None else lineage.texts("require")
    for part in require:
        if part not in LINEAGE:
            raise Stop(f"{lineage.at('require')}: {part!r} must be one of {', '.join(LINEAGE)}")
    environments = {name: _environment(e) for name, e in f.objects("environments").items()}
    for name in promotion.texts("to"):
        if name not in environments:
            raise Stop(f"{promotion.at('to')}: {name!r} is not in environments")
    return Model(
        name=f.name("name"),
        description=f.maybe("description") or "",
        tags=f.pairs("tags"),
        registry=registry.text("name"),
        registry_type=registry.text("type"),
        tracking_uri=registry.maybe("tracking_uri"),
        gates=tuple(_gate(g) for g in f.list("gates")),
        promote_to=promotion.texts("to"),
        mode=promotion.choice("mode", ("pull_request", "direct")),
        soak=soak,
        environments=environments,
        lineage=require,
        store_uri=f.object("artifacts").maybe("uri"),
        registry_settings=registry.pairs("settings"),
    )


def _gate(f: Fields) -> Gate:
    f.only("metric", "op", "threshold", "min", "max", "baseline", "tolerance", "required")
    baseline = f.maybe("baseline")
    gate = Gate(
        metric=f.text("metric"),
        op=f.choice("op", OPS),
        threshold=f.number("threshold"),
        low=f.number("min"),
        high=f.number("max"),
        baseline=baseline is not None,
        tolerance=f.number("tolerance") or Decimal(0),
        required=f.flag("required", default=True),
    )
    if baseline not in (None, "champion"):
        raise Stop(f"{f.at('baseline')}: {baseline!r} is not a baseline; there is champion")
    between = gate.op == "between"
    if between != (gate.low is not None) or between != (gate.high is not None):
        raise Stop(f"{f.where}: min and max belong to between, and between needs both")
    if sum([between, gate.threshold is not None, gate.baseline]) != 1:
        raise Stop(f"{f.where}: needs exactly one of threshold, baseline, or min with max")
    if gate.tolerance < 0 or (gate.tolerance and not gate.baseline):
        raise Stop(f"{f.at('tolerance')}: must be zero or above, and needs baseline")
    return gate


def _environment(f: Fields) -> Environment:
    approvals = f.value.get("approvals") or 0
    if not isinstance(approvals, int) or isinstance(approvals, bool) or approvals < 0:
        raise Stop(f"{f.at('approvals')}: must be a whole number, zero or above")
    freeze = []
    for window in f.list("freeze"):
        duration = window.text("duration")
        seconds(duration, window.at("duration"))
        freeze.append(Freeze(window.text("cron"), duration, window.maybe("timezone") or "UTC"))
    return Environment(f.maybe("promote_from"), approvals, f.texts("approvers"), tuple(freeze))


def _dataset(f: Fields) -> Dataset:
    columns = {
        name: Column(
            type=c.choice("type", ("number", "integer", "string", "boolean")),
            low=c.number("min"),
            high=c.number("max"),
            nullable=c.flag("nullable", default=False),
            values=_values(c),
        )
        for name, c in f.objects("columns").items()
    }
    return Dataset(
        kind=f.choice("kind", KINDS),
        path=f.maybe("path"),
        uri=f.maybe("uri"),
        revision=f.maybe("revision"),
        columns=columns,
        bucket=f.maybe("bucket"),
        prefix=f.maybe("prefix"),
        endpoint=f.maybe("endpoint"),
        repository=f.maybe("repository"),
    )


def _default(f: Fields) -> str | None:
    value = f.value.get("default")  # an empty text is a value too
    if value is not None and not isinstance(value, str):
        raise Stop(f"{f.at('default')}: must be a text")
    return value


def _values(f: Fields) -> tuple[str, ...]:
    values = f.value.get("values") or []
    if not isinstance(values, list) or not all(isinstance(v, (str, int)) for v in values):
        raise Stop(f"{f.at('values')}: must be a list of texts or numbers")
    return tuple(v if isinstance(v, str) else json.dumps(v) for v in values)
