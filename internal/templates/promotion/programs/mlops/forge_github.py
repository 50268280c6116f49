"""Pull requests on GitHub, REST API version 2022-11-28, and on GitHub Enterprise Server."""

from __future__ import annotations

import os
import urllib.parse
from typing import Any

from mlops.errors import Stop
from mlops.forge import Forge, Open, PullRequest, Taken, Unknown, token
from mlops.web import Http, message

_TOKENS = ("MLOPS_FORGE_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")


def connect(server: str, name: str) -> Forge:
    """Connect to the repository that the workflow runs for, or that origin names."""
    api = os.environ.get("GITHUB_API_URL")
    if not api:
        host = urllib.parse.urlsplit(server).hostname
        api = "https://api.github.com" if host in (None, "github.com") else f"{server}/api/v3"
    name = os.environ.get("GITHUB_REPOSITORY") or name
    if name.count("/") != 1:
        raise Stop("which repository on GitHub is meant is not known: set GITHUB_REPOSITORY to owner/name")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    given = token(*_TOKENS)
    web = os.environ.get("GITHUB_SERVER_URL") or server or "https://github.com"
    return GitHub(Http(api, token=given, headers=headers), name, f"{web}/{name}", given is not None)


class GitHub(Forge):
    """One repository on GitHub."""

    kind = "github"
    blob = "blob"
    tokens = _TOKENS

    def find(self, branch: str, base: str) -> Open | None:
        """Give the open pull request of a branch."""
        owner = self.repository.partition("/")[0]
        query = {"state": "open", "head": f"{owner}:{branch}", "base": base}
        for found in self.pages(f"repos/{self.repository}/pulls", query):
            if found["head"]["ref"] == branch and found["base"]["ref"] == base and self._own(found):
                return _open(found)
        return None

    def create(self, asked: PullRequest) -> Open:
        """Open one; 422 is GitHub's answer when there is one."""
        body = {"title": asked.title, "body": asked.body, "head": asked.branch, "base": asked.base}
        path = f"repos/{self.repository}/pulls"
        answer = self.http.send("POST", path, body, accept=(422,))
        if answer.status != 422:
            return _open(answer.value)
        errors = answer.value.get("errors") or [] if isinstance(answer.value, dict) else []
        said = "; ".join(message(error) for error in errors) or message(answer.value)
        if "already exists" in said:
            raise Taken(said)
        raise Stop(f"GitHub did not open the pull request: {said}")

    def update(self, number: int, asked: PullRequest) -> None:
        """Replace title and body."""
        body = {"title": asked.title, "body": asked.body}
        self.http.send("PATCH", f"repos/{self.repository}/pulls/{number}", body)

    def members(self, team: str) -> set[str]:
        """Ask for the members of organisation/team; a workflow's own token may not."""
        organisation, _, slug = team.partition("/")
        path = f"orgs/{urllib.parse.quote(organisation, '')}/teams/{urllib.parse.quote(slug, '')}/members"
        if self.http.send("GET", path, query={"per_page": 1}, accept=(401, 403, 404)).status != 200:
            raise Unknown(f"GitHub does not say who is in @{team}: the token in {_TOKENS[0]} needs to read members")
        return {str(member["login"]).lower() for member in self.pages(path, {})}

    def _own(self, found: Any) -> bool:
        source = found["head"].get("repo") or {}
        return str(source.get("full_name", "")).lower() == self.repository.lower()


def _open(found: Any) -> Open:
    return Open(found["number"], found["html_url"], found["title"], found["body"] or "")
