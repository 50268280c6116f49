"""The gate fails closed: whatever is not plainly good enough is rejected, in a sentence with metric and bound."""

import json
from decimal import Decimal

import pytest

from mlops import gate
from mlops.config import Gate
from mlops.errors import Unreachable
from mlops.verdict import Champion, Metrics, judge, read_metrics


@pytest.fixture
def threshold_only(project):
    project.configure(lambda model: model.update(gates=[{"metric": "auc_roc", "op": ">=", "threshold": "0.92"}]))
    return project


def run(project, capsys, *args):
    code = gate.main(["--pipeline", str(project.pipeline), "--metrics", str(project.metrics), *args])
    out, err = capsys.readouterr()
    return code, out + err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"auc_roc": 0.8409}', "auc_roc is 0.8409, must be >= 0.92"),
        ('{"auc_roc": 0.9199999}', "auc_roc is 0.9199999, must be >= 0.92"),
        ('{"auc_roc": 0.91999999999999999999999999}', "must be >= 0.92"),
        ('{"auc_roc": 9.19e-1}', "auc_roc is 0.919, must be >= 0.92"),
        ('{"auc_roc": -1}', "auc_roc is -1, must be >= 0.92"),
        ('{"auc_roc": NaN}', "auc_roc is NaN, which is not a number, must be >= 0.92"),
        ('{"auc_roc": Infinity}', "auc_roc is Infinity, which is not a number"),
        ('{"auc_roc": -Infinity}', "auc_roc is -Infinity, which is not a number"),
        ('{"auc_roc": 1e400}', "auc_roc is 1e400, which is not a number"),
        ('{"auc_roc": 1' + "0" * 5000 + "}", "which is not a number, must be >= 0.92"),
        ('{"auc_roc": 1e99999999999999999999}', "which is not a number"),
        ('{"auc_roc": "0.95"}', 'auc_roc is "0.95", which is not a number'),
        ('{"auc_roc": true}', "auc_roc is true, which is not a number"),
        ('{"auc_roc": false}', "auc_roc is false, which is not a number"),
        ('{"auc_roc": null}', "auc_roc is null, which is not a number"),
        ('{"auc_roc": [0.95]}', "auc_roc is a list, which is not a number"),
        ('{"auc_roc": {"value": 0.95}}', "auc_roc is an object, which is not a number"),
        ('{"AUC_ROC": 0.95}', "auc_roc is missing, must be >= 0.92"),
        ('{"auc_roc": 0.5, "auc_roc": 0.99}', "key 'auc_roc' is written twice"),
        ('{"auc_roc": 0.99, "a": {"b": 1, "b": 2}}', "key 'b' is written twice"),
        ("{}", "auc_roc is missing, must be >= 0.92"),
        ("", "is empty"),
        ("  \n", "is empty"),
        ("0.95", "does not hold a JSON object"),
        ("[0.95]", "does not hold a JSON object"),
        ("null", "does not hold a JSON object"),
        ('{"auc_roc": 0.95', "is not valid JSON"),
        ('{"auc_roc": 0.95} {}', "is not valid JSON"),
        ('{"auc_roc": .95}', "is not valid JSON"),
        ('{"auc_roc": nan}', "is not valid JSON"),
        ("{'auc_roc': 0.95}", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"auc_roc": ' + "[" * 100_000, "is not valid JSON"),
        ("auc_roc=0.95", "is not valid JSON"),
    ],
)
def test_rejects(threshold_only, capsys, text, said):
    threshold_only.measure(text)
    code, out = run(threshold_only, capsys)
    assert code == 3
    assert "rejected: auc_roc" in out
    assert said in out
    assert "must be >= 0.92" in out
    assert len(out.strip().splitlines()) == 1


def test_rejects_bytes_that_are_not_text(threshold_only, capsys):
    (threshold_only.root / threshold_only.metrics).write_bytes(b'{"auc_roc": 0.95, "\xff": 1}')
    assert run(threshold_only, capsys)[0] == 3


def test_rejects_a_missing_file_and_a_folder(threshold_only, capsys):
    path = threshold_only.root / threshold_only.metrics
    path.unlink()
    code, out = run(threshold_only, capsys)
    assert (code, "auc_roc is missing, must be >= 0.92: there is no file" in out) == (3, True)
    path.mkdir()
    code, out = run(threshold_only, capsys)
    assert (code, "cannot be read" in out) == (3, True)


@pytest.mark.parametrize("text", ["0.92", "0.920", "92e-2", "0.98973", "1", "0.92000000000000000000000000001"])
def test_passes(threshold_only, capsys, text):
    threshold_only.measure(f'{{"auc_roc": {text}}}')
    code, out = run(threshold_only, capsys)
    assert code == 0
    assert "passed: auc_roc is" in out
    assert "must be >= 0.92" in out


@pytest.mark.parametrize(
    ("op", "value", "good"),
    [
        (">=", "0.5", True), (">", "0.5", False), (">", "0.50001", True),
        ("<=", "0.5", True), ("<", "0.5", False), ("<", "0.49999", True), ("<=", "0.50001", False),
    ],
)  # fmt: skip
def test_operators(op, value, good):
    found = judge([Gate("m", op, threshold=Decimal("0.5"))], Metrics({"m": Decimal(value)}), lambda: None)
    assert found[0].passed is good


@pytest.mark.parametrize(
    ("value", "good"), [("0.1", True), ("0.2", True), ("0.15", True), ("0.0999", False), ("0.21", False)]
)
def test_between(value, good):
    gates = [Gate("m", "between", low=Decimal("0.1"), high=Decimal("0.2"))]
    found = judge(gates, Metrics({"m": Decimal(value)}), lambda: None)
    assert found[0].passed is good
    assert found[0].sentence == f"m is {value}, must be between 0.1 and 0.2"


@pytest.mark.parametrize(
    ("op", "value", "good"),
    [
        (">=", "0.975", True), (">=", "0.97", True), (">=", "0.9699999", False),
        (">", "0.97", False), ("<=", "0.99", True), ("<=", "0.9900001", False), ("<", "0.99", False),
    ],
)  # fmt: skip
def test_the_champion_is_a_bound_with_tolerance(op, value, good):
    gates = [Gate("m", op, baseline=True, tolerance=Decimal("0.01"))]
    champion = Champion("3", {"m": Decimal("0.98")})
    found = judge(gates, Metrics({"m": Decimal(value)}), lambda: champion)
    assert found[0].passed is good
    assert "champion version 3 has 0.98, tolerance 0.01" in found[0].sentence


def test_sums_are_exact():
    gates = [Gate("m", ">=", baseline=True, tolerance=Decimal("1e-300"))]
    champion = Champion("1", {"m": Decimal("1e300")})
    assert not judge(gates, Metrics({"m": Decimal(10**300 - 1)}), lambda: champion)[0].passed


def test_no_champion_yet():
    found = judge([Gate("m", ">=", baseline=True)], Metrics({"m": Decimal(1)}), lambda: None)
    assert found[0].passed
    assert "no champion yet" in found[0].sentence


def test_no_champion_does_not_excuse_a_bad_metric():
    assert not judge([Gate("m", ">=", baseline=True)], Metrics({}), lambda: None)[0].passed


def test_a_champion_without_the_metric():
    champion = Champion("2", {})
    required = judge([Gate("m", ">=", baseline=True)], Metrics({"m": Decimal(1)}), lambda: champion)
    optional = judge([Gate("m", ">=", baseline=True, required=False)], Metrics({"m": Decimal(1)}), lambda: champion)
    assert (required[0].passed, optional[0].passed) == (False, True)


def test_an_unreachable_registry_rejects():
    def champion():
        raise Unreachable("the registry http://x could not be asked")

    found = judge([Gate("m", ">=", baseline=True)], Metrics({"m": Decimal(1)}), champion)
    assert not found[0].passed
    assert "http://x" in found[0].sentence


def test_the_champion_is_asked_for_once_and_only_when_needed():
    asked = []
    gates = [Gate("m", ">=", threshold=Decimal(0)), Gate("m", ">=", baseline=True), Gate("n", "<=", baseline=True)]
    metrics = Metrics({"m": Decimal(1), "n": Decimal(1)})
    judge(gates[:1], metrics, lambda: asked.append(1))
    assert asked == []
    judge(gates, metrics, lambda: asked.append(1))
    assert asked == [1]


def test_an_optional_metric_may_be_absent_but_not_bad():
    gates = [Gate("m", ">=", threshold=Decimal(1), required=False)]
    assert judge(gates, Metrics({}), lambda: None)[0].passed
    assert "which is allowed" in judge(gates, Metrics({}), lambda: None)[0].sentence
    assert not judge(gates, Metrics({"m": Decimal(0)}), lambda: None)[0].passed
    assert not judge(gates, Metrics({"m": None}), lambda: None)[0].passed
    assert not judge(gates, Metrics({}, "sha256:0", "broken"), lambda: None)[0].passed


def test_one_sentence_for_each_gate(project, capsys):
    def change(model):
        model["gates"] = [
            {"metric": "auc_roc", "op": ">=", "threshold": "0.92"},
            {"metric": "latency_p95_ms", "op": "<=", "threshold": "50"},
            {"metric": "n_samples", "op": ">=", "threshold": "100"},
        ]

    project.configure(change)
    project.measure('{"auc_roc": 0.5, "latency_p95_ms": 51, "n_samples": 143}')
    code, out = run(project, capsys)
    assert code == 3
    assert out.splitlines() == [
        "passed: n_samples is 143, must be >= 100",
        "rejected: auc_roc is 0.5, must be >= 0.92",
        "rejected: latency_p95_ms is 51, must be <= 50",
    ]


def test_a_model_without_gates(project, capsys):
    project.configure(lambda model: model.update(gates=[]))
    assert run(project, capsys) == (0, "passed: model fraud-detector has no gates\n")
    project.measure("{")
    assert run(project, capsys)[0] == 3
    assert gate.main(["--pipeline", str(project.pipeline)]) == 0


def test_the_verdict_is_written_either_way(threshold_only, capsys):
    for auc, good in (("0.95", True), ("0.9", False)):
        threshold_only.measure(f'{{"auc_roc": {auc}}}')
        run(threshold_only, capsys, "--verdict", "out/verdict.json")
        verdict = json.loads(threshold_only.read("out/verdict.json"))
        assert verdict["accepted"] is good
        assert verdict["gates"][0]["value"] == auc
        assert verdict["metrics"] == read_metrics(threshold_only.metrics).digest


@pytest.mark.parametrize(
    ("gate_json", "said"),
    [
        ({"metric": "m", "op": "=>", "threshold": "1"}, "must be one of"),
        ({"metric": "m", "op": ">="}, "exactly one of threshold"),
        ({"metric": "m", "op": ">=", "threshhold": "1"}, "unknown field 'threshhold'"),
        ({"metric": "m", "op": ">=", "threshold": "abc"}, "is not a number"),
        ({"metric": "m", "op": ">=", "threshold": True}, "is not a number"),
        ({"metric": "m", "op": ">=", "threshold": "NaN"}, "is not a number"),
        ({"metric": "m", "op": ">=", "threshold": "1", "baseline": "champion"}, "exactly one of threshold"),
        ({"metric": "m", "op": ">=", "baseline": "previous"}, "is not a baseline"),
        ({"metric": "m", "op": "between", "min": "1"}, "between needs both"),
        ({"metric": "m", "op": ">=", "threshold": "1", "tolerance": "1"}, "needs baseline"),
        ({"metric": "m", "op": ">=", "threshold": "1", "required": "no"}, "must be true or false"),
        ({"op": ">=", "threshold": "1"}, "metric: must be a text"),
    ],
)
def test_a_broken_gate_is_no_gate(project, capsys, gate_json, said):
    project.configure(lambda model: model.update(gates=[gate_json]))
    code, out = run(project, capsys)
    assert code == 1
    assert said in out
    assert "gates[0]" in out


def test_gates_must_be_written_out(project, capsys):
    project.configure(lambda model: model.pop("gates"))
    code, out = run(project, capsys)
    assert (code, "write [] for a model without gates" in out) == (1, True)


def test_a_threshold_may_be_a_json_number(project, capsys):
    project.configure(lambda model: model.update(gates=[{"metric": "auc_roc", "op": ">=", "threshold": 0.92}]))
    project.measure('{"auc_roc": 0.9199999999999999999}')
    assert run(project, capsys)[0] == 3


def test_wrong_usage_is_code_2(project):
    with pytest.raises(SystemExit) as stop:
        gate.main([])
    assert stop.value.code == 2
