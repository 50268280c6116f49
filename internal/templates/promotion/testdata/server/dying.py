"""Registration at a real MLflow server that dies after each of its requests in turn, or whose answer to it is lost."""

import base64
import http.client
import os
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "trackers"))
from flow import project, train  # noqa: E402

from mlops import record  # noqa: E402
from mlops import registry as reg  # noqa: E402
from mlops.registry_mlflow import MLflow  # noqa: E402

REAL = os.environ["MLFLOW_TRACKING_URI"]
HOST = urllib.parse.urlsplit(REAL).netloc
KEPT = ("content-type", "authorization")


class Front(ThreadingHTTPServer):
    """Passes requests on, and gives no answer to one of them (it is carried out), or to that and all after it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.sets(None, dies=False)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def sets(self, silent, dies):
        with self.lock:
            self.silent, self.dies, self.seen = silent, dies, []

    def fate(self, what):
        """Tell whether a request is passed on, and whether it is answered."""
        with self.lock:
            self.seen.append(what)
            number = len(self.seen)
        if self.silent is None or number < self.silent:
            return True, True
        return number == self.silent or not self.dies, number > self.silent and not self.dies


class Handler(BaseHTTPRequestHandler):
    """One request, one connection."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        passed, answered = self.server.fate(f"{self.command} {self.path.partition('?')[0]}")
        if passed:
            headers = {name: value for name, value in self.headers.items() if name.lower() in KEPT}
            real = http.client.HTTPConnection(HOST, timeout=120)
            real.request(self.command, self.path, body, headers)
            reply = real.getresponse()
            data = reply.read()
            real.close()
        if passed and answered:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.getheader("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET


def named(made, name):
    made.configure(lambda model: model.update(name=name))


def whole(direct, name, files):
    """See that every version that says it is complete is, and that the challenger is one of them; count them."""
    versions = [
        direct.version(name, str(found.version)) for found in direct._client.search_model_versions(f"name = '{name}'")
    ]
    complete = [version for version in versions if version.passed]
    for version in complete:
        known = record.fetch(direct, version)
        assert [entry["path"] for entry in known["model"]["files"]] == files, known
        assert record.altered(direct, version, known) == [], version
        assert version.tags[reg.URI] and direct.metrics(version).keys() == {"auc_roc", "accuracy", "n_samples"}, version
    challenger = direct.aliases(name).get(reg.CHALLENGER)
    assert challenger in (None, *(version.number for version in complete)), (challenger, versions)
    return len(complete), challenger


def main():
    made, front, direct = project("mlflow"), Front(), MLflow(REAL)
    files = sorted(path.name for path in made.artifact.iterdir())
    os.environ["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{front.server_address[1]}"
    os.environ.update(MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR="0", MLFLOW_HTTP_REQUEST_BACKOFF_JITTER="0")
    made.configure(lambda model: model.update(gates=[{"metric": "auc_roc", "op": ">=", "threshold": "0.92"}]))
    named(made, "healthy")
    code, said = train(made)
    assert code == 0, said
    requests = list(front.seen)
    assert whole(direct, "healthy", files) == (1, "1")
    for number, request in enumerate(requests, 1):
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
        name = f"dies-{number}"
        named(made, name)
        front.sets(number, dies=True)
        code, said = train(made)
        assert code == 1 and said.count("error:") == 1 and "Traceback" not in said, (number, request, said)
        assert "could not" in said, said
        count, challenger = whole(direct, name, files)
        assert count <= 1, (number, request)
        assert challenger is None or number == len(requests), (number, request, challenger)
        front.sets(None, dies=False)
        code, said = train(made)
        assert code == 0, (number, request, said)
        count, challenger = whole(direct, name, files)
        assert count == 1 and challenger is not None, (number, request, count, challenger)

        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "3"
        name = f"lost-{number}"
        named(made, name)
        front.sets(number, dies=False)
        code, said = train(made)
        assert code == 0, (number, request, said)
        count, challenger = whole(direct, name, files)
        assert count == 1 and challenger is not None, (number, request, count, challenger)
    user = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
    assert base64.b64encode(user.encode()).decode() not in said and user not in said
    print(f"dying: {len(requests)} requests, each the last one once and each lost once: {', '.join(requests)}")


main()
