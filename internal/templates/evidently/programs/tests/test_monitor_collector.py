"""The collector, over real HTTP, with the CloudEvents that KServe's logger sends."""

from __future__ import annotations

import errno
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlops_monitor import collector
from mlops_monitor.config import Config
from mlops_monitor.log import day, days, read, write_atomic

V2 = {"inputs": [{"name": "amount", "shape": [2, 1], "datatype": "FP64", "data": [1.5, 2.5]}]}


def config_of(folder: Path) -> Config:
    """Give a config without drift and performance."""
    return Config("score", "staging", folder / "log", 24, 30, {}, None, None)


@contextmanager
def running(config: Config) -> Iterator[int]:
    """Run a collector on a free port."""
    server = collector.serve(config, ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    """Make one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def event(port: int, kind: str, payload: object, number: str = "a1") -> int:
    """Send one event as KServe's logger does."""
    return ask(
        port,
        "POST",
        "/",
        json.dumps(payload).encode(),
        Ce_Specversion="1.0",
        Ce_Id=number,
        Ce_Type=f"org.kubeflow.serving.inference.{kind}",
        Ce_Source="http://localhost:9081/",
        Ce_Time="2026-01-01T00:00:00Z",
        Ce_Inferenceservicename="score",
        Ce_Namespace="fraud-staging",
        Content_Type="application/json",
    )[0]


def test_events_become_lines_of_the_day(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    with running(config) as port:
        assert event(port, "request", V2) == 200
        assert event(port, "response", {"outputs": [{"name": "p", "shape": [2], "data": [0, 1]}]}) == 200
    lines = [json.loads(line) for line in day(config.folder, datetime.now(UTC)).read_text().splitlines()]
    assert [(line["id"], line["type"]) for line in lines] == [("a1", "request"), ("a1", "response")]
    assert lines[0]["payload"] == V2


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 400),
        ({"Ce_Id": "1", "Ce_Type": "org.example.other"}, b"{}", 400),
        ({"Ce_Type": "org.kubeflow.serving.inference.request"}, b"{}", 400),
        ({"Ce_Id": "1", "Ce_Type": "org.kubeflow.serving.inference.request"}, b"{", 400),
        ({"Content_Length": "9999999999"}, b"", 413),
        ({"Content_Length": "many"}, b"", 411),
    ],
)
def test_what_is_no_event_is_refused_and_counted(
    tmp_path: Path, headers: dict[str, str], body: bytes, status: int
) -> None:
    with running(config_of(tmp_path)) as port:
        assert ask(port, "POST", "/", body, **headers)[0] == status
        assert "mlops_monitor_refused_events_total 1.0\n" in ask(port, "GET", "/metrics")[1]
    assert days(tmp_path / "log") == []


def test_where_files_cannot_grow_a_day_has_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def whole(self: Path, mode: str = "r", *args: Any, **given: Any) -> Any:
        if mode == "ab" and self.exists():
            raise PermissionError(errno.EPERM, "Operation not permitted")
        return opened(self, mode, *args, **given)

    def no_replace(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(Path, "open", whole)
    monkeypatch.setattr(Path, "replace", no_replace)
    config = config_of(tmp_path)
    with running(config) as port:
        for number in range(3):
            headers = {"Ce_Id": str(number), "Ce_Type": "org.kubeflow.serving.inference.request"}
            assert ask(port, "POST", "/", json.dumps(V2).encode(), **headers)[0] == 200
    now = datetime.now(UTC)
    assert len(days(config.folder)) == 3
    assert len(read(config.folder, now - timedelta(hours=1), ["amount"]).rows) == 6
    write_atomic(config.result, {"a": 1})
    write_atomic(config.result, {"a": 2})
    assert json.loads(config.result.read_text()) == {"a": 2}


def test_metrics_are_those_of_the_last_result(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    with running(config) as port:
        before = ask(port, "GET", "/metrics")[1]
        write_atomic(
            config.result,
            {
                "version": 1,
                "time": 1000.5,
                "rows": 200,
                "drift": {"share": 0.5, "columns": {'a"b\\c': 0.25}},
                "null_ratio": {"amount": 0},
                "performance": {"metric": "auc_roc", "value": 0.9},
            },
        )
        after = ask(port, "GET", "/metrics")[1].splitlines()
    assert "mlops_drift_share" not in before
    assert "mlops_monitor_last_run_timestamp_seconds 1" in before  # the collector's own start
    for line in (
        "mlops_monitor_last_run_timestamp_seconds 1000.5",
        "mlops_monitor_rows 200.0",
        "mlops_drift_share 0.5",
        'mlops_column_drift_score{column="a\\"b\\\\c"} 0.25',
        'mlops_column_null_ratio{column="amount"} 0.0',
        'mlops_performance{metric="auc_roc"} 0.9',
        'mlops_monitor_events_total{type="request"} 0.0',
    ):
        assert line in after


def test_a_broken_result_is_no_result(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    with running(config) as port:
        config.result.write_text("{")
        assert ask(port, "GET", "/metrics")[0] == 200


def test_old_days_are_forgotten(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    config.folder.mkdir()
    now = datetime.now(UTC)
    old, recent = day(config.folder, now - timedelta(days=32)), day(config.folder, now - timedelta(days=29))
    for path in (old, recent, config.folder / "notes.jsonl"):
        path.write_text("")
    with running(config) as port:
        assert event(port, "request", V2) == 200
    assert not old.exists()
    assert recent.exists()
    assert (config.folder / "notes.jsonl").exists()


def test_a_flood_does_not_fill_the_volume(tmp_path: Path) -> None:
    keeper = collector.Keeper(config_of(tmp_path), max_day=200)
    headers = {"ce-id": "1", "ce-type": "org.kubeflow.serving.inference.request"}
    keeper.keep(headers, b"{}")
    with pytest.raises(collector.Refusal):
        for _ in range(10):
            keeper.keep(headers, b"{}")


def test_health_and_unknown_paths(tmp_path: Path) -> None:
    with running(config_of(tmp_path)) as port:
        assert ask(port, "GET", "/healthz") == (200, "ok\n")
        assert ask(port, "GET", "/")[0] == 404
