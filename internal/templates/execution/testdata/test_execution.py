"""Tests of mlops/execution.py."""

import os
import sys
from pathlib import Path

import pytest

from mlops.execution import Failed, Place, Run, Task, argv, chosen, environment, fill, run_local, texts

PLACE = Place("/mnt/b", "/opt/pipeline.json")
RUN = Run("p", "manual__1+00:00", {"rate": "1e-3", "text": "$(params.rate) {{ x }}"}, "https://x.example/1")


def task(**given):
    """Make a task that is a Python program."""
    script = given.pop("script", "pass")
    return Task(**{"name": "a", "image": "i", "command": [sys.executable, "-c", script, *given.pop("args", [])], **given})


def test_tokens():
    one = task(inputs={"in": ("b", "out")}, outputs={"o": "o", "metrics": "metrics.json"})
    two = Task(name="b", image="i", command=["x"], outputs={"out": "out.json"})
    text = "$(params.rate)|$(params.text)|$(inputs.in)|$(outputs.metrics)|$(config)|$(run.id)|$(run.url)|$$(params.rate)|$$$(x|$("
    filled = fill(text, one, RUN, PLACE, {"a": one, "b": two})
    assert filled == "|".join(
        [
            "1e-3",
            "$(params.rate) {{ x }}",
            "/mnt/b/runs/p/manual__1-00-00/b/out.json",
            "/mnt/b/runs/p/manual__1-00-00/a/metrics.json",
            "/opt/pipeline.json",
            "manual__1+00:00",
            "https://x.example/1",
            "$(params.rate)",
            "$$(x",
            "$(",
        ]
    )


def test_unknown_names_are_errors():
    with pytest.raises(KeyError):
        argv(task(args=["$(params.none)"]), RUN, PLACE)


@pytest.mark.parametrize(
    ("value", "default", "text"),
    [(0.001, "1e-3", "1e-3"), (0.1, "0.10", "0.10"), (0.2, "0.10", "0.2"), (True, "false", "true"), (200, "200", "200"), ("yes", "no", "yes"), (3, None, "3")],
)
def test_texts(value, default, text):
    assert texts({"x": value}, {} if default is None else {"x": default}) == {"x": text}


def test_run_local_hands_files_on(tmp_path):
    first = task(name="first", script="import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])", args=["$(outputs.o)", "$(params.rate)"], outputs={"o": "o"})
    second = task(name="second", inputs={"i": ("first", "o")}, script="import sys; print(open(sys.argv[1]).read())", args=["$(inputs.i)"])
    tasks, lines = {"first": first, "second": second}, []
    for each in tasks.values():
        run_local(each, RUN, tmp_path, tasks, lines.append)
    assert lines == ["1e-3"]


def test_exit_codes_and_time(tmp_path):
    with pytest.raises(Failed) as failed:
        run_local(task(script="import sys; sys.exit(3)"), RUN, tmp_path)
    assert failed.value.code == 3
    with pytest.raises(Failed) as failed:
        run_local(task(script="import time; time.sleep(60)", timeout=1), RUN, tmp_path)
    assert failed.value.code is None


def test_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__X", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///here.db")
    one = task(env={"MLFLOW_TRACKING_URI": "http://mlflow.mlflow:5000", "A": "$(params.rate)"}, tracked=["MLFLOW_TRACKING_URI"])
    env = environment(one, RUN, tmp_path)
    assert (env["MLFLOW_TRACKING_URI"], env["A"]) == ("sqlite:///here.db", "1e-3")
    assert "AIRFLOW__CORE__X" not in env


def test_secrets_must_be_there(tmp_path, monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)
    secret = task(secrets={"TOKEN": ("tracker", "api_key")})
    with pytest.raises(RuntimeError, match="TOKEN must be set: in a cluster it is key api_key of secret tracker"):
        run_local(secret, RUN, tmp_path)
    monkeypatch.setenv("TOKEN", "x")
    run_local(secret, RUN, tmp_path)


def test_cache(tmp_path):
    (tmp_path / "src").mkdir()
    count = tmp_path / "count"
    script = f"import sys, pathlib; open({str(count)!r}, 'a').write('x'); pathlib.Path(sys.argv[1]).write_text('y')"
    kept = task(script=script, args=["$(outputs.o)"], outputs={"o": "o"}, cache=True)
    for run in ("1", "2"):
        run_local(kept, Run("p", run), tmp_path)
        assert (tmp_path / "runs" / "p" / run / "a" / "o").read_text() == "y"
    assert count.read_text() == "x"
    (tmp_path / "src" / "code.py").write_text("new")
    run_local(kept, Run("p", "3"), tmp_path)
    assert count.read_text() == "xx"
    run_local(task(script=script, args=["$(outputs.o)"], outputs={"o": "o"}), Run("p", "4"), tmp_path)
    assert count.read_text() == "xxx"


def test_choice(monkeypatch):
    for name in ("MLOPS_EXECUTION", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert chosen() == "local"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert chosen() == "kubernetes"
    monkeypatch.setenv("MLOPS_EXECUTION", "local")
    assert chosen() == "local"
    monkeypatch.setenv("MLOPS_EXECUTION", "docker")
    with pytest.raises(ValueError, match="docker"):
        chosen()


def test_nothing_of_ours_is_lost(tmp_path):
    assert "PATH" in environment(task(), RUN, tmp_path)
    assert os.environ.get("HOME", "") == environment(task(), RUN, tmp_path).get("HOME", "")
    assert Path(environment(task(), RUN, tmp_path)["PYTHONPATH"].split(os.pathsep)[0]).name == "src"
