"""The starter's steps, run as the pipeline runs them. The package is found by its shared module."""

import contextlib
import csv
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = next((path.parent for path in sorted(SOURCE.rglob("_table.py"))), None)

pytestmark = pytest.mark.skipif(PACKAGE is None, reason="the starter's code was replaced")


def dotted(module):
    if not (PACKAGE / f"{module}.py").exists():
        pytest.skip(f"there is no step {module}")
    return ".".join([*PACKAGE.relative_to(SOURCE).parts, module])


def run(module, *args, code=0):
    """Run a step in this process: importing scikit-learn anew each time would take most of the time."""
    sys.path.insert(0, str(SOURCE))
    try:
        main = importlib.import_module(dotted(module)).main
    finally:
        sys.path.remove(str(SOURCE))
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            ended = main([str(arg) for arg in args])
        except SystemExit as stop:
            ended = stop.code
    assert ended == code, out.getvalue()
    return out.getvalue()


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "deep/example.csv"
    assert "569 rows" in run("example_data", path)
    assert "nothing to do" in run("example_data", path)
    return path


@pytest.fixture(scope="session")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run("prepare", "--data", data, "--out", folder / "features")
    run("train", "--features", folder / "features", "--model", folder / "model", "--metrics", folder / "metrics.json")
    return folder


def test_the_example_is_good_enough(trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    assert round(metrics["auc_roc"], 5) == 0.98973
    assert all(isinstance(value, int | float) for value in metrics.values())
    expected = {"learning_rate": 0.05, "n_estimators": 200, "max_depth": 5, "seed": 42, "n_samples": 143}
    assert expected.items() <= metrics.items()


def test_the_model_can_be_served(trained):
    pytest.importorskip("mlflow")
    model = (trained / "model/MLmodel").read_text()
    assert "skops_trusted_types" in model
    assert "signature:" in model
    assert all("==" in line for line in (trained / "model/requirements.txt").read_text().split())
    assert (trained / "model/input_example.json").exists()


def test_equal_inputs_give_an_equal_model(trained, tmp_path):
    run("train", "--features", trained / "features", "--model", tmp_path / "m", "--metrics", tmp_path / "a/m.json")
    again, before = (json.loads(path.read_text()) for path in (tmp_path / "a/m.json", trained / "metrics.json"))
    assert {**again, "latency_p95_ms": 0} == {**before, "latency_p95_ms": 0}


def test_evaluate_measures_the_same(trained, tmp_path):
    out = tmp_path / "metrics.json"
    run("evaluate", "--model", trained / "model", "--features", trained / "features", "--metrics", out, "--no-latency")
    found, before = (json.loads(path.read_text()) for path in (out, trained / "metrics.json"))
    assert found.items() <= before.items()


def test_report(trained, tmp_path):
    args = ["--metrics", trained / "metrics.json", "--model", trained / "model"]
    run("report", *args, "--out", tmp_path / "r")
    assert "| auc_roc | 0.98972" in (tmp_path / "r/report.md").read_text()
    run("report", *args, "--out", tmp_path / "r.html")
    assert "<td>auc_roc<td>0.98972" in (tmp_path / "r.html").read_text()
    assert "nothing to report" in run("report")


def test_noise_is_not_learned(data, tmp_path):
    rows = list(csv.reader(data.open(newline="")))
    for number, row in enumerate(rows[1:]):
        row[-1] = str(zlib.crc32(b"%d" % number) & 1)  # as good as drawn by lot
    noise = tmp_path / "noise.csv"
    csv.writer(noise.open("w", newline="")).writerows(rows)
    run("prepare", "--data", noise, "--out", tmp_path / "f.csv")
    args = ["--features", tmp_path / "f.csv", "--model", tmp_path / "m", "--n-estimators", "20"]
    run("train", *args, "--metrics", tmp_path / "m.json")
    assert json.loads((tmp_path / "m.json").read_text())["auc_roc"] < 0.7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "has no column label"),
        ("a,label\nx,1\n", "column a is 'x' in row 1, must be a number"),
        ("a,label\n1,0\n,1\n", "column a is '' in row 2, must be a number"),
        ("a,label\ninf,1\n", "column a is 'inf' in row 1, must be a number"),
        ("a,label\n1,0.5\n", "column label must hold integers"),
        ("a,label\n", "at least one row"),
        ("label\n1\n", "one column besides label"),
        ("a,label\n" + "1,1\n" * 9, "must hold two values"),
        ("a,label\n" + "1,1\n" * 9 + "1,0\n", "at least 4 rows; it has 0: 1, 1: 9"),
        ("", "not a CSV file"),
    ],
)
def test_prepare_refuses_in_a_sentence(tmp_path, text, said):
    (tmp_path / "d.csv").write_text(text)
    out = run("prepare", "--data", tmp_path / "d.csv", "--out", tmp_path / "f", code=1)
    assert said in out
    assert "Traceback" not in out
    assert not (tmp_path / "f").exists()


def test_as_a_program(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", dotted("prepare"), "--data", "none.csv", "--out", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: none.csv: there is no such file")


def test_missing_data_and_unknown_options(tmp_path):
    said = run("prepare", "--data", tmp_path / "none.csv", "--out", tmp_path / "f", code=1)
    assert "there is no such file" in said
    assert "unrecognized arguments: --depth" in run("prepare", "--data", "d", "--out", "f", "--depth", "3", code=2)
    args = ["--features", "f", "--model", "m", "--metrics", "x"]
    assert "must be above zero" in run("train", *args, "--max-depth", "0", code=2)
    assert "invalid float value" in run("train", *args, "--learning-rate", "fast", code=2)


def test_prepare_reads_a_folder(data, tmp_path):
    for name in ("a", "b"):
        (tmp_path / "d").mkdir(exist_ok=True)
        shutil.copy(data, tmp_path / f"d/{name}.csv")
    assert "1138 rows" in run("prepare", "--data", tmp_path / "d", "--out", tmp_path / "f")


def test_skeletons_copy(tmp_path):
    skeletons = [p.stem for p in PACKAGE.glob("*.py") if "is a skeleton" in p.read_text()]
    if not skeletons:
        pytest.skip("no step is a skeleton any more")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x").write_text("1")
    (tmp_path / "one").write_text("1")
    name = skeletons[0]
    out = run(
        name, "--a", tmp_path / "in", "--out", tmp_path / "o/p", "--mode", "fast", "--metrics", tmp_path / "m.json"
    )
    assert "is a skeleton: copied 1 inputs to 1 outputs, wrote 1 metrics" in out
    assert (tmp_path / "o/p/x").read_text() == "1"
    assert json.loads((tmp_path / "m.json").read_text()) == {}
    run(name, f"--a={tmp_path / 'in'}", "--b", tmp_path / "one", "--out", tmp_path / "q")
    assert sorted(path.name for path in (tmp_path / "q").iterdir()) == ["in", "one"]
    assert not Path("fast").exists()
