"""Real client against a server that answers with the client's own request and response types."""

import json
import os
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import jwt
from clearml.backend_api.services import events, models, projects, tasks

STORE = {"projects": {}, "tasks": {}, "models": {}}
EVENTS, FILES, DOWN, UNKNOWN, CALLS = [], {}, [], set(), []
UPLOAD = "a file"
CREATED = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime())
SERVICES = {"projects": projects, "tasks": tasks, "models": models, "events": events}


def request_type(service, action):
    name = "".join(part.capitalize() for part in action.split("_")) + "Request"
    return getattr(SERVICES[service], name, None)


def matches(item, wanted):
    for name in ("id", "project", "parent", "task"):
        if wanted.get(name) and item.get(name) not in wanted[name]:
            return False
    if wanted.get("name") and not re.search(wanted["name"], item.get("name", "")):
        return False
    tags = wanted.get("system_tags") or []
    return not any(tag.startswith("-") and tag[1:] in item.get("system_tags", []) for tag in tags)


class Server:
    """What the actions do."""

    def create(self, kind, data):
        number = uuid.uuid4().hex
        if kind == "tasks":
            given = data.get("output_dest") or ""
            data = {"output": {"destination": given}, "script": {}, "execution": {"artifacts": []}, "hyperparams": {},
                    "configuration": {}, "models": {"input": [], "output": []}, "tags": [], "system_tags": [], "runtime": {}} | data
            data.setdefault("status", "created")
        if kind == "models":
            data = {"tags": [], "system_tags": [], "labels": {}, "metadata": {}, "ready": False, "uri": "", "framework": "", "design": {}, "comment": ""} | data
        STORE[kind][number] = {"id": number, "created": CREATED, "last_update": CREATED, "company": "c", "user": "u", **data}
        return {"id": number}

    def update(self, kind, data):
        item = STORE[kind][data.pop(kind[:-1])]
        data.pop("force", None)
        item |= data
        return {"updated": 1, "fields": data}

    def metadata(self, data):
        item = STORE["models"][data["model"]]
        entries = {} if data.get("replace_metadata") else {entry["key"]: entry for entry in item.get("metadata", {}).values()}
        entries |= {entry["key"]: entry for entry in data["metadata"]}
        item["metadata"] = entries
        return {"updated": 1}

    def parameters(self, data):
        item = STORE["tasks"][data["task"]]
        known = item.setdefault("hyperparams", {})
        if data.get("replace_hyperparams") == "all":
            known.clear()
        for entry in data["hyperparams"]:
            known.setdefault(entry["section"], {})[entry["name"]] = entry
        return {"updated": 1}

    def do(self, service, action, data):
        kind = service
        if (service, action) == ("auth", "login"):
            token = jwt.encode({"exp": time.time() + 9000, "env": "stand-in", "api_version": "2.30", "server_version": "2.0.0"}, "k" * 32, algorithm="HS256")
            return {"token": token}
        if service == "auth" or service == "users" or service == "login":
            return {"user": {"id": "u", "name": "test", "company": {"id": "c", "name": "c"}}}
        if action == "create":
            return self.create(kind, data)
        if action in ("get_all", "get_all_ex"):
            found = [item for item in STORE[kind].values() if matches(item, data)]
            found = found if not data.get("page") else []
            return {kind: [dict(item) for item in found]}
        if action == "get_by_id":
            item = STORE[kind].get(data[kind[:-1]])
            return None if item is None else {kind[:-1]: item}
        if action == "get_by_task_id":
            return None
        if action in ("edit", "update"):
            return self.update(kind, data)
        if action == "add_or_update_metadata":
            return self.metadata(data)
        if action == "edit_hyper_params":
            return self.parameters(data)
        return self.rest(service, action, data)

    def rest(self, service, action, data):
        if action == "set_ready":
            STORE["models"][data["model"]]["ready"] = True
            return {"updated": 1, "published_task": {}}
        if action == "add_or_update_model":
            lists = STORE["tasks"][data["task"]].setdefault("models", {}).setdefault(data["type"] + "", [])
            lists.append({"name": data["name"], "model": data["model"]})
            return {"updated": 1}
        if action == "add_or_update_artifacts":
            kept = STORE["tasks"][data["task"]].setdefault("execution", {}).setdefault("artifacts", [])
            kept[:] = [each for each in kept if each["key"] not in {a["key"] for a in data["artifacts"]}]
            kept += data["artifacts"]
            return {"updated": 1}
        if action in ("started", "stopped", "completed", "failed", "publish", "stop"):
            task = STORE["tasks"][data["task"]]
            task["status"] = {"started": "in_progress"}.get(action, action)
            return {"updated": 1, "fields": {}, "started": 1}
        if action == "add_batch":
            EVENTS.extend(json.loads(line) if isinstance(line, str) else line for line in data["requests"])
            return {"added": len(data["requests"]), "errors": 0}
        if action == "get_task_single_value_metrics":
            wanted = set(data["tasks"])
            values = [{"variant": e["variant"], "value": e["value"], "metric": "Summary", "task": e["task"], "timestamp": 1}
                      for e in EVENTS if e["task"] in wanted and e.get("type") == "training_stats_scalar" and e.get("iter") == -(2**31)]
            return {"tasks": [{"task": task, "values": [v for v in values if v["task"] == task]} for task in wanted]}
        if action in ("ping", "reset", "supported_modes", "set_requirements"):
            return {}
        UNKNOWN.add(f"{service}.{action}")
        return {}


class Handler(BaseHTTPRequestHandler):
    """The API server and the file server in one."""

    def log_message(self, *args):
        pass

    def answer(self, body, status=200, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(self.path.partition("?")[0])
        if path in FILES:
            return self.answer(FILES[path], kind="application/octet-stream")
        self.do_POST()

    def do_PUT(self):
        self.do_POST()

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = self.chunks()
        file = self.headers.get("Content-Type", "").startswith("multipart/form-data")
        name = UPLOAD if file else self.path.partition("?")[0].strip("/").rpartition("/")[2]
        if faults.hit(name):
            return self.answer(meta(500, "broken", 1), 500)
        if file:
            return self.stored(data)
        service, _, action = name.partition(".")
        if DOWN and service != "auth":
            return self.answer(meta(DOWN[0], "broken", 1), DOWN[0])
        kind = SERVICES.get(service) and request_type(service, action)
        if kind is None and service in SERVICES and action != "add_batch":
            UNKNOWN.add(name)
        lines = data.decode().splitlines()
        parsed = {"requests": [json.loads(line) for line in lines if not line.startswith('{"index"')]} if action == "add_batch" else json.loads(data or b"{}")
        CALLS.append(name)
        found = Server().do(service, action, parsed)
        if found is None:
            return self.answer(meta(400, f"Invalid {service[:-1]} id", 100), 400)
        self.answer({**meta(200, "OK"), "data": found})

    def chunks(self):
        parts = b""
        while size := int(self.rfile.readline(), 16):
            parts += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return parts

    def stored(self, data):
        kind = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        for part in data.split(b"--" + kind)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]+)"', head)[1].decode()
            FILES["/" + unquote(name).strip("/")] = content.removesuffix(b"\r\n")
        self.answer(b"ok")


def meta(code, text, sub=0):
    return {"meta": {"id": "1", "trx": "1", "endpoint": {"name": "x", "requested_version": "2.30", "actual_version": "2.30"},
                     "result_code": code, "result_subcode": sub, "result_msg": text, "error_stack": ""}}


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_address[1]}"
os.environ |= {
    "CLEARML_API_ACCESS_KEY": "key", "CLEARML_API_SECRET_KEY": "secret", "CLEARML_API_HOST": address,
    "CLEARML_WEB_HOST": address, "CLEARML_FILES_HOST": address, "HOME": str(Path().absolute()),
}
import flow  # noqa: E402

from mlops import registry_clearml  # noqa: E402

faults = flow.Faults(
    log=("events.add_batch", 0),
    upload=(UPLOAD, 0),
    create_version=("models.add_or_update_metadata", 0),
    tag=("models.add_or_update_metadata", 1),
)
registry_clearml._SETTLE = 2.0
made = flow.project("clearml", api_host=address, project="fraud")
one, two = flow.whole(made, faults)
found = {each["metadata"]["mlops.version"]["value"]: each for each in STORE["models"].values() if "mlops.version" in each.get("metadata", {})}
assert found["1"]["ready"] is True and found["1"]["name"] == "fraud-detector", found["1"]
assert "champion" in found["1"]["tags"], found["1"]
assert not UNKNOWN, UNKNOWN
failed = [task for task in STORE["tasks"].values() if task["status"] == "failed"]
assert failed, "no task was marked as failed"
DOWN.append(500)
flow.dead(made, f"the registry clearml:{address}/fraud could not")


def ends():
    """Register at a server whose answers the client would await for ever."""
    begun = time.monotonic()
    code, said = flow.train(made, "--param", "n_estimators=999")
    assert code == 1 and "error: the registry clearml:" in said and "Traceback" not in said, said
    assert time.monotonic() - begun < 90, f"it took {time.monotonic() - begun} s"


DOWN[:] = [503]
ends()
server.shutdown()
server.server_close()
ends()
print("models:", sorted(found), flush=True)
