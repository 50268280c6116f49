"""Moves the alias ``champion`` to what Git says: ``python -m mlops.champion``, after the merge, by one job.

The pin of the last environment decides. Of two jobs at once one moves the alias and the other says why it did not:
where the registry has a way, jobs lock each other out (``Registry.alone``), and everywhere the alias is compared with
what this job started from, right before and right after it moves. What is left between that comparison and the move
is a move by somebody who takes no lock, such as a person in the registry's own pages.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mlops import pins, record
from mlops import registry as reg
from mlops.config import Model, load_model, read_json
from mlops.errors import Refused, program, say
from mlops.registry import Registry, Version

DEPLOYED = "mlops.deployed"


def pinned(registry: Registry, model: Model, root: Path = Path()) -> tuple[str, Version]:
    """Give the last environment and the version pinned there, checked against the registry."""
    if not model.promote_to:
        raise Refused(f"{model.name} is promoted nowhere: promotion.to is empty")
    environment = model.promote_to[-1]
    path = pins.path_of(model.name, environment)
    pin = pins.read(root / path, model.name, environment)
    if not pin.promoted:
        raise Refused(f"{path} pins no version yet: there is no champion to name")
    wrong = pins.faults(pin, model.name, environment)
    if wrong:
        raise Refused(f"{path}: {fault}" for fault in wrong)
    version = registry.version(model.name, pin.version)
    if version is None or version.tags.get(reg.DIGEST) != pin.digest:
        raise Refused(
            f"{path} pins version {pin.version} with digest {pin.digest}, which is not in {reg.shown(registry.uri)}"
        )
    place = record.path_of(model.name, pin.version)
    if not (root / place).is_file():
        raise Refused(f"{path} pins version {pin.version}, whose lineage {place} is not there")
    if read_json(root / place, float)["model"]["digest"] != pin.digest:
        raise Refused(f"{path} pins digest {pin.digest}, which differs from that in {place}")
    return environment, version


def still(registry: Registry, model: str, expected: str | None) -> None:
    """Make sure that a version, or none, is the champion."""
    now = registry.aliases(model).get(reg.CHAMPION)
    if now != expected:
        became = f"became version {now}" if now else "was removed"
        raise Refused(f"the champion of {model} {became} meanwhile, not by this job: run it again")


def move(
    registry: Registry, model: str, number: str, expected: str | None, mine: Callable[[], None] = lambda: None
) -> None:
    """Set champion to a version if it still is the expected one, and make sure of it."""
    still(registry, model, expected)
    mine()
    registry.set_alias(model, reg.CHAMPION, number)
    still(registry, model, number)


def crown(registry: Registry, model: str, version: Version, environment: str) -> str | None:
    """Make a version the champion; give the one before, or None when nothing changed.

    ``previous`` is set first, so that a job that dies in between loses no way back. A pin that goes back to
    ``previous``, by a revert, is a rollback: what it leaves must not be what the next rollback returns to.
    """
    aliases = registry.aliases(model)
    before, previous = aliases.get(reg.CHAMPION), aliases.get(reg.PREVIOUS)
    if before == version.number:
        _mark(registry, model, version, environment, None)
        return None
    with registry.alone(model) as mine:
        still(registry, model, before)
        back = before is None or previous == version.number
        if not back:
            registry.set_alias(model, reg.PREVIOUS, before)
        try:
            move(registry, model, version.number, before, mine)
        except Refused:
            if not back:
                registry.set_alias(model, reg.PREVIOUS, previous)
            raise
        if previous == version.number:
            registry.set_alias(model, reg.PREVIOUS, None)
        _mark(registry, model, version, environment, before)
    return before


def roll_back(registry: Registry, model: str, environment: str) -> tuple[str, str]:
    """Move champion back to the previous one; give both numbers, new and old."""
    aliases = registry.aliases(model)
    before, target = aliases.get(reg.CHAMPION), aliases.get(reg.PREVIOUS)
    version = registry.version(model, target) if target else None
    if version is None or before is None or before == target:
        raise Refused(f"{model} has no previous champion to go back to")
    with registry.alone(model) as mine:
        move(registry, model, version.number, before, mine)
        registry.set_alias(model, reg.PREVIOUS, None)
        _mark(registry, model, version, environment, before)
    return version.number, before


def _mark(registry: Registry, model: str, version: Version, environment: str, before: str | None) -> None:
    if version.tags.get(DEPLOYED) != environment:
        registry.tag(version, {DEPLOYED: environment})
    old = registry.version(model, before) if before else None
    if old is not None:
        registry.tag(old, {DEPLOYED: None})


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Move the alias."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.champion", description="Make the pinned version the champion."
    )
    parser.add_argument("--model", type=Path, required=True, help="models/<model>/model.json")
    parser.add_argument(
        "--rollback", action="store_true", help="move champion back to the previous one; revert the pin in Git as well"
    )
    args = parser.parse_args(argv)
    model = load_model(args.model)
    registry = reg.connect(model)
    if args.rollback:
        if not model.promote_to:
            raise Refused(f"{model.name} is promoted nowhere: promotion.to is empty")
        number, before = roll_back(registry, model.name, model.promote_to[-1])
        say(f"champion: {model.name} version {number}, back from version {before}")
        say("note: revert the pin in Git too, or the next run moves the alias again")
        return
    environment, version = pinned(registry, model)
    holder = registry.aliases(model.name).get(reg.CHAMPION)
    crown(registry, model.name, version, environment)
    if holder == version.number:
        say(f"unchanged: the champion of {model.name} is version {version.number}")
    else:
        say(f"champion: {model.name} version {version.number}" + (f"; previous: version {holder}" if holder else ""))


if __name__ == "__main__":
    sys.exit(main())
