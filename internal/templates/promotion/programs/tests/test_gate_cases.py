"""The conformance table of the gate: metric files, and what every orchestrator's gate must say of them.

A case with ``champion`` needs a registry: its value is what was measured of the champion, ``{}`` when there is none.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from mlops import gate

CASES = json.loads(Path(__file__).with_name("gate_cases.json").read_text())


def check(project, capsys, case):
    project.configure(lambda model: model.update(gates=case["gates"]))
    if case["metrics"] is None:
        (project.root / project.metrics).unlink()
    else:
        project.measure(case["metrics"])
    code = gate.main(["--pipeline", str(project.pipeline), "--metrics", str(project.metrics)])
    out, err = capsys.readouterr()
    assert code == case["exit"], out + err
    assert case["sentence"] in (err if code else out)


@pytest.mark.parametrize("case", [c for c in CASES if "champion" not in c], ids=lambda case: case["name"])
def test_case(project, capsys, case):
    check(project, capsys, case)


@pytest.mark.parametrize("case", [c for c in CASES if "champion" in c], ids=lambda case: case["name"])
def test_case_with_champion(project, registry, capsys, case):
    if case["champion"]:
        from mlops.config import load_model

        registry.ensure_model(load_model(project.root / project.model))
        with registry.run("fraud-detector", "r", {}) as run:
            registry.log(run, {name: Decimal(str(value)) for name, value in case["champion"].items()}, {})
        version = registry.create_version("fraud-detector", str(project.root), run, {})
        registry.set_alias("fraud-detector", "champion", version.number)
    check(project, capsys, case)


def test_the_table():
    assert len({case["name"] for case in CASES}) == len(CASES) > 60
    assert {case["exit"] for case in CASES} == {0, 3}
