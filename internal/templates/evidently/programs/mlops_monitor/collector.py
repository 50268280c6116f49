"""Keeps what an endpoint is asked and answers: ``python -m mlops_monitor.collector``.

Takes the CloudEvents of KServe's logger (HTTP, binary mode) and appends them to the day's log;
exposes the last result of the comparison at /metrics.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from mlops_monitor.config import Config, Stop, load
from mlops_monitor.exposition import family, of_result, read_result
from mlops_monitor.log import append, day, forget

TYPES = {
    "org.kubeflow.serving.inference.request": "request",
    "org.kubeflow.serving.inference.response": "response",
}
MAX_EVENT = 4 << 20
MAX_DAY = 1 << 30  # a flood must not fill the volume that models lie on


class Refusal(Exception):
    """An event that is not kept."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        """Keep the answer to give."""
        super().__init__(why)
        self.status = status


class Keeper:
    """Appends events to the log; safe to use from several threads."""

    def __init__(self, config: Config, max_day: int = MAX_DAY) -> None:
        """Make the folder of the log."""
        self.config = config
        self.started = datetime.now(UTC)
        self.kept: Counter[str] = Counter()
        self.refused = 0
        self._max_day = max_day
        self._lock = threading.Lock()
        self._day = ""
        config.folder.mkdir(parents=True, exist_ok=True)

    def keep(self, headers: dict[str, str], body: bytes) -> None:
        """Append one event."""
        kind = TYPES.get(headers.get("ce-type", ""))
        if kind is None or not headers.get("ce-id"):
            raise Refusal(HTTPStatus.BAD_REQUEST, "not an inference event in binary mode: ce-type and ce-id are needed")
        try:
            payload = json.loads(body)
        except ValueError:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the payload is not JSON") from None
        now = datetime.now(UTC)
        record = {
            "id": headers["ce-id"],
            "type": kind,
            "time": now.isoformat(timespec="milliseconds"),
            "payload": payload,
        }
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            path = day(self.config.folder, now)
            if path.name != self._day:
                self._day = path.name
                forget(self.config.folder, now - timedelta(days=self.config.retention_days))
            if path.exists() and path.stat().st_size + len(line) > self._max_day:
                raise Refusal(HTTPStatus.INSUFFICIENT_STORAGE, "the day's log is full")
            append(path, line)
            self.kept[kind] += 1

    def refuse(self) -> None:
        """Count an event that is not kept."""
        with self._lock:
            self.refused += 1

    def metrics(self) -> str:
        """Write all metrics."""
        with self._lock:
            kept = [({"type": kind}, float(self.kept[kind])) for kind in sorted(TYPES.values())]
            refused = float(self.refused)
        return (
            family("mlops_monitor_events_total", "counter", "Events that were kept.", kept)
            + family("mlops_monitor_refused_events_total", "counter", "Events that were not kept.", [({}, refused)])
            + of_result(read_result(self.config.result), self.started.timestamp())
        )


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    keeper: Keeper

    def do_POST(self) -> None:
        """Keep an event."""
        try:
            self.keeper.keep({name.lower(): value for name, value in self.headers.items()}, self._body())
        except Refusal as refusal:
            self.keeper.refuse()
            self.close_connection = True
            self._answer(refusal.status, f"{refusal}\n")
        except OSError as fault:
            self.keeper.refuse()
            self.log_error("%s", fault)
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the log cannot be written\n")
        else:
            self._answer(HTTPStatus.OK, "")

    def do_GET(self) -> None:
        """Expose metrics and health."""
        if self.path == "/metrics":
            self._answer(HTTPStatus.OK, self.keeper.metrics(), "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/healthz":
            self._answer(HTTPStatus.OK, "ok\n")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "there are /metrics and /healthz\n")

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "Content-Length is needed")
        if int(length) > MAX_EVENT:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_EVENT} bytes")
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of what went well."""


def serve(config: Config, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Make the server."""
    handler = type("BoundHandler", (Handler,), {"keeper": Keeper(config)})
    server = ThreadingHTTPServer(address, handler)
    server.daemon_threads = True
    return server


def main(argv: Sequence[str] | None = None) -> int:
    """Run the collector until it is told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops_monitor.collector", description="Keep what an endpoint is asked and answers."
    )
    parser.add_argument("--config", type=Path, required=True, help="config.json of the endpoint's monitor")
    parser.add_argument("--host", default="0.0.0.0", help="the address to listen on")  # noqa: S104 (a pod's own)
    parser.add_argument("--port", type=int, default=8080)
    args = parser.parse_args(argv)
    try:
        server = serve(load(args.config), (args.host, args.port))
    except (Stop, OSError) as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
