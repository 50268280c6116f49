"""What starting and scheduling share: the API v2beta1 of Kubeflow Pipelines 2.17.

KUBEFLOW_PIPELINES_URL names the server (such as http://localhost:8888, or https://kubeflow.example.com/pipeline),
KUBEFLOW_PIPELINES_TOKEN is its bearer token, and KUBEFLOW_PIPELINES_NAMESPACE the namespace of the runs where the
installation serves several; a server without namespaces must not be given one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops import start
from mlops.errors import Stop

API = "apis/v2beta1"
ENDED = {"SUCCEEDED": True, "SKIPPED": True, "FAILED": False, "CANCELED": False}


class Server(start.Http):
    """The API server, with the one call whose body is not JSON."""

    def upload(self, path: str, query: dict[str, str], name: str, data: bytes) -> Any:
        """Send a file as a form, once, and give the parsed JSON."""
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="uploadfile"; filename="{name}"\r\n'
        body = head.encode() + b"Content-Type: application/yaml\r\n\r\n" + data + f"\r\n--{boundary}--\r\n".encode()
        url = f"{self.base}/{path}?{urllib.parse.urlencode(query)}"
        headers = {**self._headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        # The scheme was checked when the address was taken.
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self.timeout) as reply:
                return self._read(url, reply.status, reply).value
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise self._stop("POST", url, self._read(url, refusal.code, refusal)) from None
        except OSError as fault:
            raise start.NoAnswer(f"POST {self.base}/{path} got no answer: {self._cause(fault)}") from None


class Kubeflow:
    """One installation, in one namespace."""

    def __init__(self) -> None:
        """Read the variables; nothing is sent yet."""
        self.url = start.variable("KUBEFLOW_PIPELINES_URL").rstrip("/")
        self.http = Server(self.url, token=start.secret("KUBEFLOW_PIPELINES_TOKEN"))
        namespace = start.secret("KUBEFLOW_PIPELINES_NAMESPACE")
        self.scope = {"namespace": namespace} if namespace else {}

    def every(self, path: str, field: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Give all entries of a list, page by page."""
        page = ""
        while True:
            reply = self.http.get(f"{API}/{path}", {**query, "page_size": "100", "page_token": page}) or {}
            yield from reply.get(field) or []
            page = reply.get("next_page_token") or ""
            if not page:
                return

    def pipeline(self, name: str) -> str:
        """Give the id of a pipeline; make it when there is none."""
        quoted = urllib.parse.quote(name, safe="")
        answer = self.http.send("GET", f"{API}/pipelines/names/{quoted}", query=self.scope, accept=(404,))
        made = answer.value
        if answer.status == 404:
            made = self.http.post(f"{API}/pipelines", {"name": name, "display_name": name, **self.scope})
        return str(made["pipeline_id"])

    def version(self, name: str, file: Path) -> dict[str, str]:
        """Upload the pipeline's file unless this very content is there; give the reference to its version."""
        data = file.read_bytes()
        pipeline, called = self.pipeline(name), f"{name}-{hashlib.sha256(data).hexdigest()[:16]}"
        for have in self.every(f"pipelines/{pipeline}/versions", "pipeline_versions", {}):
            if called in (have.get("display_name"), have.get("name")):
                return {"pipeline_id": pipeline, "pipeline_version_id": have["pipeline_version_id"]}
        made = self.http.upload(
            f"{API}/pipelines/upload_version", {"name": called, "pipelineid": pipeline}, file.name, data
        )
        return {"pipeline_id": pipeline, "pipeline_version_id": made["pipeline_version_id"]}

    def experiment(self, name: str) -> str:
        """Give the id of the experiment that gathers a pipeline's runs; make it when there is none."""
        for have in self.every("experiments", "experiments", self.scope):
            if have.get("display_name") == name and have.get("storage_state") != "ARCHIVED":
                return str(have["experiment_id"])
        return str(self.http.post(f"{API}/experiments", {"display_name": name, **self.scope})["experiment_id"])

    def going(self, experiment: str) -> str | None:
        """Give the id of a run that has not ended."""
        query = {"experiment_id": experiment, "sort_by": "created_at desc", **self.scope}
        for run in self.every("runs", "runs", query):
            if run.get("state") not in ENDED and run.get("storage_state") != "ARCHIVED":
                return str(run["run_id"])
        return None


def settings(file: Path) -> dict[str, Any]:
    """Read a file of the repository that holds an object of the API."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise Stop(f"{file} cannot be read: {fault}") from None
    if not isinstance(value, dict):
        raise Stop(f"{file} must hold one object")
    return value
