"""Pull requests on Gitea (and Forgejo), API v1."""

from __future__ import annotations

import os
import urllib.parse
from typing import Any

from mlops.errors import Stop
from mlops.forge import Forge, Open, PullRequest, Taken, Unknown, token
from mlops.web import Http, message

_TOKENS = ("MLOPS_FORGE_TOKEN", "GITEA_TOKEN", "GITHUB_TOKEN")


def connect(server: str, name: str) -> Forge:
    """Connect to the repository that the workflow runs for, or that origin names."""
    server = os.environ.get("GITEA_SERVER_URL") or os.environ.get("GITHUB_SERVER_URL") or server
    name = os.environ.get("GITHUB_REPOSITORY") or name
    if not server or name.count("/") != 1:
        raise Stop("which repository on Gitea is meant is not known: set GITEA_SERVER_URL and GITHUB_REPOSITORY")
    given = token(*_TOKENS)
    server = server.rstrip("/")
    return Gitea(Http(f"{server}/api/v1", token=given), name, f"{server}/{name}", given is not None)


class Gitea(Forge):
    """One repository on Gitea."""

    kind = "gitea"
    blob = "src/branch"
    tokens = _TOKENS

    def find(self, branch: str, base: str) -> Open | None:
        """Give the open pull request of a branch; the list has no filter for it."""
        for found in self.pages(f"repos/{self.repository}/pulls", {"state": "open"}, "limit"):
            if found["head"]["ref"] == branch and found["base"]["ref"] == base and _own(found):
                return _open(found)
        return None

    def create(self, asked: PullRequest) -> Open:
        """Open one; 409 is Gitea's answer when there is one."""
        body = {"title": asked.title, "body": asked.body, "head": asked.branch, "base": asked.base}
        answer = self.http.send("POST", f"repos/{self.repository}/pulls", body, accept=(409,))
        if answer.status == 409:
            raise Taken(message(answer.value))
        return _open(answer.value)

    def update(self, number: int, asked: PullRequest) -> None:
        """Replace title and body."""
        body = {"title": asked.title, "body": asked.body}
        self.http.send("PATCH", f"repos/{self.repository}/pulls/{number}", body)

    def members(self, team: str) -> set[str]:
        """Ask for the members of organisation/team; the team's number has to be looked up first."""
        organisation, _, name = team.partition("/")
        unknown = Unknown(f"Gitea does not say who is in @{team}: the token in {_TOKENS[0]} must read the organisation")
        path = f"orgs/{urllib.parse.quote(organisation, '')}/teams"
        if self.http.send("GET", path, query={"limit": 1}, accept=(401, 403, 404)).status != 200:
            raise unknown
        for found in self.pages(path, {}, "limit"):
            if str(found["name"]).lower() == name.lower():
                members = self.pages(f"teams/{found['id']}/members", {}, "limit")
                return {str(member["login"]).lower() for member in members}
        raise unknown


def _own(found: Any) -> bool:
    return bool(found["head"].get("repo_id") == found["base"].get("repo_id"))


def _open(found: Any) -> Open:
    return Open(found["number"], found["html_url"], found["title"], found["body"] or "")
