"""Pull requests through a forge's own REST API: GitHub, GitLab, Gitea. One promotion has exactly one.

Which forge: MLOPS_FORGE, else what the CI says of itself, else the host of ``origin``. The token is MLOPS_FORGE_TOKEN,
else the one that the forge's own tools read. What a pull request says is written, never read as a fact.
"""

from __future__ import annotations

import importlib
import os
import re
import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops import repository
from mlops.errors import Stop
from mlops.web import Http, NoAnswer

CREDENTIAL = "MLOPS_FORGE_TOKEN"
KINDS = ("github", "gitlab", "gitea")
_PAGES = 100
_TRIES = 3
_ORIGIN = re.compile(r"(?:(https?|ssh)://)?(?:[^/@]*@)?([^/:@]+)(?::([0-9]+))?[/:](.+?)(?:\.git)?/?")


class Taken(Stop):
    """The forge says that this branch has an open pull request already."""


class Unknown(Stop):
    """The forge does not say who is in a team: it has none of that name, or the token may not see it."""


@dataclass(frozen=True)
class PullRequest:
    """What a pull request says, and which branch goes where."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True)
class Open:
    """A pull request that is open on the forge."""

    number: int
    url: str
    title: str
    body: str


class Forge(ABC):
    """One repository on one forge. Subclasses know its paths and field names."""

    kind = ""
    tokens: tuple[str, ...] = ()
    remote = repository.ORIGIN  # where a promotion's branch is pushed to
    blob = ""  # between the repository's web address and a branch, where a file is looked at

    def __init__(self, http: Http, name: str, web: str, token_given: bool = True) -> None:
        """Take the API's client, the repository's name in its paths, and its web address."""
        self.http, self.repository, self.web, self.token_given = http, name, web, token_given

    def need_token(self) -> None:
        """Stop when there is no token: without one a forge lets nobody open a pull request."""
        if not self.token_given:
            raise Stop(f"opening a pull request on {self.kind} needs a token: set {' or '.join(self.tokens)}")

    def link(self, branch: str, path: str) -> str:
        """Give the address at which people look at a file of a branch."""
        return f"{self.web}/{self.blob}/{urllib.parse.quote(branch)}/{urllib.parse.quote(path)}"

    @abstractmethod
    def find(self, branch: str, base: str) -> Open | None:
        """Give the open pull request of a branch of this repository (not of a fork), or None."""

    @abstractmethod
    def create(self, asked: PullRequest) -> Open:
        """Open one; raises Taken when there is one."""

    @abstractmethod
    def update(self, number: int, asked: PullRequest) -> None:
        """Replace title and body."""

    @abstractmethod
    def members(self, team: str) -> set[str]:
        """Give the login names of a team's members in small letters; raises Unknown."""

    def pages(self, path: str, query: Mapping[str, Any], size: str = "per_page") -> Iterator[Any]:
        """Give the items of all pages; a server that names the same page for ever is not followed."""
        for page in range(1, _PAGES + 1):
            answer = self.http.send("GET", path, query={**query, size: _SIZE, "page": page})
            if not isinstance(answer.value, list):
                raise Stop(f"{self.kind} answered {path} with something that is not a list")
            yield from answer.value
            following = answer.headers.get("x-next-page")
            more = following not in (None, "") or 'rel="next"' in answer.headers.get("link", "")
            if not answer.value or not more:
                return
        raise Stop(f"{self.kind} has more than {_PAGES} pages of {path}")


_SIZE = 50  # Gitea's default maximum; GitHub and GitLab allow 100


def request(forge: Forge, asked: PullRequest) -> tuple[Open, str]:
    """Make sure that the one pull request is there and says this; give it and what was done.

    Another job may open it in between, and an answer may be lost after it was opened: then it is looked for again.
    """
    forge.need_token()
    fault: Stop | None = None
    for _ in range(_TRIES):
        found = forge.find(asked.branch, asked.base)
        if found is not None:
            if (found.title, _plain(found.body)) == (asked.title, _plain(asked.body)):
                return found, "unchanged"
            forge.update(found.number, asked)
            return found, "updated"
        try:
            return forge.create(asked), "opened"
        except (Taken, NoAnswer) as stop:
            fault = stop
    raise fault or AssertionError


def of(root: Path) -> Forge | None:
    """Give the forge of this repository, or None when nothing says which it is."""
    kind = os.environ.get("MLOPS_FORGE") or _from_ci() or _from_host(root)
    if kind is None:
        return None
    if kind not in KINDS:
        raise Stop(f"MLOPS_FORGE is {kind!r}; it must be one of {', '.join(KINDS)}")
    module = importlib.import_module(f"mlops.forge_{kind}")
    forge: Forge = module.connect(*_origin(root))
    return forge


def token(*names: str) -> str | None:
    """Give the first token that the environment has."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), None)


def _from_ci() -> str | None:
    if os.environ.get("GITEA_ACTIONS") == "true":  # says that it is GitHub Actions as well
        return "gitea"
    if os.environ.get("GITHUB_ACTIONS") == "true":
        return "github"
    return "gitlab" if os.environ.get("GITLAB_CI") == "true" else None


def _from_host(root: Path) -> str | None:
    host = urllib.parse.urlsplit(_origin(root)[0]).hostname or ""
    for kind, variable in (("github", "GH_HOST"), ("gitlab", "GITLAB_HOST"), ("gitea", "GITEA_SERVER_URL")):
        named = os.environ.get(variable, "")
        if host and host in (f"{kind}.com", urllib.parse.urlsplit(named).hostname or named):
            return kind
    return None


def _origin(root: Path) -> tuple[str, str]:
    """Give the web address of origin's server and the repository's name; empty texts for a path on this machine."""
    match = _ORIGIN.fullmatch(repository.git(root, "remote", "get-url", "origin") or "")
    if match is None or match[4] is None or match[2] in (".", ".."):
        return "", ""
    scheme, host, port, name = match.groups()
    if scheme in ("http", "https"):
        return f"{scheme}://{host}" + (f":{port}" if port else ""), name
    return f"https://{host}", name  # the port of ssh is not that of the API


def _plain(text: str) -> str:
    """Give a text as it is compared: forges keep line ends in their own way."""
    return text.replace("\r\n", "\n").strip()
