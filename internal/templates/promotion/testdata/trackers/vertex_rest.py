"""Real clients against a server that answers in their own types: Model and Operation, and objects of a bucket."""

import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform_v1, storage

MODELS, OBJECTS, DOWN = {}, {}, []
PARENT = "projects/acme-fraud/locations/europe-west1"


def message(kind, body):
    return kind.from_json(body, ignore_unknown_fields=False)


class Service(BaseHTTPRequestHandler):
    """The part of Vertex AI and Cloud Storage that a registry needs."""

    def log_message(self, *args):
        pass

    def answer(self, body, status=200):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def missing(self):
        self.answer({"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}, 404)

    def do_GET(self):
        at = urlsplit(unquote(self.path))
        if DOWN:
            self.answer({"error": {"code": 500, "message": "broken", "status": "INTERNAL"}}, 500)
        elif found := re.fullmatch(rf"/v1/{PARENT}/models/([^:@]+):listVersions", at.path):
            versions = MODELS.get(found[1])
            if versions is None:
                return self.missing()
            listed = aiplatform_v1.ListModelVersionsResponse(models=versions)
            self.answer(type(listed).to_json(listed).encode())
        elif at.path.startswith(("/download/storage/v1/b/", "/storage/v1/b/")):
            key = at.path.partition("/o/")[2]
            self.answer(OBJECTS[key]) if key in OBJECTS else self.missing()
        else:
            self.missing()

    def do_POST(self):
        at, data = urlsplit(unquote(self.path)), self.body()
        if DOWN:
            return self.answer({"error": {"code": 500, "message": "broken", "status": "INTERNAL"}}, 500)
        if faults.hit("object" if at.path.startswith("/upload/storage/v1/b/") else at.path.rpartition(":")[2]):
            return self.answer({"error": {"code": 500, "message": "broken", "status": "INTERNAL"}}, 500)
        if at.path.startswith("/upload/storage/v1/b/"):
            kind = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
            _, meta, content, _ = data.split(b"--" + kind)
            name = json.loads(meta.partition(b"\r\n\r\n")[2])["name"]
            if parse_qs(at.query).get("ifGenerationMatch") == ["0"] and name in OBJECTS:
                return self.answer({"error": {"code": 412, "message": "exists"}}, 412)
            OBJECTS[name] = content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
            return self.answer({"name": name, "bucket": "acme", "generation": "1", "size": str(len(OBJECTS[name]))})
        if at.path == f"/v1/{PARENT}/models:upload":
            request = message(aiplatform_v1.UploadModelRequest, data)
            return self.uploaded(request)
        if found := re.fullmatch(rf"/v1/{PARENT}/models/([^@]+)@(\d+):mergeVersionAliases", at.path):
            request = message(aiplatform_v1.MergeVersionAliasesRequest, data)
            return self.merged(found, request)
        self.missing()

    def uploaded(self, request):
        model = request.model_id or request.parent_model.rpartition("/")[2]
        assert request.model.container_spec.image_uri, "a version needs an image"
        versions = MODELS.setdefault(model, [])
        made = aiplatform_v1.Model(request.model)
        made.name, made.version_id = f"{PARENT}/models/{model}", str(len(versions) + 1)
        made.version_aliases = ["default"] if not versions else []
        versions.append(made)
        done = {"@type": "type.googleapis.com/google.cloud.aiplatform.v1.UploadModelResponse"}
        response = {**done, "model": made.name, "modelVersionId": made.version_id}
        self.answer({"name": f"{PARENT}/operations/1", "done": True, "response": response})

    def merged(self, found, request):
        for version in MODELS[found[1]]:
            aliases = set(version.version_aliases)
            for change in request.version_aliases:
                name = change.removeprefix("-")
                if version.version_id == found[2] and change == name:
                    aliases.add(name)
                else:
                    aliases.discard(name)
            version.version_aliases = sorted(aliases)
        self.answer(aiplatform_v1.Model.to_json(MODELS[found[1]][int(found[2]) - 1]).encode())

    def do_PATCH(self):
        at, data = urlsplit(unquote(self.path)), self.body()
        if faults.hit("patch"):
            return self.answer({"error": {"code": 500, "message": "broken", "status": "INTERNAL"}}, 500)
        found = re.fullmatch(rf"/v1/{PARENT}/models/([^@]+?)(?:@(\d+))?", at.path)
        request = message(aiplatform_v1.Model, data)
        for version in MODELS[found[1]]:
            if found[2] in (None, version.version_id):
                for name in parse_qs(at.query)["updateMask"][0].split(","):
                    field = re.sub("[A-Z]", lambda upper: "_" + upper[0].lower(), name)
                    setattr(version, field, getattr(request, field))
        self.answer(aiplatform_v1.Model.to_json(MODELS[found[1]][0]).encode())

    def do_DELETE(self):
        self.answer({"name": f"{PARENT}/operations/2", "done": True, "response": {"@type": "type.googleapis.com/google.protobuf.Empty"}})


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_address[1]}"
os.environ |= {
    "STORAGE_EMULATOR_HOST": address,
    "GOOGLE_APPLICATION_CREDENTIALS": "unused",
    "MLOPS_ARTIFACTS_URI": "gs://acme/fraud",
    "MLOPS_IMAGE": "ghcr.io/acme/fraud@sha256:" + "9f" * 32,
}
asked = []
RealModels, RealStorage = aiplatform_v1.ModelServiceClient, storage.Client


def models(client_options):
    asked.append(client_options["api_endpoint"])
    options = ClientOptions(api_endpoint=address)
    return RealModels(transport="rest", credentials=AnonymousCredentials(), client_options=options)


aiplatform_v1.ModelServiceClient = models
storage.Client = lambda project: RealStorage(project=project, credentials=AnonymousCredentials())

import flow  # noqa: E402

storage.retry.DEFAULT_RETRY._timeout = 0.5  # of 120 seconds
faults = flow.Faults(log=("object", 0), upload=("object", 1), create_version=("upload", 0), tag=("patch", 0))
made = flow.project("vertex", project="acme-fraud", location="europe-west1")
one, two = flow.whole(made, faults)
assert set(asked) == {"europe-west1-aiplatform.googleapis.com"}, asked
first = MODELS["fraud-detector"][0]
assert first.version_description == first.artifact_uri == one.tags["mlops.uri"], first
assert first.artifact_uri.startswith("gs://acme/fraud/mlops/runs/fraud-detector."), first
assert dict(first.labels) == {"validation_status": "passed", "mlops_deployed": "production"}, first.labels
assert first.container_spec.image_uri == os.environ["MLOPS_IMAGE"], first
opened = flow.reg.connect(flow.load_model(made.model))
flow.refused("cannot be changed", opened.tag, one, {"mlops.digest": "sha256:0"})
image = os.environ.pop("MLOPS_IMAGE")
code, said = flow.train(made, "--param", "n_estimators=998")
assert code == 1 and "set MLOPS_IMAGE" in said, said
os.environ["MLOPS_IMAGE"] = image
count = len(MODELS["fraud-detector"])
DOWN.append(True)
flow.dead(made, "the registry vertex:acme-fraud/europe-west1 could not")
assert len(MODELS["fraud-detector"]) == count
print("versions:", count)
