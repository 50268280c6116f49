"""Real client, whose operations end in its own backend in memory, extended by what that leaves out: runs that are
there already, the table of runs, and the bytes of files. Then the real backend against servers that do not answer."""

import base64
import contextlib
import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["NEPTUNE_RETRIES_TIMEOUT"] = "3"


def token(address):
    """Sign in at an address."""
    given = json.dumps({"api_address": address, "api_url": address})
    os.environ["NEPTUNE_API_TOKEN"] = base64.b64encode(given.encode()).decode()


token("http://127.0.0.1:9")
import flow  # noqa: E402
from neptune.exceptions import NeptuneConnectionLostException, RunNotFound  # noqa: E402
from neptune.internal.backends import factory, hosted_neptune_backend, neptune_backend_mock  # noqa: E402
from neptune.internal.backends.api_model import (  # noqa: E402
    ApiExperiment,
    AttributeType,
    AttributeWithProperties,
    LeaderboardEntry,
)
from neptune.internal.container_type import ContainerType  # noqa: E402
from neptune.internal.operation import UploadFile  # noqa: E402
from neptune.metadata_containers import metadata_container  # noqa: E402
from neptune.types.atoms.file import File  # noqa: E402
from neptune.types.mode import Mode  # noqa: E402

FILES, MODES, DOWN, BROKEN = {}, [], [], []
Mock = neptune_backend_mock.NeptuneBackendMock
PROPERTIES = {
    AttributeType.STRING: lambda value: {"value": value.value},
    AttributeType.DATETIME: lambda value: {"value": value.value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    AttributeType.STRING_SET: lambda value: {"values": sorted(value.values)},
}


class Backend(Mock):
    """All runs of one project."""

    WORKSPACE_NAME, PROJECT_NAME, PROJECT_KEY = "acme", "fraud", "FRAUD"

    def runs(self):
        found = {}
        for (number, kind), kept in self._containers.items():
            if kind == ContainerType.RUN:
                found[kept.get(["sys", "id"]).value] = (number, kept)
        return found

    def get_project(self, project_id):
        up()
        assert project_id == "acme/fraud", project_id
        return super().get_project(project_id)

    def create_model(self, project_id, key):
        raise AssertionError("create_model: the registry of models is no more")

    create_model_version = create_model

    def get_metadata_container(self, container_id, expected_container_type):
        up()
        project, _, name = container_id.rpartition("/")
        if expected_container_type == ContainerType.PROJECT:
            return ApiExperiment(self._project_id, ContainerType.PROJECT, "FRAUD", "acme", "fraud")
        if project != "acme/fraud" or name not in self.runs():
            raise RunNotFound(container_id)
        return ApiExperiment(self.runs()[name][0], ContainerType.RUN, name, "acme", "fraud")

    def execute_operations(self, container_id, container_type, operations, operation_storage):
        up()
        assert MODES[-1] != Mode.READ_ONLY, operations
        for each in operations:
            if BROKEN and BROKEN[0](each):
                BROKEN[1] += 1
                raise NeptuneConnectionLostException(OSError("500 broken"))
            if isinstance(each, UploadFile):
                content = open(each.get_absolute_path(operation_storage), "rb").read()
                FILES[container_id, "/".join(each.path)] = content
                self._containers[container_id, container_type].set(each.path, File.from_content(content, extension=each.ext))
        others = [each for each in operations if not isinstance(each, UploadFile)]
        _, errors = super().execute_operations(container_id, container_type, others, operation_storage)
        return len(operations), errors

    def download_file(self, container_id, container_type, path, destination=None, progress_bar=None):
        up()
        with open(destination, "wb") as file:
            file.write(FILES[container_id, "/".join(path)])

    def search_leaderboard_entries(self, project_id, types=None, query=None, columns=None, limit=None,
                                   sort_by="sys/creation_time", ascending=False, progress_bar=None):
        up()
        assert project_id == self._project_id and types == [ContainerType.RUN] and limit is None, (types, limit)
        assert '(`sys/tags`:stringSet CONTAINS "mlops/fraud-detector")' in str(query), str(query)
        for _, kept in self.runs().values():
            if "mlops/fraud-detector" in kept.get(["sys", "tags"]).values:
                yield LeaderboardEntry("x", [each for path in columns for each in self.attribute(kept, path)])

    def attribute(self, kept, path):
        value = kept.get(path.split("/"))
        if value is not None:
            kind = value.accept(self._attribute_type_converter_value_visitor)
            yield AttributeWithProperties(path, kind, PROPERTIES[kind](value))


def up():
    if DOWN:
        raise NeptuneConnectionLostException(OSError("500 broken"))


def is_tags(status):
    return lambda each: each.path == ["mlops", "tags"] and json.loads(each.value).get("validation_status") == status


# What the server refuses, by what of a registration is to fail.
FAULTS = {
    "log": lambda each: each.path[0] == "metrics",
    "upload": lambda each: isinstance(each, UploadFile),
    "create_version": is_tags("pending"),
    "tag": is_tags("passed"),
}


@contextlib.contextmanager
def broken(method):
    BROKEN[:] = [FAULTS[method], 0]
    yield
    assert BROKEN[1], f"nothing of {method} was refused"
    BROKEN.clear()


kept = Backend()


def opened(mode, api_token=None, proxies=None):
    MODES.append(mode)
    return kept


metadata_container.get_backend = opened
made = flow.project("neptune", project="acme/fraud", base_url="http://127.0.0.1:9")
one, two = flow.whole(made, broken)
assert set(MODES) == {Mode.SYNC, Mode.READ_ONLY}, set(MODES)  # never async
first = kept.runs()[one.run][1]
assert one.run == "FRAUD-1" and first.get("mlops/model".split("/")).value == "fraud-detector"
assert first.get(["metrics", "auc_roc"]).value == 0.98973 and first.get(["parameters", "n_estimators"]).value == "200"
assert first.get(["mlops", "source"]).value == one.source == "neptune:acme/fraud/FRAUD-1/files/model", one
assert first.get(["sys", "tags"]).values == {"mlops/fraud-detector", "mlops/fraud-detector/champion"}
failed = [name for name, (_, run) in kept.runs().items() if run.get(["sys", "failed"]).value]
assert len(failed) == 4, failed
count = len(kept.runs())
DOWN.append(True)
flow.dead(made, "the registry neptune:acme/fraud could not")
assert len(kept.runs()) == count
DOWN.clear()


class Broken(BaseHTTPRequestHandler):
    """Answers everything with 500."""

    def do_GET(self):
        self.send_error(500, "broken")

    def log_message(self, *args):
        pass


def ends():
    """Register at a server that gives no answer."""
    begun = time.monotonic()
    code, said = flow.train(made, "--param", "n_estimators=999")
    assert code == 1 and "error: the registry neptune:acme/fraud could not" in said and "Traceback" not in said, said
    assert time.monotonic() - begun < 90, f"it took {time.monotonic() - begun} s"


metadata_container.get_backend = factory.get_backend
assert factory.HostedNeptuneBackend is hosted_neptune_backend.HostedNeptuneBackend
with ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    token(f"http://127.0.0.1:{server.server_address[1]}")
    ends()
    server.shutdown()
with contextlib.closing(socket.socket()) as free:
    free.bind(("127.0.0.1", 0))
    token(f"http://127.0.0.1:{free.getsockname()[1]}")
    ends()
print("versions:", count - len(failed), "failed:", len(failed))
