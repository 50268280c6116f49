"""The comparison: payloads, missing values, performance, and drift where Evidently is installed."""

from __future__ import annotations

import importlib.util
import json
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlops_monitor import compare
from mlops_monitor.config import Stop, load
from mlops_monitor.drift import METHODS
from mlops_monitor.exposition import of_result
from mlops_monitor.log import day, read
from mlops_monitor.payload import Unreadable, predictions_of, rows_of
from mlops_monitor.performance import METRICS
from mlops_monitor.table import clean, features, null_ratios

NAMES = ["amount", "country"]
ROWS = [{"amount": 1, "country": "FR"}, {"amount": 2, "country": "DE"}]

needs_evidently = pytest.mark.skipif(importlib.util.find_spec("evidently") is None, reason="evidently is not installed")


def v2(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Write rows as pandas' content type does."""
    return {
        "parameters": {"content_type": "pd"},
        "inputs": [
            {"name": name, "shape": [len(rows), 1], "datatype": "BYTES", "data": [row[name] for row in rows]}
            for name in rows[0]
        ],
    }


@pytest.mark.parametrize(
    "payload",
    [
        v2(ROWS),
        {"instances": ROWS},
        {"instances": [[1, "FR"], [2, "DE"]]},
        {"dataframe_records": ROWS},
        {"dataframe_split": {"columns": ["country", "amount"], "data": [["FR", 1], ["DE", 2]]}},
        {"dataframe_split": {"data": [[1, "FR"], [2, "DE"]]}},
        {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "BYTES", "data": [1, "FR", 2, "DE"]}]},
        {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "BYTES", "data": [[1, "FR"], [2, "DE"]]}]},
    ],
)
def test_every_form_of_a_request_gives_the_same_rows(payload: Any) -> None:
    assert rows_of(payload, NAMES) == ROWS


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {"prompt": "hello"},
        {"instances": [[1]]},
        {"inputs": [{"name": "a", "data": [1]}, {"name": "b", "data": [1, 2]}]},
        {"inputs": [{"name": "x", "shape": [2, 2], "data": [1]}]},
    ],
)
def test_unknown_forms_are_refused(payload: Any) -> None:
    with pytest.raises(Unreadable):
        rows_of(payload, NAMES)


@pytest.mark.parametrize(
    ("payload", "want"),
    [
        ({"predictions": [0, 1]}, [0, 1]),
        ({"predictions": [[0.2], [0.8]]}, [0.2, 0.8]),
        ({"outputs": [{"name": "p", "shape": [2, 1], "data": [0.2, 0.8]}]}, [0.2, 0.8]),
        ({"outputs": [{"name": "p", "shape": [2, 2], "data": [0.9, 0.1, 0.3, 0.7]}]}, [[0.9, 0.1], [0.3, 0.7]]),
    ],
)
def test_predictions(payload: Any, want: list[Any]) -> None:
    assert predictions_of(payload) == want


def test_missing_values_are_counted() -> None:
    rows: list[dict[str, Any]] = [
        {"amount": 1, "country": "FR"},
        {"amount": None, "country": ""},
        {"amount": "x"},
        {"amount": math.nan},
    ]
    table = clean(rows, {"amount": "numeric", "country": "categorical"})
    assert null_ratios(table) == {"amount": 0.75, "country": 0.75}


def test_kinds_come_from_the_declaration_or_the_reference() -> None:
    rows = [{"id": "1", "amount": "1.5", "flag": "1", "country": "FR", "label": "0"}]
    assert features(rows, {"flag": "categorical"}) == {
        "amount": "numeric",
        "flag": "categorical",
        "country": "categorical",
    }
    assert clean([{"flag": 1}, {"flag": "1"}, {"flag": 1.0}], {"flag": "categorical"})["flag"] == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("metric", "pairs", "want"),
    [
        ("accuracy", [("1", "1"), (0, "0"), (1.0, "0"), ("1", "1")], 0.75),
        ("accuracy", [(0.9, "1"), (0.1, "0"), (0.6, "0"), (0.4, "1")], 0.5),
        ("accuracy", [([0.1, 0.9], "1"), ([0.7, 0.3], "0")], 1.0),
        ("accuracy", [("cat", "cat"), ("dog", "cat")], 0.5),
        ("precision", [(1, "1"), (1, "0"), (0, "1")], 0.5),
        ("recall", [(1, "1"), (1, "0"), (0, "1"), (0, "1")], 1 / 3),
        ("f1", [(1, "1"), (1, "0"), (0, "1")], 0.5),
        ("auc_roc", [(0.9, "1"), (0.8, "0"), (0.7, "1"), (0.1, "0")], 0.75),
        ("auc_roc", [(0.5, "1"), (0.5, "0")], 0.5),
        ("auc_roc", [([0.1, 0.9], "1"), ([0.8, 0.2], "0")], 1.0),
        ("mae", [(1, "2"), (3, "1")], 1.5),
        ("rmse", [(1, "2"), (4, "1")], math.sqrt(5)),
    ],
)
def test_performance(metric: str, pairs: list[tuple[Any, Any]], want: float) -> None:
    assert METRICS[metric](pairs) == pytest.approx(want)


def test_performance_without_both_classes_is_not_known() -> None:
    assert math.isnan(METRICS["auc_roc"]([(0.5, "1")]))
    assert math.isnan(METRICS["precision"]([(0, "0")]))


# From here on whole runs, on files.


class Case:
    """The files of one endpoint's monitor."""

    def __init__(self, folder: Path, method: str = "psi", threshold: float = 0.2) -> None:
        """Write a reference of 400 rows and a config."""
        self.folder, self.random = folder, random.Random(7)
        self.log = folder / "log"
        self.log.mkdir()
        rows = self.rows(400, 0)
        lines = ["id,amount,country,label", *(f"r{i},{row['amount']},{row['country']},0" for i, row in enumerate(rows))]
        (folder / "reference.csv").write_text("\n".join(lines) + "\n")
        (folder / "labels.csv").write_text(
            "id,label\n" + "".join(f"q{i}/0,{i % 2}\nq{i}/1,{i % 2}\n" for i in range(300))
        )
        self.config = {
            "version": 1,
            "endpoint": "score",
            "environment": "staging",
            "folder": str(self.log),
            "window_hours": 24,
            "retention_days": 30,
            "columns": {"amount": "numeric", "country": "categorical"},
            "drift": {"reference": str(folder / "reference.csv"), "method": method, "threshold": threshold},
            "performance": {"metric": "auc_roc", "labels": str(folder / "labels.csv")},
        }

    def rows(self, count: int, shift: float) -> list[dict[str, Any]]:
        """Draw rows; shift moves every column."""
        weights = [5, 5] if shift == 0 else [1, 9]
        return [
            {"amount": self.random.gauss(shift, 1), "country": self.random.choices(["FR", "DE"], weights)[0]}
            for _ in range(count)
        ]

    def serve(self, requests: int, shift: float, ago: timedelta = timedelta(0)) -> None:
        """Log requests of two rows each, with their answers."""
        when = datetime.now(UTC) - ago
        with day(self.log, when).open("a") as stream:
            for i in range(requests):
                answer = {"outputs": [{"name": "p", "shape": [2], "data": [0.2 + 0.6 * (i % 2)] * 2}]}
                for kind, payload in (("request", v2(self.rows(2, shift))), ("response", answer)):
                    record = {"id": f"q{i}", "type": kind, "time": when.isoformat(), "payload": payload}
                    stream.write(json.dumps(record) + "\n")

    def run(self) -> dict[str, Any]:
        """Run the program and read its result."""
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config))
        assert compare.main(["--config", str(path)]) == 0
        result: dict[str, Any] = json.loads((self.log / "result.json").read_text())
        return result


def test_few_rows_give_no_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path)
    case.serve(10, 3)
    result = case.run()
    assert result["status"] == "too few rows"
    assert "drift" not in result
    assert "null_ratio" not in result
    assert result["performance"]["value"] is None
    assert "too few rows to compare" in capsys.readouterr().out
    exposed = of_result(result, 0)
    assert "mlops_monitor_rows 20.0" in exposed
    assert "mlops_drift" not in exposed
    assert "mlops_performance" not in exposed


def test_only_the_window_counts_and_broken_lines_are_counted(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.serve(5, 0)
    case.serve(5, 0, timedelta(hours=30))
    with day(case.log, datetime.now(UTC)).open("a") as stream:
        stream.write(
            '{"half\n'
            + json.dumps({"id": "z", "type": "request", "time": datetime.now(UTC).isoformat(), "payload": {}})
            + "\n"
        )
    window = read(case.log, datetime.now(UTC) - timedelta(hours=24), NAMES)
    assert (len(window.rows), window.unreadable) == (10, 2)
    assert window.answers["q1/0"] == pytest.approx(0.8)


def test_a_run_without_drift_needs_no_reference(tmp_path: Path) -> None:
    case = Case(tmp_path)
    del case.config["drift"]
    case.serve(100, 0)
    result = case.run()
    assert result["null_ratio"] == {"amount": 0.0, "country": 0.0}
    assert result["performance"]["value"] == 1.0
    assert result["performance"]["labelled"] == 200


def test_what_cannot_be_compared_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = Case(tmp_path)
    (tmp_path / "reference.csv").unlink()
    path = tmp_path / "config.json"
    path.write_text(json.dumps(case.config))
    assert compare.main(["--config", str(path)]) == 1
    assert "reference.csv" in capsys.readouterr().err
    assert not (case.log / "result.json").exists()


@pytest.mark.parametrize("change", [{"version": 2}, {"extra": 1}, {"drift": {"method": "psi"}}])
def test_configs_are_read_strictly(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(Case(tmp_path).config | change))
    with pytest.raises(Stop):
        load(path)


@needs_evidently
@pytest.mark.parametrize("method", sorted(METHODS))
def test_drift_is_seen_where_it_is_and_only_there(tmp_path: Path, method: str) -> None:
    (tmp_path / "same").mkdir()
    (tmp_path / "moved").mkdir()
    threshold = 0.001 if method in ("ks", "chisquare") else 0.2
    same, moved = Case(tmp_path / "same", method, threshold), Case(tmp_path / "moved", method, threshold)
    same.serve(250, 0)
    moved.serve(250, 2)
    still, changed = same.run()["drift"], moved.run()["drift"]
    assert still["share"] == 0.0
    assert changed["share"] == 1.0
    compared = {name for name, kind in (("amount", "numeric"), ("country", "categorical")) if kind in METHODS[method]}
    assert set(changed["columns"]) == compared
    assert set(changed["skipped"]) == {"amount", "country"} - compared
    for name in compared:
        less, more = sorted([still["columns"][name], changed["columns"][name]])
        assert less < threshold < more


@needs_evidently
def test_a_column_that_is_not_served_is_named(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.serve(250, 0)
    log = day(case.log, datetime.now(UTC))
    log.write_text(log.read_text().replace('"name": "country"', '"name": "land"'))
    result = case.run()
    assert result["null_ratio"] == {"amount": 0.0, "country": 1.0}
    assert result["drift"]["skipped"] == {"country": "no value was served"}
