"""Prints where what serves comes from: ``python -m mlops.chain``.

endpoint → pin → version → run → code, data, image, parameters. Everything is read from this repository; each link is
checked against the next, and a broken one is exit code 4. With ``--registry`` the registry is asked as well.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mlops import pins, record, repository, statement
from mlops import registry as reg
from mlops.config import Model, load_model, read_json
from mlops.errors import Misuse, Refused, program, say
from mlops.files import read_yaml
from mlops.pins import Pin
from mlops.registry import Registry


class Chain:
    """The chain of one version, as lines and as what is broken in it."""

    def __init__(self, root: Path, model: Model, number: str) -> None:
        """Read a version's record."""
        self.root, self.model, self.number = root, model, number
        self.broken: list[str] = []
        place = record.path_of(model.name, number)
        if not (root / place).is_file():
            raise Refused(f"{model.name} version {number} has no lineage record {place}: it was never promoted")
        self.record: dict[str, Any] = read_json(root / place, float)
        wrong = record.faults(self.record, root)
        if wrong:
            raise Refused(f"{place}: {fault}" for fault in wrong)
        there = self.record["model"]
        if (there["name"], there["version"]) != (model.name, number):
            self.broken.append(f"{place} is of {there['name']} version {there['version']}")
        beside = root / record.statement_of(model.name, number)
        if not beside.is_file() or read_json(beside, float) != statement.of(self.record):
            self.broken.append(f"{beside.relative_to(root)} does not say what {place} says")

    def pin(self, pin: Pin) -> Iterator[str]:
        """Give the lines of an environment: its endpoints and its pin."""
        place = pins.path_of(pin.model, pin.environment)
        for name, folder in endpoints(self.root, pin.model, pin.environment):
            yield _line("endpoint", f"{name} in {pin.environment}", folder)
        stopped = ", stopped" if pin.stop == "true" else ""
        yield _line("pin", f"{pin.environment}: version {pin.version}{stopped}", place.as_posix())
        commit = repository.git(self.root, "log", "-1", "--format=%h of %cI", "--", place.as_posix())
        if commit:
            yield _line("", f"commit {commit}", "")
        promotion = self.record["promotions"].get(pin.environment)
        if promotion is None:
            self.broken.append(f"the record knows of no promotion to {pin.environment}")
        else:
            approved = ", ".join(promotion["approved_by"])
            yield _line("", f"promoted by {promotion['mode']}" + (f", approved by {approved}" if approved else ""), "")
            if promotion["pull_request"]:
                yield _line("", promotion["pull_request"], "")
        if pin.digest != self.record["model"]["digest"]:
            self.broken.append(f"{place} pins digest {pin.digest}, the record has {self.record['model']['digest']}")
        if pin.run_id != self.record["registry"]["run_id"]:
            self.broken.append(f"{place} names run {pin.run_id}, the record has {self.record['registry']['run_id']}")

    def version(self) -> Iterator[str]:
        """Give the lines of the version and of what it was made from."""
        model, run, code = self.record["model"], self.record["pipeline"], self.record["code"]
        place = record.path_of(self.model.name, self.number).as_posix()
        yield _line("version", f"{model['name']} {model['version']}, {model['digest']}", place)
        yield _line("", f"files: {len(model['files'])}", "")
        for gate in self.record["gates"]:
            yield _line("gate", f"{gate['metric']} is {gate['value']}, must be {gate['bound']}", "")
        for name, measured in sorted(self.record["metrics"].items()):
            yield _line("metric", f"{name} {measured['value']!r}", "")
        yield _line("run", f"{self.record['registry']['run_id']} in registry {self.record['registry']['name']}", "")
        by = f"{run['name']} by {run['orchestrator'] or 'unknown'}" + (
            f", run {run['run_id']}" if run["run_id"] else ""
        )
        yield _line("pipeline", f"{by}, {run['spec']}", run["run_url"] or "")
        commit = f"commit {code['git_commit'] or 'unknown'}" + (", modified" if code["modified"] else "")
        yield _line("code", f"{commit}, content {code['version'] or 'unknown'}", code["repository"] or "")
        if code["committed_at"]:
            yield _line("", f"committed {code['committed_at']}", "")
        for name, source in sorted(self.record["data"].items()):
            where = source["uri"] or source["path"] or ""
            yield _line("data", f"{name} ({source['kind']}) {source['version'] or 'unknown'}", where)
        yield from _environment(self.record["environment"])
        for name, value in sorted(self.record["parameters"].items()):
            yield _line("parameter", f"{name}={value}", "")
        parent = self.record["parent"]
        yield _line("parent", f"{parent['name']} {parent['version']}" if parent else "none", "")

    def ask(self, registry: Registry) -> Iterator[str]:
        """Compare with the registry."""
        there = registry.version(self.model.name, self.number)
        if there is None:
            self.broken.append(f"{reg.shown(registry.uri)} has no version {self.number} of {self.model.name}")
            return
        if (
            there.tags.get(reg.DIGEST) != self.record["model"]["digest"]
            or there.run != self.record["registry"]["run_id"]
        ):
            self.broken.append(f"version {self.number} in {reg.shown(registry.uri)} is another model")
        named = sorted(alias for alias, number in registry.aliases(self.model.name).items() if number == self.number)
        yield _line("registry", f"{reg.shown(registry.uri)}: {', '.join(named) or 'no alias'}", "")


def endpoints(root: Path, model: str, environment: str) -> list[tuple[str, str]]:
    """Find the endpoints that read a model's pins in an environment, each with its folder."""
    wanted = os.path.normpath(root / "models" / model)
    found = []
    for path in sorted(root.glob(f"endpoints/*/overlays/{environment}/kustomization.yaml")):
        for document in read_yaml(path):
            named = document.get("resources") or [] if isinstance(document, dict) else []
            if any(os.path.normpath(path.parent / str(name)) == wanted for name in named):
                found.append((path.parts[len(root.parts) + 1], path.parent.relative_to(root).as_posix()))
    return found


def _environment(environment: dict[str, Any]) -> Iterator[str]:
    if environment["image"]:
        yield _line("image", environment["image"], "")
    else:
        locked = environment["requirements"] or "unknown"
        yield _line("python", f"{environment['python'] or 'unknown'}, requirements {locked}", "")
    if environment["base_image"]:
        yield _line("base image", environment["base_image"], "")
    if environment["sbom"]:
        yield _line("sbom", environment["sbom"], "")


def _line(what: str, text: str, place: str) -> str:
    return f"{what:<10} {text}" + (f"  ({place})" if place else "")


def _show(chain: Chain, environments: Sequence[Pin], registry: Registry | None) -> None:
    for pin in environments:
        for line in chain.pin(pin):
            say(line)
    for line in chain.version():
        say(line)
    for line in chain.ask(registry) if registry else ():
        say(line)
    if chain.broken:
        raise Refused(chain.broken)
    say("unbroken: every link names the next")


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Print the chain."""
    parser = argparse.ArgumentParser(prog="python -m mlops.chain", description="Print where a model comes from.")
    parser.add_argument("--model", type=Path, required=True, help="models/<model>/model.json")
    parser.add_argument("--environment", help="default: every environment where a version is pinned")
    parser.add_argument("--version", help="a version that was promoted once, pinned or not")
    parser.add_argument("--registry", action="store_true", help="ask the registry as well")
    args = parser.parse_args(argv)
    root = Path()
    model = load_model(args.model)
    if args.environment and args.environment not in model.promote_to:
        raise Misuse(f"--environment {args.environment}: {model.name} is promoted to {', '.join(model.promote_to)}")
    registry = reg.connect(model) if args.registry else None
    wanted = [args.environment] if args.environment else list(model.promote_to)
    found = [pins.read(root / pins.path_of(model.name, e), model.name, e) for e in wanted]
    pinned = [pin for pin in found if pin.promoted and args.version in (None, pin.version)]
    versions = dict.fromkeys(pin.version for pin in reversed(pinned))
    if args.version:
        versions = {args.version: None}
    if not versions:
        say(f"{model.name} is pinned nowhere: nothing was promoted yet")
    for number in versions:
        _show(Chain(root, model, number), [pin for pin in pinned if pin.version == number], registry)


if __name__ == "__main__":
    sys.exit(main())
