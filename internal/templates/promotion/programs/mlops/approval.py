"""Who may approve a promotion that no pull request guards (mode ``direct``).

A person is named by login; ``@organisation/team`` stands for the team's members, whom only the forge knows. Who cannot
be shown to be an approver is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlops import forge
from mlops.config import Environment
from mlops.errors import Stop


def faults(settings: Environment, environment: str, approved_by: Sequence[str], root: Path) -> list[str]:
    """Name what the approvals lack; empty when they suffice."""
    given = {_login(name): name for name in approved_by}
    said: list[str] = []
    if settings.approvers:
        known = {_login(name) for name in settings.approvers if "/" not in name}
        teams = [name for name in settings.approvers if "/" in name]
        if set(given) - known and teams:
            found, said = _members(teams, root)
            known |= found
        strangers = [given.pop(login) for login in sorted(set(given) - known)]
        if not said:  # else nobody knows that they are strangers
            listed = ", ".join(settings.approvers)
            said = [f"{name} is not an approver of {environment}: those are {listed}" for name in strangers]
    if len(given) < settings.approvals:
        has = f"{environment} needs {people(settings.approvals)} and has {len(given)}"
        said.append(f"{has}: name each with --approved-by")
    return said


def _members(teams: Sequence[str], root: Path) -> tuple[set[str], list[str]]:
    found: set[str] = set()
    said: list[str] = []
    try:
        asked = forge.of(root)
    except Stop as stop:
        return found, stop.sentences
    for team in teams:
        if asked is None:
            said.append(
                f"{team} is a team, and no forge is known here that says who is in it:"
                f" set MLOPS_FORGE and {forge.CREDENTIAL}, or name people in approvers"
            )
            continue
        try:
            found |= asked.members(team.lstrip("@"))
        except Stop as stop:
            said += stop.sentences
    return found, said


def people(count: int) -> str:
    """Say how many approvals."""
    return "1 approval" if count == 1 else f"{count} approvals"


def _login(name: str) -> str:
    return name.strip().lstrip("@").lower()
