"""Values that somebody chooses reach params.yaml as given, or are refused."""

import pytest

from mlops.config import Parameter
from mlops.errors import Misuse
from mlops.files import read_yaml
from mlops.params import merge

PARAMETERS = {
    "rate": Parameter("number", "0.05"),
    "n": Parameter("integer", "3"),
    "tag": Parameter("string", "0.10"),
    "dry": Parameter("boolean", "false"),
}
BEFORE = {"dry": "false", "n": "3", "rate": "0.05", "tag": "0.10"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("rate", "1e-3"), ("n", "-7"), ("dry", "true"), ("tag", "yes: no #x → 🚀"), ("tag", "")],
)
def test_given_values_read_back(tmp_path, name, text):
    path = tmp_path / "params.yaml"
    path.write_text(merge(PARAMETERS, {name: text}, BEFORE), encoding="utf-8")
    assert read_yaml(path) == [{**BEFORE, name: text}]


def test_equal_values_change_nothing():
    assert merge(PARAMETERS, {"rate": "0.05", "tag": "0.10"}, BEFORE) is None
    assert merge(PARAMETERS, {}, BEFORE) is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("rate", "fast", "not of type number"),
        ("n", "1.5", "not of type integer"),
        ("dry", "yes", "not of type boolean"),
        ("tag", "it's", "cannot write"),
        ("x", "1", "no such parameter"),
    ],
)
def test_others_are_refused(name, text, said):
    with pytest.raises(Misuse, match=said):
        merge(PARAMETERS, {name: text}, BEFORE)
