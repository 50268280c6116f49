"""The model pin, ``models/<model>/<environment>.yaml``: what serves in an environment.

A pin is a ConfigMap in one fixed form, so it is read and written without a YAML library, and only the values
below ``data:`` ever change: labels, comments and order stay as they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.errors import Stop
from mlops.files import write_text

_LINE = re.compile(r"  ([a-z_]+):(?: +(.*?))? *")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One environment's pin. Nothing promoted yet: version "0" and stop "true"."""

    model: str
    environment: str
    version: str = "0"
    uri: str = ""
    run_id: str = ""
    digest: str = ""
    stop: str = "true"

    @property
    def promoted(self) -> bool:
        """Tell whether a version is pinned."""
        return self.version != "0"


def path_of(model: str, environment: str) -> Path:
    """Say where a pin lies below the repository's root."""
    return Path("models", model, f"{environment}.yaml")


def read(path: Path, model: str, environment: str) -> Pin:
    """Read a pin; one that is not there pins nothing."""
    return parse(path.read_text(encoding="utf-8"), str(path)) if path.exists() else Pin(model, environment)


def parse(text: str, where: str) -> Pin:
    """Read the text of a pin."""
    start, end = _block(text.splitlines(), where)
    values: dict[str, str] = {}
    for line in text.splitlines()[start:end]:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or match[1] in values:
            raise Stop(f"{where}: line {line.strip()!r} below data: must be one key and one value")
        values[match[1]] = _scalar(match[2] or "", where)
    absent = [key for key in asdict(Pin("", "")) if key not in values]
    if absent:
        raise Stop(f"{where}: data has no {absent[0]}")
    return Pin(**{key: values[key] for key in asdict(Pin("", ""))})


def version_in(text: str) -> str | None:
    """Give the version that a text pins; None when it is no pin."""
    try:
        return parse(text, "").version
    except Stop:
        return None


def faults(pin: Pin, model: str, environment: str) -> list[str]:
    """Say what is wrong with a pin."""
    found = []
    if (pin.model, pin.environment) != (model, environment):
        found.append(f"pins {pin.model} for {pin.environment}, but its place says {model} for {environment}")
    if not re.fullmatch("0|[1-9][0-9]*", pin.version):
        found.append(f"version {pin.version!r} is not a version number")
    if pin.stop not in ("true", "false"):
        found.append(f"stop {pin.stop!r} must be true or false")
    if pin.promoted:
        if not _DIGEST.fullmatch(pin.digest):
            found.append(f"digest {pin.digest!r} of version {pin.version} is not sha256: and 64 hex digits")
        found += [f"version {pin.version} has no {key}" for key in ("uri", "run_id") if not asdict(pin)[key]]
    elif pin.stop != "true":
        found.append('nothing is promoted (version "0"), so stop must be "true"')
    return found


def render(pin: Pin, text: str | None, where: str) -> str:
    """Give the text of a pin: a given text with new data, or a new one."""
    if text is None:
        text = _NEW.format(name=f"{pin.model}-{pin.environment}")
    lines = text.splitlines()
    start, end = _block(lines, where)
    left = asdict(pin)
    data = []
    for line in lines[start:end]:
        match = _LINE.fullmatch(line)
        if match and match[1] in left:
            value = left.pop(match[1])
            data.append(line if _scalar(match[2] or "", where) == value else _write(match[1], value))
        else:
            data.append(line)
    data += [_write(key, value) for key, value in left.items()]
    return "\n".join([*lines[:start], *data, *lines[end:]]) + "\n"


def write(path: Path, pin: Pin) -> bool:
    """Write a pin; False when nothing changed."""
    text = path.read_text(encoding="utf-8") if path.exists() else None
    return write_text(path, render(pin, text, str(path)))


_NEW = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations:
    config.kubernetes.io/local-config: "true"
data:
"""


def _block(lines: list[str], where: str) -> tuple[int, int]:
    """Find the lines below data:."""
    heads = [i for i, line in enumerate(lines) if re.fullmatch(r"data: *", line)]
    if len(heads) != 1:
        raise Stop(f"{where}: not a model pin: it must have one line data:")
    start = heads[0] + 1
    end = start
    while end < len(lines) and (lines[end].startswith(" ") or not lines[end].strip()):
        end += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return start, end


def _write(key: str, value: str) -> str:
    return f"  {key}: {json.dumps(value)}"


def _scalar(text: str, where: str) -> str:
    try:
        if text.startswith('"'):
            return str(json.loads(text))
    except ValueError:
        raise Stop(f"{where}: {text} is not one quoted text") from None
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return text
