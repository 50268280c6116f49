"""Reads buckets with the clouds' own clients, from servers of this machine that answer as the clouds document."""

import json
import os
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from mlops.config import Dataset  # noqa: E402
from mlops.errors import Stop  # noqa: E402
from mlops.fetch_bucket import Absent, Item, fetch, store_of  # noqa: E402

OBJECTS = {"in/a.csv": b"label\n1\n", "in/deep/b c.csv": b"label\n0\n", "in-old/c.csv": b"no\n"}
ASKED = []


class Cloud(BaseHTTPRequestHandler):
    """Answers GET as Cloud Storage (JSON API v1) and as Azure Blob Storage (2021-12-02 and later)."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        ASKED.append((urllib.parse.unquote(url.path), query))
        status, kind, body = azure(url.path, query) if url.path.startswith("/acme/") else google(url.path, query)
        self.send_response(206 if status == 200 and self.headers.get("x-ms-range") else status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e1"')
        self.send_header("Last-Modified", "Mon, 05 Jan 2026 10:00:00 GMT")
        if status == 200 and self.headers.get("x-ms-range"):
            self.send_header("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")
        if status == 404:
            self.send_header("x-ms-error-code", "BlobNotFound")
        self.end_headers()
        self.wfile.write(body)


def google(path, query):
    if path == "/storage/v1/b/store/o":
        found = [{"name": key, "generation": "17"} for key in sorted(OBJECTS) if key.startswith(query["prefix"])]
        return 200, "application/json", json.dumps({"kind": "storage#objects", "items": found}).encode()
    key = urllib.parse.unquote(path.rpartition("/o/")[2])
    if key in OBJECTS and query.get("alt") == "media":
        return 200, "application/octet-stream", OBJECTS[key]
    return 404, "application/json", json.dumps({"error": {"code": 404, "message": f"No such object: {key}"}}).encode()


def azure(path, query):
    if query.get("comp") == "list":
        blobs = "".join(
            f"<Blob><Name>{key}</Name><Properties><Etag>0x{len(data)}</Etag><Content-Length>{len(data)}</Content-Length>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
            for key, data in sorted(OBJECTS.items())
            if key.startswith(query["prefix"])
        )
        return 200, "application/xml", f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>".encode()
    key = urllib.parse.unquote(path.removeprefix("/acme/store/"))
    return (200, "application/octet-stream", OBJECTS[key]) if key in OBJECTS else (404, "application/xml", b"<Error/>")


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    os.environ["STORAGE_EMULATOR_HOST"] = address
    os.environ["AZURE_STORAGE_CONNECTION_STRING"] = (
        f"DefaultEndpointsProtocol=http;AccountName=acme;AccountKey=a2V5;BlobEndpoint={address}/acme;"
    )
    for uri in ("gs://store/in", "abfss://store@acme.dfs.core.windows.net/in"):
        dataset = Dataset("bucket", None, uri, None, {}, bucket="store", prefix="in")
        target = Path("d", uri.partition(":")[0])
        version = fetch("d", dataset, target, False)
        assert re.fullmatch("sha256:[0-9a-f]{64}", version), version
        got = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
        assert got == {"a.csv": OBJECTS["in/a.csv"], "deep/b c.csv": OBJECTS["in/deep/b c.csv"]}, got
        try:
            store_of(dataset).read(Item("in/none"), Path("none"))
        except Absent as fault:
            print(f"absent: {fault}")
        else:
            raise AssertionError("an object that is not there was read")
        try:
            fetch("d", Dataset("bucket", None, uri, None, {}, bucket="store", prefix="none"), target, False)
        except Stop as fault:
            assert "has no object below none" in str(fault), fault
        OBJECTS["in/a.csv"] += b"0\n"
    assert any(query.get("generation") == "17" for _, query in ASKED), ASKED
    print("read both clouds")


main()
