"""The pin's bytes: only values below data: change, and what is read is what was written."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlops import pins
from mlops.errors import Stop
from mlops.pins import Pin

SEED = (Path(__file__).parent / "example-pin.yaml").read_text()
PIN = Pin("fraud-detector", "staging", "3", "pvc://a/models/fraud-detector/3", "abc", "sha256:" + "0" * 64, "false")


def test_reads_the_seed():
    assert pins.parse(SEED, "x") == Pin("fraud-detector", "staging")
    assert not pins.parse(SEED, "x").promoted


def test_round_trip():
    text = pins.render(PIN, SEED, "x")
    assert pins.parse(text, "x") == PIN
    assert pins.render(PIN, text, "x") == text
    assert pins.render(Pin("fraud-detector", "staging"), text, "x") == SEED


def test_everything_else_stays():
    text = SEED.replace("\ndata:", "\n# ours\ndata:\n  # the version").replace("stop:", "note: kept\n  stop:")
    text += "immutable: false  # last\n"
    with pytest.raises(Stop):
        pins.parse(SEED.replace("\ndata:", "\ndata: {}"), "x")
    changed = pins.render(PIN, text, "x")
    assert pins.parse(changed, "x") == PIN
    assert [line for line in changed.splitlines() if line not in text.splitlines()] == [
        '  version: "3"',
        '  uri: "pvc://a/models/fraud-detector/3"',
        '  run_id: "abc"',
        f'  digest: "{PIN.digest}"',
        '  stop: "false"',
    ]


@pytest.mark.parametrize("value", ["plain", "it's", 'a "b"', "a: b # c", "ä\n", "yes", "0x1", ""])
def test_awkward_values(value):
    pin = replace(PIN, uri=value)
    assert pins.parse(pins.render(pin, SEED, "x"), "x") == pin
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(pins.render(pin, None, "x"))["data"]["uri"] == value


def test_quoting_styles():
    for form in ("'0'", '"0"', "0"):
        assert pins.parse(SEED.replace('"0"', form), "x").version == "0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "data:\n",
        SEED.replace("  digest", "  Digest!"),
        SEED.replace("  uri:", "  version:"),
        SEED + "data:\n",
        SEED.replace('"0"', '"0'),
        SEED.replace('"0"', "|\n    0"),
    ],
)
def test_what_is_no_pin(text):
    with pytest.raises(Stop):
        pins.parse(text, "x")


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        (replace(PIN, model="other"), "pins other for staging"),
        (replace(PIN, version="latest"), "is not a version number"),
        (replace(PIN, version="01"), "is not a version number"),
        (replace(PIN, digest="sha256:1"), "64 hex digits"),
        (replace(PIN, uri=""), "has no uri"),
        (replace(PIN, stop="no"), "must be true or false"),
        (replace(PIN, version="0"), 'stop must be "true"'),
    ],
)
def test_faults(pin, said):
    assert said in "\n".join(pins.faults(pin, "fraud-detector", "staging"))


def test_no_faults():
    assert pins.faults(PIN, "fraud-detector", "staging") == []
    assert pins.faults(Pin("m", "e"), "m", "e") == []
