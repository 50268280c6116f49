"""Pins a version for an environment: ``python -m mlops.promote``.

Nothing from files is believed: metrics come from the registry, gates are applied again, the lineage record must be the
one that registration made, and the model's files must be the ones it names. All faults are named at once. Running it
twice changes nothing, and opens no second pull request.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops import approval, evidence, forge, freeze, pins, record, repository
from mlops import registry as reg
from mlops.config import Environment, Model, load_model, read_json, seconds
from mlops.errors import Refused, Stop, program, say
from mlops.files import write_text
from mlops.pins import Pin
from mlops.registry import Registry, Version
from mlops.verdict import Finding, Metrics, judge, reject


@dataclass(frozen=True)
class Request:
    """What is to be promoted, where to, and who agreed."""

    model: Model
    environment: str
    approved_by: tuple[str, ...] = ()
    root: Path = Path()

    @property
    def settings(self) -> Environment:
        """Give the environment's settings."""
        return self.model.environments[self.environment]


@dataclass(frozen=True)
class Plan:
    """A promotion that nothing forbids."""

    request: Request
    version: Version
    pin: Pin
    record: dict[str, Any]
    findings: Sequence[Finding]

    def linked(self, url: str | None) -> Plan:
        """Give the same promotion with the address of its pull request in the record."""
        promotions = self.record["promotions"]
        own = {**promotions[self.request.environment], "pull_request": url}
        return replace(self, record={**self.record, "promotions": {**promotions, self.request.environment: own}})

    def files(self) -> dict[Path, str]:
        """Give the text of each file that it writes, the pin last."""
        place = self.request.root / pins.path_of(self.pin.model, self.pin.environment)
        before = place.read_text(encoding="utf-8") if place.exists() else None
        pinned = pins.render(self.pin, before, str(place))
        found = record.texts(self.record, self.request.root)
        return {**found, pins.path_of(self.pin.model, self.pin.environment): pinned}


def evaluate(registry: Registry, model: Model, version: Version) -> tuple[Metrics, list[Finding]]:
    """Read a version's metrics from the registry and apply the gates to them."""
    metrics = Metrics(registry.metrics(version))
    return metrics, judge(model.gates, metrics, lambda: registry.champion(model.name), version.number)


def policy(request: Request, version: Version, now: datetime) -> list[str]:
    """Name everything that forbids this promotion, besides gates and lineage."""
    faults = []
    settings = request.settings
    if not version.passed:
        status = version.tags.get(reg.STATUS, "not set")
        faults.append(f"version {version.number} was not completely registered ({reg.STATUS} is {status})")
    missing = [part for part in request.model.lineage if not version.tags.get(f"mlops.{part}")]
    if missing:
        faults.append(
            f"version {version.number} lacks lineage: {', '.join(missing)} is not known; train again where it is"
        )
    if settings.promote_from:
        faults += _comes_from(request, settings.promote_from, version, now)
    try:
        freeze.check(settings.freeze, request.environment, now)
    except Refused as window:
        faults += window.sentences
    if request.model.mode == "direct":
        faults += approval.faults(settings, request.environment, request.approved_by, request.root)
    return faults


def _comes_from(request: Request, before: str, version: Version, now: datetime) -> list[str]:
    path = pins.path_of(request.model.name, before)
    pin = pins.read(request.root / path, request.model.name, before)
    if pin.version != version.number or pin.digest != version.tags.get(reg.DIGEST):
        has = f"version {pin.version}" if pin.promoted else "nothing"
        here = f"{request.environment} takes what {before} runs"
        return [f"{here}, and {before} has {has}, not version {version.number}: promote it there first"]
    if not request.model.soak:
        return []
    since = None
    for when, text in repository.history(request.root, path.as_posix()):
        if pins.version_in(text) != version.number:
            break
        since = datetime.fromtimestamp(when, UTC)
    must = f"version {version.number} must soak {request.model.soak} in {before}"
    if since is None:
        return [f"{must}, and its pin there is not committed yet"]
    ready = since + timedelta(seconds=seconds(request.model.soak))
    return [f"{must}: ready at {ready:%Y-%m-%d %H:%M} UTC"] if now < ready else []


def plan(request: Request, registry: Registry, version: Version, now: datetime) -> Plan | None:
    """Examine a promotion; None when the files say it already. Raises Rejected or Refused."""
    model, environment = request.model, request.environment
    digest = version.tags.get(reg.DIGEST, "")
    pin = Pin(model.name, environment, version.number, version.tags.get(reg.URI, ""), version.run, digest, "false")
    target = request.root / pins.path_of(model.name, environment)
    written = (record.path_of(model.name, version.number), record.statement_of(model.name, version.number))
    if all((request.root / path).exists() for path in written) and pins.read(target, model.name, environment) == pin:
        return None
    faults = policy(request, version, now)
    faults += [f"version {version.number}: {fault}" for fault in pins.faults(pin, model.name, environment)]
    judged = evaluate(registry, model, version)
    if faults:
        raise Refused(faults)
    reject(judged[1])
    known = record.fetch(registry, version)
    faults = [f"the record of version {version.number} lacks {part}" for part in record.unknown(known, model.lineage)]
    faults += record.altered(registry, version, known)
    if faults:
        raise Refused(faults)
    for finding in judged[1]:
        say(f"passed: {finding.sentence}")
    promotions = {**_earlier(request, version), environment: _promotion(request)}
    return Plan(request, version, pin, record.complete(known, version, model.registry, judged, promotions), judged[1])


def promote(request: Request, registry: Registry, version: Version, now: datetime, dry_run: bool = False) -> list[Path]:
    """Promote a version and give the files that changed. Raises Rejected or Refused and writes nothing then."""
    found = plan(request, registry, version, now)
    return [] if found is None else carry_out(found, dry_run)


def carry_out(found: Plan, dry_run: bool = False) -> list[Path]:
    """Write the files of a promotion into the work tree and name them."""
    files = found.files()
    for path, text in files.items():
        if not dry_run:
            write_text(found.request.root / path, text)
    return list(files)


def open_pull_request(found: Plan, registry: Registry, base: str) -> None:
    """Put a promotion on its branch and make sure that its one pull request is there. The work tree stays as it is."""
    request, version = found.request, found.version
    model, environment = request.model.name, request.environment
    there = forge.of(request.root)
    if there is None:
        raise Stop(f"which forge opens the pull request is not known: set MLOPS_FORGE to {', '.join(forge.KINDS)}")
    there.need_token()
    name = branch(model, environment)
    before = there.find(name, base)
    found = found.linked(before.url if before else None)
    place = record.path_of(model, version.number)
    link = there.link(name, place.as_posix())
    title = f"Promote {model} version {version.number} to {environment}"
    message = f"{title}\n\nDigest {found.pin.digest}, run {version.run}.\nLineage: {place}.\n"
    if repository.publish(request.root, name, found.files(), message, there.remote):
        say(f"pushed branch {name}")
    body = evidence.body(found.record, environment, found.findings, registry.champion(model), link)
    now, what = forge.request(there, forge.PullRequest(name, base, title, body))
    if before is None or before.url != now.url:
        repository.publish(request.root, name, found.linked(now.url).files(), message, there.remote)
    say(f"{what}: {now.url}")


def _earlier(request: Request, version: Version) -> dict[str, Any]:
    """Give the promotions of this very version to other environments, as they are committed."""
    place = request.root / record.path_of(request.model.name, version.number)
    old = read_json(place, float) if place.exists() else None
    same = isinstance(old, dict) and old.get("model", {}).get("digest") == version.tags.get(reg.DIGEST)
    return dict(old.get("promotions", {})) if isinstance(old, dict) and same else {}


def _promotion(request: Request) -> dict[str, Any]:
    asks = request.model.mode == "pull_request"
    return {
        "mode": request.model.mode,
        "approvals": request.settings.approvals,
        "approvers": list(request.settings.approvers),
        "approved_by": sorted(set(request.approved_by)),
        "branch": branch(request.model.name, request.environment) if asks else None,
        "pull_request": None,
    }


def branch(model: str, environment: str) -> str:
    """Name the one branch of a model's promotions to an environment."""
    return f"promote/{model}-{environment}"


def _branch_is_shared(request: Request) -> list[str]:
    """Name the other model whose promotions would have the same branch: a-b to c, and a to b-c."""
    own = branch(request.model.name, request.environment)
    for path in sorted(request.root.glob("models/*/model.json")):
        other = load_model(path)
        for environment in other.promote_to:
            if other.name != request.model.name and branch(other.name, environment) == own:
                return [f"branch {own} is that of {other.name} to {environment} as well: rename the environment"]
    return []


def request_for(model: Model, environment: str, approved_by: Sequence[str] = (), root: Path = Path()) -> Request:
    """Check that a model may go to an environment at all."""
    if environment not in model.promote_to:
        ways = ", ".join(model.promote_to) or "no environment"
        raise Refused(f"{model.name} is not promoted to {environment}: promotion.to has {ways}")
    return Request(model, environment, tuple(approved_by), root)


def chosen(registry: Registry, model: Model, number: str | None) -> Version:
    """Give the version with a number, or the challenger."""
    found = registry.version(model.name, number) if number else registry.aliased(model.name, reg.CHALLENGER)
    if found is None:
        what = f"version {number}" if number else f"alias {reg.CHALLENGER}"
        raise Refused(f"{model.name} has no {what} in {reg.shown(registry.uri)}: train and register it first")
    return found


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Run the promotion."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.promote", description="Pin a version of a model for an environment."
    )
    parser.add_argument("--model", type=Path, required=True, help="models/<model>/model.json")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--version", help="default: the challenger")
    parser.add_argument(
        "--approved-by", action="append", default=[], metavar="NAME", help="who approved (mode direct); once per person"
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    parser.add_argument(
        "--open-pull-request", action="store_true", help="push a branch and open or update its one pull request"
    )
    parser.add_argument("--base", help="the branch that the pull request goes to; default: the one checked out")
    args = parser.parse_args(argv)
    if args.version and not args.version.isdigit():
        parser.error(f"--version {args.version!r} must be a version number")

    model = load_model(args.model)
    if args.open_pull_request and model.mode != "pull_request":
        raise Stop(f"{model.name} is promoted directly (promotion.mode): commit the files instead")
    request = request_for(model, args.environment, args.approved_by)
    registry = reg.connect(model)
    version = chosen(registry, model, args.version)
    found = plan(request, registry, version, datetime.now(UTC))
    name = f"{model.name} version {version.number}"
    if found is None:
        say(f"unchanged: {request.environment} already has {name}")
        return
    _notes(found, registry)
    if args.open_pull_request and not args.dry_run:
        shared = _branch_is_shared(request)
        if shared:
            raise Refused(shared)
        open_pull_request(found, registry, args.base or repository.base_branch(request.root))
        return
    for path in carry_out(found, args.dry_run):
        say(f"{'would write' if args.dry_run else 'wrote'} {path}")
    say(f"{'would promote' if args.dry_run else 'promoted'}: {name} to {request.environment}")


def _notes(found: Plan, registry: Registry) -> None:
    """Say what forbids nothing, but people should know."""
    request, version = found.request, found.version
    model, settings = request.model, request.settings
    rival = registry.aliased(model.name, reg.CHAMPION)
    if rival is not None and rival.tags.get("mlops.data") != version.tags.get("mlops.data"):
        say(f"note: champion version {rival.number} was measured on other data")
    if model.mode == "pull_request" and settings.approvals:
        needs = approval.people(settings.approvals)
        by = f" of {', '.join(settings.approvers)}" if settings.approvers else ""
        say(f"note: {request.environment} needs {needs}{by}: the pull request collects them")
    if registry.folder is not None and (model.store_uri or "").startswith("pvc:"):
        say(f"note: the pin says {version.tags.get(reg.URI)}, but this registry is on this machine:")
        say("note: the cluster finds the model only when its own run registers it")


if __name__ == "__main__":
    sys.exit(main())
