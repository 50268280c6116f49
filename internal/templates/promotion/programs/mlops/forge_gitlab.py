"""Merge requests on GitLab, REST API v4."""

from __future__ import annotations

import os
import urllib.parse
from typing import Any

from mlops.errors import Stop
from mlops.forge import Forge, Open, PullRequest, Taken, Unknown, token
from mlops.repository import Remote
from mlops.web import Http, message

_TOKENS = ("MLOPS_FORGE_TOKEN", "GITLAB_TOKEN")  # a job's own token may not open merge requests


def connect(server: str, name: str) -> Forge:
    """Connect to the project that the job runs for, or that origin names."""
    api = os.environ.get("CI_API_V4_URL") or (f"{server}/api/v4" if server else "https://gitlab.com/api/v4")
    project = os.environ.get("CI_PROJECT_ID") or name
    if not project:
        raise Stop("which project on GitLab is meant is not known: set CI_PROJECT_ID")
    given = token(*_TOKENS)
    headers = {"PRIVATE-TOKEN": given} if given else {}
    web = os.environ.get("CI_PROJECT_URL") or f"{server or 'https://gitlab.com'}/{name or project}"
    forge = GitLab(Http(api, headers=headers), urllib.parse.quote(project, ""), web, given is not None)
    if given and os.environ.get("GITLAB_CI") == "true":
        forge.remote = Remote(f"{web}.git", "oauth2", given)  # origin has the job's own token, which may not push
    return forge


class GitLab(Forge):
    """One project on GitLab."""

    kind = "gitlab"
    blob = "-/blob"
    tokens = _TOKENS

    def find(self, branch: str, base: str) -> Open | None:
        """Give the open merge request of a branch."""
        query = {"state": "opened", "source_branch": branch, "target_branch": base}
        for found in self.pages(self._path(), query):
            if found["source_branch"] == branch and found["target_branch"] == base and _own(found):
                return _open(found)
        return None

    def create(self, asked: PullRequest) -> Open:
        """Open one; 409 is GitLab's answer when there is one."""
        branches = {"source_branch": asked.branch, "target_branch": asked.base, "remove_source_branch": True}
        answer = self.http.send("POST", self._path(), {**branches, **_text(asked)}, accept=(409,))
        if answer.status == 409:
            raise Taken(message(answer.value))
        return _open(answer.value)

    def update(self, number: int, asked: PullRequest) -> None:
        """Replace title and description."""
        self.http.send("PUT", f"{self._path()}/{number}", _text(asked))

    def members(self, team: str) -> set[str]:
        """Ask for the members of a group, those of its parents included."""
        path = f"groups/{urllib.parse.quote(team, '')}/members/all"
        if self.http.send("GET", path, query={"per_page": 1}, accept=(401, 403, 404)).status != 200:
            raise Unknown(f"GitLab does not say who is in @{team}: the token in {_TOKENS[0]} needs to read the group")
        found = self.pages(path, {})
        return {str(member["username"]).lower() for member in found if member.get("state", "active") == "active"}

    def _path(self) -> str:
        return f"projects/{self.repository}/merge_requests"


def _own(found: Any) -> bool:
    return bool(found.get("source_project_id") == found.get("target_project_id"))


def _text(asked: PullRequest) -> dict[str, str]:
    # A slash at the start of a line would be a command to GitLab.
    lines = [f"\\{line}" if line.startswith("/") else line for line in asked.body.splitlines()]
    return {"title": asked.title, "description": "\n".join(lines)}


def _open(found: Any) -> Open:
    return Open(found["iid"], found["web_url"], found["title"], found["description"] or "")
