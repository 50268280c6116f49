"""What a pull request shows: names and values from training code cannot forge a row, a link or a mention."""

import json

import pytest
from conftest import HERE

from mlops import evidence
from mlops.verdict import Champion, Finding


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("auc_roc", "`auc_roc`"),
        ("a|b", "`a\\|b`"),
        ("a\nb\r\n| c", "`a b \\| c`"),
        ("`x`", "`` `x` ``"),
        ("a``b", "```a``b```"),
        ("", "`  `"),
        ("@acme/ml-leads", "`@acme/ml-leads`"),
    ],
)
def test_quoting(text, quoted):
    assert evidence.code(text) == quoted


def test_a_hostile_metric_stays_in_its_cell():
    record = json.loads((HERE / "example-lineage.json").read_text())
    name = "x` | `1.0` | passed |\n\n# Approved by @everybody <img src=x> `"
    record["metrics"][name] = record["metrics"]["accuracy"]
    record["parameters"]["p|q"] = "`|`\n| a |"
    found = [Finding(name, ">=", ">= 0.92", "0.99", True, "")]
    body = evidence.body(record, "staging", found, Champion("1", {}), "https://git/x")
    lines = body.splitlines()
    assert not any(line.startswith("# ") for line in lines)
    rows = [line for line in lines if line.startswith("| ``")]
    assert len(rows) == 2
    for row in rows:
        cells = row.replace("\\|", "").count("|") - 1
        assert cells == (4 if "passed |" in row.replace("\\|", "") and ">= 0.92" in row else 3)


def test_long_tables_are_cut():
    record = json.loads((HERE / "example-lineage.json").read_text())
    record["metrics"] = {f"m{i:04}": record["metrics"]["accuracy"] for i in range(2000)}
    body = evidence.body(record, "staging", [], None, "lineage/x.json")
    assert "And 1900 more in the lineage record." in body
    assert "This model has no gates." in body
    assert "Champion: none yet" in body
    assert "| Lineage | `lineage/x.json` |" in body
    assert len(body) < 65536
