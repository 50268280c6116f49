"""JSON over HTTP with the standard library: one class, one sentence for each way it can fail.

A call that changes nothing when it is repeated (GET, PUT, DELETE) is tried again after a lost connection, 429 and
5xx; a POST or PATCH never is, since its answer may have been lost after its work was done. Credentials go to the
server they were given for and to no other, and stand in no sentence. HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE work as
they do everywhere.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.errors import Misuse, Stop

REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
_AGAIN = {429, 500, 502, 503, 504}
_LARGEST = 64 * 1024 * 1024
_PATIENCE = 30.0  # seconds that a server's Retry-After may ask for


class NoAnswer(Stop):
    """The server could not be reached, or failed (5xx): whether it did what was asked is not known."""


@dataclass(frozen=True)
class Answer:
    """What a server said; ``value`` is the parsed JSON, None for an empty body."""

    status: int
    value: Any
    headers: Mapping[str, str]  # names in small letters


class Http:
    """One server below one address, with one credential: a bearer token, or a user with a password."""

    def __init__(
        self,
        base: str,
        *,
        token: str | None = None,
        user: str | None = None,
        password: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
    ) -> None:
        """Take an address such as https://airflow.example.com/api/v2; nothing is sent yet."""
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misuse("the address of a server must begin with http:// or https:// and name a host")
        if parts.username is not None or parts.password is not None:
            raise Misuse(f"the address of {parts.hostname} must not hold a user or a password")
        self.base = base.rstrip("/")
        self.timeout, self.attempts = timeout, max(1, attempts)
        self._headers = {"Accept": "application/json", "User-Agent": "mlops", **(headers or {})}
        self._secrets = [text for text in (token, password) if text]
        if token:
            self._headers["Authorization"] = f"Bearer {_line(token)}"
        elif user is not None:
            pair = f"{user}:{password or ''}".encode()
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        self._secrets += [text for name, text in (headers or {}).items() if name.lower().endswith("token")]
        self._opener = urllib.request.build_opener(_SameOrigin())

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Ask for something and give the parsed JSON."""
        return self.send("GET", path, query=query).value

    def post(self, path: str, body: Any = None) -> Any:
        """Ask for something to be done, once, and give the parsed JSON."""
        return self.send("POST", path, body).value

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
        plain: bool = False,
    ) -> Answer:
        """Send one request; statuses beyond 2xx raise unless they are in ``accept``. Only a plain answer is no JSON."""
        url = f"{self.base}/{path.lstrip('/')}"
        if query:
            url += "?" + urllib.parse.urlencode(query, doseq=True)
        attempts = self.attempts if method in REPEATABLE else 1
        for attempt in range(1, attempts + 1):
            last = attempt == attempts
            try:
                answer = self._once(method, url, body, plain)
            except (OSError, http.client.HTTPException) as fault:
                if last:
                    raise NoAnswer(f"{method} {_shown(url)} got no answer: {self._cause(fault)}") from None
                _pause(attempt, "")
                continue
            if 200 <= answer.status < 300 or answer.status in accept:
                return answer
            if last or answer.status not in _AGAIN:
                raise self._stop(method, url, answer)
            _pause(attempt, answer.headers.get("retry-after", ""))
        raise AssertionError("unreachable")

    def download(self, path: str, query: Mapping[str, Any], target: Path) -> None:
        """Write what a server sends to a file, however large it is."""
        url = f"{self.base}/{path.lstrip('/')}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, headers={**self._headers, "Accept": "*/*"})  # noqa: S310 - see _once
        for attempt in range(1, self.attempts + 1):
            last, asked = attempt == self.attempts, ""
            try:
                with self._opener.open(request, timeout=self.timeout) as reply, target.open("wb") as stream:
                    shutil.copyfileobj(reply, stream)
                    if str(stream.tell()) == reply.headers.get("Content-Length", str(stream.tell())):
                        return
                    raise http.client.IncompleteRead(b"")
            except urllib.error.HTTPError as refusal:
                with refusal:
                    answer = self._read(url, refusal.code, refusal)
                if last or answer.status not in _AGAIN:
                    raise self._stop("GET", url, answer) from None
                asked = answer.headers.get("retry-after", "")
            except (OSError, http.client.HTTPException) as fault:
                if last:
                    raise NoAnswer(f"GET {_shown(url)} got no whole answer: {self._cause(fault)}") from None
            _pause(attempt, asked)

    def _once(self, method: str, url: str, body: Any, plain: bool) -> Answer:
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = dict(self._headers)
        if data is not None:
            headers["Content-Type"] = "application/json"
        # The scheme was checked when the address was taken.
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=self.timeout) as reply:
                return self._read(url, reply.status, reply, plain)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return self._read(url, refusal.code, refusal)

    def _read(self, url: str, status: int, reply: Any, plain: bool = False) -> Answer:
        headers = {name.lower(): text for name, text in reply.headers.items()}
        raw = reply.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise Stop(f"{_shown(url)} answered with more than {_LARGEST >> 20} MiB")
        try:
            return Answer(status, json.loads(raw) if raw.strip() else None, headers)
        except ValueError:
            if 200 <= status < 300 and not plain:
                raise Stop(f"{_shown(url)} answered {status} with something that is not JSON") from None
            return Answer(status, raw[:1000].decode(errors="replace"), headers)

    def _stop(self, method: str, url: str, answer: Answer) -> Stop:
        kind = NoAnswer if answer.status >= 500 else Stop
        said = self._hide(message(answer.value))
        reason = http.client.responses.get(answer.status, "")
        return kind(
            f"{method} {_shown(url)} answered {answer.status} {reason}".rstrip() + (f": {said}" if said else "")
        )

    def _cause(self, fault: BaseException) -> str:
        reason = fault.reason if isinstance(fault, urllib.error.URLError) else fault
        return self._hide(str(reason) or type(fault).__name__)

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a redirection of a GET within one origin: elsewhere the credential would be shown to strangers."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if req.get_method() != "GET" or (old.scheme, old.netloc) != (new.scheme, new.netloc):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def message(value: Any) -> str:
    """Give the sentence of an error body: the field that most servers put it in, or the text itself."""
    if isinstance(value, dict):
        for key in ("message", "detail", "error_description", "error", "title"):
            if value.get(key):
                value = value[key]
                break
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    text = " ".join(re.sub(r"<[^<>]*>", " ", text).split())
    return text if len(text) <= 300 else text[:297] + "..."


def _shown(url: str) -> str:
    return url.partition("?")[0]


def _line(token: str) -> str:
    token = token.strip()
    if not token.isprintable() or not token.isascii():
        raise Misuse("the token holds characters that a header cannot carry")
    return token


def _pause(attempt: int, asked: str) -> None:
    """Wait longer each time, and never as long as the next client."""
    seconds = min(8.0, 0.5 * 2**attempt) * (0.5 + secrets.SystemRandom().random())
    if re.fullmatch("[0-9]{1,6}", asked):
        seconds = max(seconds, min(float(asked), _PATIENCE))
    time.sleep(seconds)
