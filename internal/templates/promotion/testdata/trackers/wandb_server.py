"""A server of Weights & Biases on this machine, for the real client: GraphQL, the stream of a run, and files.

Each request is checked against the client's own operations and inputs, and each answer against its models; see
``wandb_types``. What the client does not send, and what cannot be answered, is refused and stands in ``unknown``.
"""

import base64
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from wandb_actions import Actions, Queries, fields
from wandb_graphql import Document, Wrong
from wandb_store import Store
from wandb_types import Client

KEY = "0123456789abcdef0123456789abcdef01234567"


class Server:
    """Takes requests; ``fault`` gives, for the name of one, the status and body that it is refused with, or None."""

    def __init__(self, fault):
        self.store, self.client, self.fault = Store(), Client(), fault
        self.unknown, self.seen, self.lock = [], set(), threading.Lock()
        self.roots = {"mutation": fields(Actions(self.store)), "query": fields(Queries(self.store))}
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand_in": self}))
        self.http.daemon_threads = True
        self.store.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def graphql(self, body):
        """Give status and body of an answer."""
        text, variables = body["query"], body.get("variables") or {}
        try:
            document = Document(text)
            if body.get("operationName") not in (None, "", document.name):
                raise Wrong("operationName is another")
            model = self.client.model(text)
            self.client.inputs(document.declared, variables)
        except Exception as fault:
            return self.lost(f"{text}\n{json.dumps(variables)}", fault)
        self.seen.add(document.name)
        return self.fault(document.name) or self.answered(document, variables, model)

    def answered(self, document, variables, model):
        """Give what an operation selects, as the client's model of it wants it."""
        try:
            with self.lock:
                data = document.answer(variables, {"__typename": document.kind, **self.roots[document.kind]})
            if model is not None:
                model.model_validate(data)
        except Exception as fault:
            return self.lost(document.name, fault)
        return 200, {"data": data}

    def lost(self, request, fault):
        """Refuse what only a fault of the stand-in or of the client can bring about."""
        self.unknown.append(f"{request}: {fault!r}")
        return 400, {"errors": [{"message": str(fault)}]}

    def stream(self, entity, project, run, body):
        """Take what a run says of itself: the summary and its end."""
        found = self.store.projects[entity, project].runs[run]
        for name, file in (body.get("files") or {}).items():
            if name == "wandb-summary.json":
                found.summary = json.loads(file["content"][-1])
        if body.get("complete"):
            found.exit = body["exitcode"]
        return 200, {"limits": {}}

    def file(self, path):
        """Give a file: by its signed address, or by what it is of."""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[0] != "artifactsV2":
            return self.store.files.get(path)
        _, _region, entity, project, collection, artifact, birth, digest, name = parts
        made = self.store.artifacts[artifact]
        here = self.store.projects[entity, project].collections[collection]
        listed = made.entries().get(name, {}).get("digest") == base64.b64encode(bytes.fromhex(digest)).decode()
        return (
            self.store.files[made.stored[name]]
            if listed and made in here.members.values() and birth == artifact
            else None
        )


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""

    def answer(self, status, body=b"", kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def signed(self):
        if self.headers.get("Authorization") == "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode():
            return True
        self.answer(401, {"errors": [{"message": "user is not logged in"}]})
        return False

    def do_POST(self):
        server, parts, data = self.stand_in, self.path.strip("/").split("/"), self.body()
        if not self.signed():
            return
        if parts == ["graphql"]:
            self.answer(*server.graphql(json.loads(data)))
        elif parts[0] == "files" and parts[-1] == "file_stream":
            self.answer(*(server.fault("file_stream") or server.stream(*parts[1:-1], json.loads(data))))
        else:
            self.answer(*server.lost(f"POST {self.path}", "no such address"))

    def do_PUT(self):
        data = self.body()
        if broken := self.stand_in.fault("storage"):
            return self.answer(*broken)
        self.stand_in.store.files[self.path] = data
        self.answer(200)

    def do_GET(self):
        if self.path.startswith("/artifactsV2/") and not self.signed():
            return
        self.stand_in.seen.add(self.path.split("/")[1])
        found = self.stand_in.file(self.path)
        if found is None:
            return self.answer(*self.stand_in.lost(f"GET {self.path}", "no such file"))
        self.answer(200, found, "application/octet-stream")
