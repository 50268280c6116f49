"""Pins a version for an environment: ``python -m mlops.promote``.

Nothing from files is believed: metrics come from the registry, gates are applied again, and the lineage record
must be the one that registration made. All faults are named at once. Running it twice changes nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops import freeze, pins, repository
from mlops import registry as reg
from mlops.config import Environment, Model, load_model, read_json, seconds
from mlops.errors import Refused, Stop, program, say
from mlops.files import sha256_of, write_json
from mlops.pins import Pin
from mlops.register import LINEAGE_FILE
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
        faults += _approvals(request)
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


def _approvals(request: Request) -> list[str]:
    settings = request.settings
    given = {name.lstrip("@").lower(): name for name in request.approved_by}
    people = {name.lstrip("@").lower() for name in settings.approvers if "/" not in name}
    faults = []
    if people and len(people) == len(settings.approvers):  # the members of a team are not known here
        strangers = [given.pop(key) for key in sorted(set(given) - people)]
        known = ", ".join(settings.approvers)
        faults += [f"{name} is not an approver of {request.environment}: those are {known}" for name in strangers]
    if len(given) < settings.approvals:
        has = f"{request.environment} needs {_people(settings.approvals)} and has {len(given)}"
        faults.append(f"{has}: name each with --approved-by")
    return faults


def _people(count: int) -> str:
    return "1 approval" if count == 1 else f"{count} approvals"


def lineage_record(registry: Registry, version: Version) -> dict[str, Any]:
    """Fetch the record that registration stored with the run, and check it against the version's tags."""
    expected = version.tags.get(reg.LINEAGE)
    with tempfile.TemporaryDirectory() as folder:
        path = registry.download(version.run, LINEAGE_FILE, Path(folder)) if expected else None
        if path is None:
            raise Refused(
                f"version {version.number} has no lineage record: it was not registered by this repository's programs"
            )
        record = read_json(path, float)
    if (
        not isinstance(record, dict)
        or sha256_of(record) != expected
        or record["model"]["digest"] != version.tags.get(reg.DIGEST)
    ):
        raise Refused(f"the lineage record of version {version.number} is not the one that registration made")
    return record


def complete(
    record: dict[str, Any], request: Request, version: Version, judged: tuple[Metrics, list[Finding]]
) -> dict[str, Any]:
    """Add to a lineage record what promotion knows. Promotions to other environments stay."""
    metrics, findings = judged
    place = request.root / lineage_path(request.model.name, version.number)
    old = read_json(place, float) if place.exists() else {}
    promotion = {
        "mode": request.model.mode,
        "approvals": request.settings.approvals,
        "approvers": list(request.settings.approvers),
        "approved_by": sorted(set(request.approved_by)),
        "branch": branch(request, version) if request.model.mode == "pull_request" else None,
    }
    return {
        **record,
        "model": {**record["model"], "version": version.number},
        "registry": {"name": request.model.registry, "run_id": version.run},
        "metrics": {name: float(value) for name, value in metrics.numbers().items()},
        "gates": [
            {"metric": f.metric, "op": f.op, "bound": f.bound, "value": f.value, "passed": f.passed} for f in findings
        ],
        "promotions": {**old.get("promotions", {}), request.environment: promotion},
    }


def branch(request: Request, version: Version) -> str:
    """Name the branch of a promotion's pull request."""
    return f"promote/{request.model.name}/{request.environment}/{version.number}"


def lineage_path(model: str, version: str) -> Path:
    """Say where a version's lineage record lies below the repository's root."""
    return Path("lineage", model, f"{version}.json")


def promote(request: Request, registry: Registry, version: Version, now: datetime, dry_run: bool = False) -> list[Path]:
    """Promote a version and give the files that changed. Raises Rejected or Refused and writes nothing then."""
    model, environment = request.model, request.environment
    target = pins.path_of(model.name, environment)
    record_at = lineage_path(model.name, version.number)
    digest = version.tags.get(reg.DIGEST, "")
    pin = Pin(model.name, environment, version.number, version.tags.get(reg.URI, ""), version.run, digest, "false")
    if (request.root / record_at).exists() and pins.read(request.root / target, model.name, environment) == pin:
        return []
    faults = policy(request, version, now)
    faults += [f"version {version.number}: {fault}" for fault in pins.faults(pin, model.name, environment)]
    metrics, findings = evaluate(registry, model, version)
    if faults:
        raise Refused(faults)
    reject(findings)
    for finding in findings:
        say(f"passed: {finding.sentence}")
    rival = registry.aliased(model.name, reg.CHAMPION)
    if rival is not None and rival.tags.get("mlops.data") != version.tags.get("mlops.data"):
        say(f"note: champion version {rival.number} was measured on other data")
    record = complete(lineage_record(registry, version), request, version, (metrics, findings))
    if dry_run:
        return [record_at, target]
    write_json(request.root / record_at, record)
    pins.write(request.root / target, pin)
    return [record_at, target]


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
        "--open-pull-request", action="store_true", help="commit on a branch, push it and open a pull request"
    )
    parser.add_argument("--base", help="the branch that the pull request goes to; default: the one checked out")
    args = parser.parse_args(argv)
    if args.version and not args.version.isdigit():
        parser.error(f"--version {args.version!r} must be a version number")

    model = load_model(args.model)
    request = request_for(model, args.environment, args.approved_by)
    registry = Registry.of(model)
    version = chosen(registry, model, args.version)
    changed = promote(request, registry, version, datetime.now(UTC), args.dry_run)
    name = f"{model.name} version {version.number}"
    if not changed:
        say(f"unchanged: {request.environment} already has {name}")
        return
    for path in changed:
        say(f"{'would write' if args.dry_run else 'wrote'} {path}")
    settings = request.settings
    if model.mode == "pull_request" and settings.approvals:
        by = f" of {', '.join(settings.approvers)}" if settings.approvers else ""
        say(f"note: {request.environment} needs {_people(settings.approvals)}{by}: the pull request collects them")
    if not args.dry_run and registry.folder is not None and (model.store_uri or "").startswith("pvc:"):
        say(f"note: the pin says {version.tags.get(reg.URI)}, but this registry is on this machine:")
        say("note: the cluster finds the model only when its own run registers it")
    if args.open_pull_request and not args.dry_run:
        if model.mode != "pull_request":
            raise Stop(f"{model.name} is promoted directly (promotion.mode): commit the files instead")
        title = f"Promote {name} to {request.environment}"
        body = "\n".join(
            [
                f"Digest {version.tags.get(reg.DIGEST)}, run {version.run}.",
                f"Lineage: {lineage_path(model.name, version.number)}.",
                f"Approvals needed: {settings.approvals}"
                + (f" of {', '.join(settings.approvers)}." if settings.approvers else "."),
            ]
        )
        base = args.base or repository.base_branch(request.root)
        paths = tuple(str(path) for path in changed)
        asked = repository.PullRequest(branch(request, version), base, paths, title, body)
        repository.open_pull_request(request.root, asked)
    else:
        say(f"{'would promote' if args.dry_run else 'promoted'}: {name} to {request.environment}")


if __name__ == "__main__":
    sys.exit(main())
