"""Git. Commands are lists: nothing passes through a shell."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops.errors import Stop

Done = subprocess.CompletedProcess[str]

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
class Remote:
    """Where branches are pushed to: origin as it is, or an address with a token that stands in no file."""

    url: str = "origin"
    user: str = ""
    token: str = ""

    def environment(self) -> dict[str, str]:
        """Give git the token as a header for this address alone; a command line would show it to everybody."""
        if not self.token:
            return {}
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        pair = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": str(number + 1),
            f"GIT_CONFIG_KEY_{number}": f"http.{self.url}.extraHeader",
            f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {pair}",
            "GIT_TERMINAL_PROMPT": "0",
        }


ORIGIN = Remote()


def publish(root: Path, branch: str, files: Mapping[Path, str], message: str, to: Remote = ORIGIN) -> bool:
    """Push one commit on top of HEAD that writes the files; False when the branch has them already.

    Neither the work tree nor the checked-out branch is touched. A branch that somebody else moved in between is
    looked at again, never overwritten unseen.
    """
    ref = f"refs/heads/{branch}"
    for _ in range(3):
        there = _remote(root, ref, to)
        if there and _holds(root, ref, there, files, to):
            return False
        made = _commit(root, files, message)
        lease = f"--force-with-lease={ref}:{there or ''}"
        done = _run(root, "push", "--quiet", lease, to.url, f"{made}:{ref}", env=to.environment())
        if done.returncode == 0:
            return True
        if _remote(root, ref, to) == there:
            raise Stop(f"git push failed: {_hidden(done.stderr.strip())}")
    raise Stop(f"branch {branch} is moved by others again and again: try later")


def _remote(root: Path, ref: str, to: Remote) -> str | None:
    return _must(root, "ls-remote", to.url, ref, env=to.environment()).partition("\t")[0] or None


def _holds(root: Path, ref: str, tip: str, files: Mapping[Path, str], to: Remote) -> bool:
    """Tell whether a branch has these files, and none of them changed under it since it left HEAD's history."""
    if _run(root, "fetch", "--quiet", "--no-tags", to.url, ref, env=to.environment()).returncode != 0:
        return False
    fork = git(root, "merge-base", "HEAD", tip)
    names = [path.as_posix() for path in files]
    if fork is None or _run(root, "diff", "--quiet", fork, "HEAD", "--", *names).returncode != 0:
        return False
    inside = _prefix(root)
    for path, text in files.items():
        if _run(root, "cat-file", "blob", f"{tip}:{inside}{path.as_posix()}").stdout != text:
            return False
    return True


def _commit(root: Path, files: Mapping[Path, str], message: str) -> str:
    """Make a commit object in an index of its own."""
    inside = _prefix(root)
    with tempfile.TemporaryDirectory() as folder:
        own = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        _must(root, "read-tree", "HEAD", env=own)
        for path, text in sorted(files.items()):
            blob = _must(root, "hash-object", "-w", "--stdin", text=text)
            _must(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{inside}{path.as_posix()}", env=own)
        tree = _must(root, "write-tree", env=own)
    signed = ["-S"] if git(root, "config", "--type=bool", "commit.gpgsign") == "true" else []
    nobody = [] if git(root, "config", "user.email") else ["-c", "user.name=mlops", "-c", "user.email=mlops@localhost"]
    return _must(root, *nobody, "commit-tree", *signed, "-p", "HEAD", "-F", "-", tree, text=message)


def _prefix(root: Path) -> str:
    """Give where root lies in a repository of several."""
    return _must(root, "rev-parse", "--show-prefix")


def base_branch(root: Path) -> str:
    """Give the branch that a pull request goes to: the one checked out, or the one CI names."""
    name = git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    return name or os.environ.get("GITHUB_REF_NAME") or os.environ.get("CI_COMMIT_BRANCH") or "main"


def _run(root: Path, *args: str, text: str | None = None, env: Mapping[str, str] | None = None) -> Done:
    command = ["git", "-C", str(root), *args]
    try:
        return subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", check=False, env={**os.environ, **(env or {})}
        )
    except FileNotFoundError:
        raise Stop("git is not installed") from None


def _must(root: Path, *args: str, text: str | None = None, env: Mapping[str, str] | None = None) -> str:
    done = _run(root, *args, text=text, env=env)
    if done.returncode != 0:
        what = next(arg for arg in args if not arg.startswith("-") and "=" not in arg)
        raise Stop(f"git {what} failed: {_hidden(done.stderr.strip())}")
    return done.stdout.strip()


def _hidden(text: str) -> str:
    return re.sub(r"://[^/@\s]*@", "://", text)
