"""Checks this repository without a cluster or a network: ``python -m mlops.validate``.

JSON and YAML files parse, kustomizations name files that exist, pipelines, models, pins and lineage records are
well-formed and agree with each other, no image is tagged latest, and no merge conflict is left.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mlops import freeze, pins, record, statement
from mlops.config import load_model, load_pipeline, read_json
from mlops.errors import Stop, program, say
from mlops.files import read_yaml

_T = TypeVar("_T")
_SKIPPED = {".git", ".venv", ".dvc", ".tools", ".terraform", "node_modules", "__pycache__", "mlruns", "data", "runs"}
_KUSTOMIZATION = ("kustomization.yaml", "kustomization.yml")
_MARKERS = re.compile(rb"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)
_LATEST = re.compile(r"[^\s/:]+:latest")


class Findings:
    """What was checked and what is wrong."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.checked: dict[str, int] = {}
        self.faults: list[str] = []

    def count(self, what: str) -> None:
        """Note that one more was checked."""
        self.checked[what] = self.checked.get(what, 0) + 1

    def fault(self, path: Path, sentence: str) -> None:
        """Note what is wrong in a file."""
        self.faults.append(f"{path}: {sentence}")

    def attempt(self, what: str, body: Callable[..., _T], *args: object) -> _T | None:
        """Count a check and keep what it raises; give its result, or None."""
        self.count(what)
        try:
            return body(*args)
        except Stop as stop:
            self.faults += stop.sentences
        return None


def files(root: Path) -> Iterator[Path]:
    """List the repository's files, without tools, data, model stores and what is only on this machine."""
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        if here.name == ".mlops":
            folders[:] = []
        for name in sorted(names):
            path = here / name
            if here.name == ".mlops" and name != "inventory.json":
                continue
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root)


def examine(root: Path) -> Findings:
    """Check everything."""
    found = Findings()
    for path in files(root):
        if (root / path).stat().st_size < 5_000_000:
            found.count("files without merge markers")
            if _MARKERS.search((root / path).read_bytes()):
                found.fault(path, "a merge conflict is left in it")
        if path.suffix == ".json":
            found.attempt("JSON files", read_json, root / path)
        if path.suffix in (".yaml", ".yml"):
            _yaml(found, root, path)
    for path in sorted(root.glob("models/*/model.json")):
        _model(found, root, path)
    for path in sorted(root.glob("pipelines/*/pipeline.json")):
        _pipeline(found, root, path)
    for path in sorted(root.glob("lineage/*/*.json")):
        if path.name.endswith(".intoto.json"):
            _beside(found, root, path)
        else:
            _record(found, root, path)
    return found


def _yaml(found: Findings, root: Path, path: Path) -> None:
    documents = found.attempt("YAML files", read_yaml, root / path) or []
    for image in sorted(set(_images(documents))):
        if _LATEST.search(image):
            found.fault(path, f"image {image}: latest is another image tomorrow; name a version or a digest")
    if path.name in _KUSTOMIZATION:
        for document in documents:
            found.count("kustomizations")
            for name in sorted(set(_named(document))):
                if not (root / path.parent / name).exists():
                    found.fault(path, f"names {name}, which does not exist")


def _images(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _images(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                yield item
            elif key == "newTag" and item == "latest":
                yield f"{value.get('name')}:latest"
            else:
                yield from _images(item)


def _named(document: Any) -> Iterator[str]:
    """List the local paths that a kustomization names."""
    if not isinstance(document, dict):
        return
    for key in (
        "resources",
        "components",
        "bases",
        "crds",
        "configurations",
        "transformers",
        "generators",
        "validators",
    ):
        for item in document.get(key) or []:
            if isinstance(item, str) and "://" not in item and "\n" not in item and not item.startswith("github.com/"):
                yield item
    for key in ("patches", "patchesJson6902", "replacements"):
        yield from (item["path"] for item in document.get(key) or [] if isinstance(item, dict) and "path" in item)
    yield from (
        item for item in document.get("patchesStrategicMerge") or [] if isinstance(item, str) and "\n" not in item
    )
    for key in ("configMapGenerator", "secretGenerator"):
        for item in document.get(key) or []:
            yield from (name.partition("=")[2] or name for name in item.get("files") or [])
            yield from item.get("envs") or []
    yield from (chart["valuesFile"] for chart in document.get("helmCharts") or [] if "valuesFile" in chart)


def _model(found: Findings, root: Path, path: Path) -> None:
    model = found.attempt("models", load_model, path)
    if model is None:
        return
    if model.name != path.parent.name:
        found.fault(path.relative_to(root), f"name is {model.name}, its folder is {path.parent.name}")
    for settings in model.environments.values():
        for window in settings.freeze:
            found.attempt("freeze windows", freeze.parse, window.cron)
    for environment in model.promote_to:
        place = pins.path_of(model.name, environment)
        if not (root / place).exists():
            found.fault(place, f"there is no such file; {model.name} is promoted to {environment}")
            continue
        pin = found.attempt("model pins", pins.read, root / place, model.name, environment)
        if pin is None:
            continue
        for sentence in pins.faults(pin, model.name, environment):
            found.fault(place, sentence)
        lineage = record.path_of(model.name, pin.version)
        if pin.promoted and not (root / lineage).is_file():
            found.fault(place, f"pins version {pin.version}, whose lineage {lineage} is not there")
        elif pin.promoted:
            there = found.attempt("pins with lineage", read_json, root / lineage)
            if isinstance(there, dict) and (there.get("model") or {}).get("digest") != pin.digest:
                found.fault(place, f"digest differs from that in {lineage}")


def _pipeline(found: Findings, root: Path, path: Path) -> None:
    pipeline = found.attempt("pipelines", load_pipeline, path)
    if pipeline is None or pipeline.model is None:
        return
    managed = root / "models" / pipeline.model.name / "model.json"
    if not managed.is_file():
        found.fault(
            path.relative_to(root),
            f"trains {pipeline.model.name}, but there is no models/{pipeline.model.name}/model.json",
        )
        return
    model = found.attempt("pipelines with their model", load_model, managed)
    if model is not None and model != pipeline.model:
        found.fault(
            path.relative_to(root), f"its copy of the model differs from models/{pipeline.model.name}/model.json"
        )


def _record(found: Findings, root: Path, path: Path) -> None:
    found.count("lineage records")
    try:
        there = read_json(path, float)
        wrong = record.faults(there, root)
    except Stop as stop:
        found.faults += [sentence for sentence in stop.sentences if sentence not in found.faults]
        return
    place = path.relative_to(root)
    for fault in wrong:
        found.fault(place, fault)
    named = there.get("model") if isinstance(there, dict) else None
    if isinstance(named, dict) and (named.get("name"), named.get("version")) != (path.parent.name, path.stem):
        found.fault(place, f"is of {named.get('name')} version {named.get('version')}, its place says otherwise")
    if not wrong:
        _statement(found, root, record.statement_of(path.parent.name, path.stem), there)


def _beside(found: Findings, root: Path, path: Path) -> None:
    if not path.with_name(path.name.removesuffix(".intoto.json") + ".json").is_file():
        found.fault(path.relative_to(root), "has no lineage record beside it")


def _statement(found: Findings, root: Path, place: Path, there: Any) -> None:
    found.count("in-toto statements")
    try:
        said = read_json(root / place, float)
    except Stop as stop:
        found.faults += [sentence for sentence in stop.sentences if sentence not in found.faults]
        return
    if said != statement.of(there):
        found.fault(place, "does not say what the lineage record beside it says: promote again to write both")


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Check the repository and say what was checked."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops.validate", description="Check this repository without a cluster."
    )
    parser.add_argument("--root", type=Path, default=Path(), help="default: the current folder")
    args = parser.parse_args(argv)
    found = examine(args.root)
    for what, number in found.checked.items():
        say(f"checked: {number} {what}")
    if found.faults:
        raise Stop(found.faults)
    say("valid: nothing is wrong")


if __name__ == "__main__":
    sys.exit(main())
