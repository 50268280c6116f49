"""Git, and the pull request on top of it. Commands are lists: nothing passes through a shell."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops.errors import Stop, say

_PUBLIC = re.compile(r"(https?://|ssh://|git@)(?:[^/@]*@)?(.+)")


def git(root: Path, *args: str) -> str | None:
    """Run git and give what it prints; None when git is missing or says no."""
    try:
        done = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def commit(root: Path) -> str | None:
    """Give the commit that is checked out."""
    return git(root, "rev-parse", "--verify", "--quiet", "HEAD")


def committed_at(root: Path) -> str | None:
    """Give that commit's time, as it stands in it."""
    return git(root, "log", "-1", "--format=%cI")


def modified(root: Path, paths: Sequence[str]) -> bool:
    """Tell whether any of the paths differs from the commit."""
    return bool(git(root, "status", "--porcelain", "--", *paths)) if paths else False


def public_url(root: Path) -> str | None:
    """Give the address of origin without credentials; None for a path on this machine."""
    match = _PUBLIC.fullmatch(git(root, "remote", "get-url", "origin") or "")
    if match is None:
        return None
    return match[0] if match[1] == "git@" else match[1] + match[2]


def history(root: Path, path: str) -> list[tuple[int, str]]:
    """Give the committed contents of a file, newest first, each with its commit's Unix time."""
    found = []
    for line in (git(root, "log", "--format=%H %ct", "--", path) or "").splitlines():
        name, _, when = line.partition(" ")
        found.append((int(when), git(root, "show", f"{name}:./{path}") or ""))
    return found


@dataclass(frozen=True)
class PullRequest:
    """What a pull request changes, and how it is called."""

    branch: str
    base: str
    paths: tuple[str, ...]
    title: str
    body: str


def open_pull_request(root: Path, request: PullRequest) -> None:
    """Commit the paths on a branch of their own, push it, and ask for a pull request once."""
    branch, paths, title, body = request.branch, request.paths, request.title, request.body
    if git(root, "ls-remote", "--exit-code", "--heads", "origin", branch):
        say(f"branch {branch} is already there")
    else:
        current = git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
        back = [current] if current else ["--detach", _must(root, "rev-parse", "HEAD")]
        author = (
            [] if git(root, "config", "user.email") else ["-c", "user.name=mlops", "-c", "user.email=mlops@localhost"]
        )
        _must(root, "switch", "--quiet", "--force-create", branch)
        try:
            _must(root, "add", "--", *paths)
            _must(root, *author, "commit", "--quiet", "--message", f"{title}\n\n{body}", "--", *paths)
            _must(root, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        finally:
            _must(root, "switch", "--quiet", *back)
        say(f"pushed branch {branch}")
    create = ["gh", "pr", "create", "--base", request.base, "--head", branch, "--title", title, "--body", body]
    if shutil.which("gh") is None:
        say("open the pull request with: " + shlex.join(create))
        return
    listed = subprocess.run(
        ["gh", "pr", "list", "--head", branch, "--state", "open", "--json", "url", "--jq", ".[].url"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout.strip():
        say(f"the pull request is open: {listed.stdout.strip()}")
        return
    made = subprocess.run(create, cwd=root, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Stop(f"gh pr create failed: {made.stderr.strip()}")
    say(f"opened {made.stdout.strip()}")


def base_branch(root: Path) -> str:
    """Give the branch that a pull request goes to: the one checked out, or the one CI names."""
    name = git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    return name or os.environ.get("GITHUB_REF_NAME") or os.environ.get("CI_COMMIT_BRANCH") or "main"


def _must(root: Path, *args: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        what = next(arg for arg in args if not arg.startswith("-") and "=" not in arg)
        raise Stop(f"git {what} failed: {done.stderr.strip()}")
    return done.stdout.strip()
