"""What starting and scheduling share: the API v1 of Vertex AI and of Cloud Storage.

GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION name the place. Credentials are the application's own (google-auth:
workload identity in CI, ``gcloud auth application-default login`` on a laptop), or a token in
GOOGLE_OAUTH_ACCESS_TOKEN.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from mlops import start
from mlops.errors import Stop

ENDED = {
    "PIPELINE_STATE_SUCCEEDED": True,
    "PIPELINE_STATE_FAILED": False,
    "PIPELINE_STATE_CANCELLED": False,
}
FILES = "mlops_files"


class Storage(start.Http):
    """Cloud Storage, with the one call whose body is not JSON."""

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Write an object unless it is there: its name holds the digest of what lies below it."""
        query = urllib.parse.urlencode({"uploadType": "media", "name": name, "ifGenerationMatch": "0"})
        url = f"{self.base}/upload/storage/v1/b/{urllib.parse.quote(bucket, safe='')}/o?{query}"
        headers = {**self._headers, "Content-Type": "application/octet-stream"}
        # The scheme was checked when the address was taken.
        request = urllib.request.Request(url, data, headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self.timeout):
                return
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code != 412:
                    raise self._stop("POST", url, self._read(url, refusal.code, refusal)) from None
        except OSError as fault:
            raise start.NoAnswer(f"POST {self.base} got no answer: {self._cause(fault)}") from None


def token() -> str:
    """Give an access token of whoever runs this."""
    given = start.secret("GOOGLE_OAUTH_ACCESS_TOKEN")
    if given:
        return given
    try:
        import google.auth
        import google.auth.transport.requests

        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
        credentials.refresh(google.auth.transport.requests.Request())
    except ImportError:
        raise Stop("google-auth is not installed, and GOOGLE_OAUTH_ACCESS_TOKEN is not set") from None
    except Exception as fault:
        raise Stop(f"there are no credentials of Google Cloud: {fault}") from None
    return str(credentials.token)


class Vertex:
    """One project in one region."""

    def __init__(self) -> None:
        """Read the variables and take a token; nothing else is sent yet."""
        self.project = start.variable("GOOGLE_CLOUD_PROJECT")
        self.location = start.variable("GOOGLE_CLOUD_LOCATION")
        self.parent = f"projects/{self.project}/locations/{self.location}"
        bearer = token()
        # The names by which gcloud and Google's clients take other addresses.
        api = os.environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM")
        self.http = start.Http(api or f"https://{self.location}-aiplatform.googleapis.com", token=bearer)
        store = os.environ.get("STORAGE_EMULATOR_HOST") or "https://storage.googleapis.com"
        self.storage = Storage(store, token=bearer)

    def complete(self, job: dict[str, Any], request: start.Request) -> str:
        """Upload what a run needs, and fill in what only this place and this commit know; give the digest."""
        folder = request.path.parent
        spec = settings(folder / "vertex_pipeline.json")
        digest, files = content(request)
        config = job["runtimeConfig"]
        bucket = config["gcsOutputDirectory"].removeprefix("gs://").partition("/")[0]
        below = f"mlops/{digest}"
        for name, data in files.items():
            self.storage.put(bucket, f"{below}/{name}", data)
        config["parameterValues"] = {**start.typed(request), FILES: f"/gcs/{bucket}/{below}"}
        job["pipelineSpec"] = spec
        job["labels"]["mlops-content"] = digest
        account = job.get("serviceAccount")
        if account and "@" not in account:
            job["serviceAccount"] = f"{account}@{self.project}.iam.gserviceaccount.com"
        return digest

    def going(self, job: dict[str, Any]) -> str | None:
        """Give the name of a run of the same pipeline that has not ended."""
        labels = [f'labels.{key}="{job["labels"][key]}"' for key in ("mlops-pipeline", "mlops-platform")]
        ended = [f'state!="{state}"' for state in ENDED]
        query = {"filter": " AND ".join(labels + ended), "pageSize": "100"}
        reply = self.http.get(f"v1/{self.parent}/pipelineJobs", query) or {}
        for found in reply.get("pipelineJobs") or []:
            if found.get("state") not in ENDED:
                return str(found["name"]).rpartition("/")[2]
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


def content(request: start.Request) -> tuple[str, dict[str, bytes]]:
    """Give the files that containers of a run read, by name, and the digest of them and of the pipeline."""
    folder = request.path.parent
    files = {f"mlops/{path.name}": path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))}
    pins = (folder.parents[1] / "data").glob("*.pin.json")
    files |= {f"mlops/{path.name}": path.read_bytes() for path in sorted(pins)}
    files[f"pipelines/{request.pipeline.name}/pipeline.json"] = request.path.read_bytes()
    whole = hashlib.sha256((folder / "vertex_pipeline.json").read_bytes())
    for name, data in sorted(files.items()):
        whole.update(f"\0{name}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()[:32], files
