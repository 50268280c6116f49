"""Which registry a process speaks to."""

import json
import sys
import types

import pytest

from mlops import registry as reg
from mlops.config import load_model


def of_type(project, system, **settings):
    project.configure(
        lambda model: model.update(registry={"name": "main", "type": system, "settings": settings}),
    )
    return load_model(project.model)


@pytest.fixture(autouse=True)
def signed_out(monkeypatch):
    """Take away what would sign in to a system."""
    for names in reg.SIGNS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("system", [system for system in reg.SIGNS if system != "mlflow"])
def test_a_laptop_without_credentials_has_its_own_registry(project, system, train, registry, capsys):
    opened = reg.connect(of_type(project, system))
    assert opened.uri.endswith("mlflow.db")
    assert f"the registry of this run is MLflow, not {system}" in capsys.readouterr().out
    code, out = train()
    assert code == 0, out
    assert "registered: fraud-detector version 1" in out
    assert registry.aliases("fraud-detector") == {"challenger": "1"}


@pytest.mark.parametrize("system", [system for system in reg.SIGNS if system != "mlflow"])
def test_every_sign_chooses_the_system(project, system, monkeypatch):
    model = of_type(project, system)
    stand_in = types.ModuleType("stand-in")
    stand_in.open_registry = lambda model: f"the registry of {model.name}"
    monkeypatch.setitem(sys.modules, f"mlops.registry_{reg._MODULES.get(system, system)}", stand_in)
    for sign in reg.SIGNS[system]:
        with monkeypatch.context() as signed:
            signed.setenv(sign, "x")
            assert reg.connect(model) == "the registry of fraud-detector"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert reg.connect(model) == "the registry of fraud-detector"  # a pod signs in as what it runs as


def test_a_module_that_was_not_emitted_is_named(project, monkeypatch):
    model = of_type(project, "clearml")
    monkeypatch.setenv("CLEARML_API_ACCESS_KEY", "x")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "mlops.registry_clearml", raising=False)
    monkeypatch.setattr(sys.modules["mlops"], "__path__", [])
    with pytest.raises(reg.Unsupported, match=r"registry main of type clearml: this repository has no"):
        reg.connect(model)


def test_an_unknown_system_is_named(project):
    with pytest.raises(reg.Unsupported, match="of type dominoes, which these programs do not know"):
        reg.connect(of_type(project, "dominoes"))


def test_settings_come_from_the_file_or_the_environment(project):
    model = of_type(project, "weights_and_biases", entity="acme")
    names = {"entity": "WANDB_ENTITY", "project": "WANDB_PROJECT"}
    assert reg.settings(model, names, {"WANDB_PROJECT": "fraud"}.get) == ["acme", "fraud"]
    with pytest.raises(reg.Stop, match=r"needs project \(or WANDB_PROJECT\)"):
        reg.settings(model, names, {}.get)


class Offline(reg.Registry):
    """A tracker that only writes."""

    uri, offline = "tracker:fraud", True

    def __init__(self):
        self.wrote = []

    def run(self, experiment, name, tags):
        import contextlib

        return contextlib.nullcontext("offline")

    def log(self, run, metrics, params):
        self.wrote.append(sorted(metrics) + sorted(params))

    def upload(self, run, path, folder):
        self.wrote.append(folder)
        return folder


def test_offline_records_a_run_and_says_what_is_missing(project, train, monkeypatch):
    tracker = Offline()
    monkeypatch.setattr(reg, "connect", lambda model: tracker)
    code, out = train("--result", "result.json")
    assert code == 0, out
    assert tracker.wrote == [["accuracy", "auc_roc", "n_samples", "learning_rate", "n_estimators"], "model", "mlops"]
    assert "recorded: a run of fraud-detector offline" in out
    assert "no version of fraud-detector and no challenger" in out
    assert json.loads((project.root / "result.json").read_text())["model_version"] is None


def test_offline_there_is_no_champion(capsys):
    assert Offline().champion("fraud-detector") is None
    assert "note: tracker:fraud is offline" in capsys.readouterr().out
    with pytest.raises(reg.Unsupported, match="offline and cannot be read"):
        Offline()._online("be read")
