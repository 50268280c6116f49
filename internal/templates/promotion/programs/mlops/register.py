"""Puts an accepted model into the registry with its lineage: ``python -m mlops.register``.

Equal training runs (see ``lineage.fingerprint``) give one version. The alias ``challenger`` moves last, and
only to a version that is complete: one that fails half-way is taken back. When the run is registered already,
the alias moves to it unless a newer version holds it: a late run must not displace its successor.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlops import registry as reg
from mlops.config import Model, Pipeline, load_pipeline, read_json, trained_model
from mlops.errors import Misuse, Rejected, Stop, program, say
from mlops.files import Entry, canonical, entries, read_yaml, renames, sha256_of, tree_digest, write_json
from mlops.gate import examine
from mlops.lineage import Lineage, effective, fingerprint, trace
from mlops.registry import Registry, Version
from mlops.verdict import Finding, Metrics, read_metrics, reject

LINEAGE_FILE = "mlops/lineage.json"
_SERVABLE = ("s3://", "gs://", "abfss://", "abfs://", "wasbs://", "hdfs://")
_TAG_LIMIT = 5000


@dataclass(frozen=True)
class Candidate:
    """A trained model that passed its gates, with everything that is known of it."""

    pipeline: Pipeline
    model: Model
    artifact: Path
    metrics: Metrics
    findings: Sequence[Finding]
    lineage: Lineage
    run_id: str | None = None
    run_url: str | None = None
    store: Path | None = None


def register(registry: Registry, candidate: Candidate) -> tuple[Version, bool]:
    """Register a candidate unless the same training run is there; then give that version and False."""
    model = candidate.model
    files = entries(candidate.artifact)
    if not files:
        raise Stop(f"{candidate.artifact}: the model folder is empty")
    digest = tree_digest(files)
    mark = fingerprint(candidate.pipeline, candidate.lineage, digest)
    known = registry.find(model.name, mark)
    if known is not None:
        return known, False
    registry.ensure_model(model)
    record = _record(
        candidate, digest, [asdict(entry) for entry in files], registry.aliases(model.name).get(reg.CHAMPION)
    )
    tags = _tags(candidate, digest, mark, record)
    with registry.run(model.name, candidate.pipeline.name, tags) as run:
        source = _fill(registry, run, candidate, record)
        version = registry.create_version(model.name, source, run, {**tags, reg.STATUS: reg.PENDING})
        try:
            if candidate.store is not None:
                _publish(candidate.artifact, candidate.store / model.name / version.number, digest)
            registry.tag(version, {reg.URI: _uri(candidate, version), reg.STATUS: reg.PASSED})
        except BaseException:
            registry.discard(version)
            raise
    return version, True


def record_offline(registry: Registry, candidate: Candidate) -> str:
    """Record a run in the client's files, for a tracker that is offline: it has no version and no alias."""
    files = entries(candidate.artifact)
    if not files:
        raise Stop(f"{candidate.artifact}: the model folder is empty")
    digest = tree_digest(files)
    record = _record(candidate, digest, [asdict(entry) for entry in files], None)
    tags = _tags(candidate, digest, fingerprint(candidate.pipeline, candidate.lineage, digest), record)
    with registry.run(candidate.model.name, candidate.pipeline.name, tags) as run:
        _fill(registry, run, candidate, record)
    return run


def _fill(registry: Registry, run: str, candidate: Candidate, record: dict[str, Any]) -> str:
    """Write everything that belongs to a run; give the address of the model's files."""
    registry.log(run, candidate.metrics.numbers(), candidate.lineage.parameters)
    source = registry.upload(run, candidate.artifact, "model")
    with tempfile.TemporaryDirectory() as folder:
        lineage = Path(folder, "lineage.json")
        write_json(lineage, record)
        registry.upload(run, lineage, "mlops")
    return source


def challenge(registry: Registry, version: Version) -> str:
    """Make a version the challenger unless a newer one is; say which version is it now."""
    holder = registry.aliases(version.model).get(reg.CHALLENGER)
    if holder is not None and int(holder) >= int(version.number):
        return holder
    registry.set_alias(version.model, reg.CHALLENGER, version.number)
    return version.number


def _record(candidate: Candidate, digest: str, files: list[dict[str, Any]], parent: str | None) -> dict[str, Any]:
    """Give the lineage record as far as registration knows it; promotion adds the version and itself."""
    pipeline, lineage = candidate.pipeline, candidate.lineage
    return {
        "version": 1,
        "model": {"name": candidate.model.name, "digest": digest, "files": files},
        "parent": {"name": candidate.model.name, "version": parent} if parent else None,
        "pipeline": {
            "name": pipeline.name,
            "spec": pipeline.spec,
            "orchestrator": pipeline.orchestrator if candidate.run_id else "local",
            "run_id": candidate.run_id,
            "run_url": candidate.run_url,
        },
        "code": lineage.code,
        "data": lineage.data,
        "environment": lineage.environment,
        "parameters": lineage.parameters,
    }


def _tags(candidate: Candidate, digest: str, mark: str, record: dict[str, Any]) -> dict[str, str]:
    lineage = candidate.lineage
    code, data = lineage.code, lineage.data
    gates = canonical([[f.metric, f.op, f.bound, f.value, f.passed] for f in candidate.findings])
    sha = code["git_commit"]
    tags: dict[str, str | None] = {
        **candidate.model.tags,
        reg.FINGERPRINT: mark,
        reg.DIGEST: digest,
        reg.LINEAGE: sha256_of(record),
        "mlops.pipeline": candidate.pipeline.name,
        "mlops.spec": candidate.pipeline.spec,
        "mlops.gates": gates if len(gates) <= _TAG_LIMIT else f"{len(candidate.findings)} gates passed",
        **{f"mlops.{part}": version for part, version in lineage.versions().items()},
        "git_sha": f"{sha}-modified" if sha and code["modified"] else sha,
        "data_version": ",".join(f"{name}={source['version'] or 'unknown'}" for name, source in sorted(data.items()))[
            :_TAG_LIMIT
        ],
        "image": lineage.environment["image"],
        "pipeline_run_id": candidate.run_id,
        "pipeline_run_url": candidate.run_url,
    }
    return {key: value for key, value in tags.items() if value}


def _uri(candidate: Candidate, version: Version) -> str:
    """Say where serving finds the model: where the registry keeps it, or the store of the pods."""
    if candidate.store is None and version.source.startswith(_SERVABLE):
        return version.source
    if candidate.model.store_uri:
        return f"{candidate.model.store_uri.rstrip('/')}/models/{version.model}/{version.number}"
    return f"models:/{version.model}/{version.number}"


def _publish(artifact: Path, target: Path, digest: str) -> None:
    """Copy the model to where pods are served from: whole or not at all, where files can be renamed."""
    found = entries(target) if target.exists() else []
    if found and tree_digest(found) == digest:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if not renames(target.parent):
        _complete(artifact, target, found, digest)
        return
    if target.exists():
        raise Stop(f"{target} holds another model: the registry was set up anew; move that folder away")
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        if artifact.is_dir():
            shutil.copytree(artifact, draft, dirs_exist_ok=True)
        else:
            shutil.copy2(artifact, draft)
        draft.chmod(0o755)
        if tree_digest(entries(draft)) != digest:
            raise Stop(f"{artifact} changed while it was copied: register again")
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _complete(artifact: Path, target: Path, found: list[Entry], digest: str) -> None:
    """Copy what is missing into a mounted bucket, where each file appears whole and nothing is renamed or removed.

    Nobody is served from the folder before its version is registered, which follows.
    """
    wanted = {entry.path: entry for entry in entries(artifact)}
    if any(wanted.get(entry.path) != entry for entry in found):
        raise Stop(f"{target} holds another model: the registry was set up anew; move that folder away")
    for path in sorted(wanted.keys() - {entry.path for entry in found}):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(artifact / path if artifact.is_dir() else artifact, target / path)
    if tree_digest(entries(target)) != digest:
        raise Stop(f"{artifact} changed while it was copied: register again")


def _check_verdict(path: Path, metrics: Metrics) -> None:
    given = read_json(path)
    if not isinstance(given, dict) or given.get("accepted") is not True:
        raise Rejected(f"{path} does not say that the gate accepted the model")
    if given.get("metrics") != metrics.digest:
        raise Rejected(f"{path} judges other metrics than the ones given")


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise Misuse(f"{option} {text!r}: must be NAME=VALUE")
        pairs[key] = value
    return pairs


def _parameters(path: Path, known: Sequence[str]) -> dict[str, str]:
    """Read the values of parameters from params.yaml or params.json."""
    found = read_json(path) if path.suffix == ".json" else next(iter(read_yaml(path)), None)
    if not isinstance(found, dict):
        raise Stop(f"{path}: must be an object of parameters")
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items() if name in known
    }


def _versions(paths: Sequence[Path]) -> dict[str, str]:
    """Read the versions of datasets."""
    found: dict[str, str] = {}
    for path in paths:
        given = read_json(path)
        if not isinstance(given, dict) or not all(isinstance(version, str) for version in given.values()):
            raise Stop(f"{path}: must be an object, dataset to version")
        found |= given
    return found


def _offline(registry: Registry, candidate: Candidate, result: Path | None) -> None:
    run, name = record_offline(registry, candidate), candidate.model.name
    say(f"recorded: a run of {name} offline, for {reg.shown(registry.uri)}")
    say(f"note: offline there is no version of {name} and no {reg.CHALLENGER}: register online to get them")
    if result:
        known = {"version": 1, "model": name, "model_version": None, "created": False, "challenger": None}
        write_json(result, {**known, "run_id": run, "digest": None, "fingerprint": None, "uri": None})


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Run the registration."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.register", description="Register an accepted model with its lineage."
    )
    parser.add_argument("--pipeline", type=Path, required=True, help="pipelines/<pipeline>/pipeline.json")
    parser.add_argument("--artifact", type=Path, required=True, help="the model that the training step wrote")
    parser.add_argument("--metrics", type=Path, help="the metrics file that the gate read")
    parser.add_argument("--verdict", type=Path, help="the gate's verdict; the metrics are judged again all the same")
    parser.add_argument("--params", type=Path, help="params.yaml or params.json with the values that were used")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="the value of one parameter")
    parser.add_argument("--data", action="append", default=[], metavar="NAME=VERSION", help="the version of a dataset")
    parser.add_argument(
        "--data-versions", type=Path, action="append", default=[], help="what mlops.data --versions wrote"
    )
    parser.add_argument("--lakefs-branch", nargs="?", const="", metavar="INTO", help="see mlops.lakefs.finish")
    parser.add_argument("--pipeline-run-id", help="the orchestrator's id of this run")
    parser.add_argument("--run-url", help="where this run can be looked at")
    parser.add_argument("--result", type=Path, help="where to write what was done as JSON")
    args = parser.parse_args(argv)

    pipeline = load_pipeline(args.pipeline)
    model = trained_model(pipeline)
    metrics = read_metrics(args.metrics)
    if metrics.fault and args.metrics:
        raise Rejected(f"the metrics of {model.name} cannot be recorded: {metrics.fault}")
    findings = examine(model, metrics)
    reject(findings)
    if args.verdict:
        _check_verdict(args.verdict, metrics)
    given = _parameters(args.params, list(pipeline.parameters)) if args.params else {}
    given |= _pairs("--param", args.param)
    store = os.environ.get("MLOPS_MODEL_STORE")
    candidate = Candidate(
        pipeline=pipeline,
        model=model,
        artifact=args.artifact,
        metrics=metrics,
        findings=findings,
        lineage=trace(
            pipeline, effective(pipeline, given), _versions(args.data_versions) | _pairs("--data", args.data)
        ),
        run_id=args.pipeline_run_id or None,
        run_url=args.run_url or None,
        store=Path(store) if store else None,
    )
    for name in metrics.others():
        say(f"note: {name} is not a number and is not recorded")
    for part in candidate.lineage.missing():
        say(
            f"note: {part} of this training run is not wholly known"
            + (": promotion will refuse it" if part in model.lineage else "")
        )
    registry = reg.connect(model)
    if registry.offline:
        _offline(registry, candidate, args.result)
        return
    version, created = register(registry, candidate)
    challenger = challenge(registry, version)
    if created:
        say(f"registered: {model.name} version {version.number} in {reg.shown(registry.uri)}")
    else:
        say(f"unchanged: {model.name} version {version.number} already holds this training run")
    if args.lakefs_branch is not None:
        run_id = args.pipeline_run_id or os.environ.get("MLOPS_RUN_ID", "")
        known = {"mlops.model": model.name, "mlops.version": version.number}
        importlib.import_module("mlops.lakefs").finish(pipeline, run_id, known, args.lakefs_branch)
    if challenger == version.number:
        say(f"challenger: version {challenger}")
    else:
        say(f"challenger: stays version {challenger}, which is newer; promote this one with --version {version.number}")
    if args.result:
        done = registry.version(model.name, version.number) or version
        write_json(
            args.result,
            {
                "version": 1,
                "model": model.name,
                "model_version": version.number,
                "created": created,
                "challenger": challenger,
                "run_id": done.run,
                "digest": done.tags.get(reg.DIGEST),
                "fingerprint": done.tags.get(reg.FINGERPRINT),
                "uri": done.tags.get(reg.URI),
            },
        )


if __name__ == "__main__":
    sys.exit(main())
