"""What is checked in a repository without a cluster."""

import json

import pytest

from mlops import promote, validate
from mlops.config import load_model

pytest.importorskip("yaml")


def run(capsys):
    code = validate.main([])
    out, err = capsys.readouterr()
    return code, out + err


def test_a_valid_repository(project, capsys):
    code, out = run(capsys)
    assert code == 0, out
    assert "checked: 2 model pins" in out
    assert "checked: 1 pipelines with their model" in out
    assert out.endswith("valid: nothing is wrong\n")


KUSTOMIZATION = """
resources: [a.yaml, ../base, "https://example.com/x.yaml"]
patches: [{path: patch.yaml}]
configMapGenerator: [{name: x, files: [key=file.json]}]
"""


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("a/x.json", "{", "not a JSON file"),
        ("a/x.json", '{"a": 1, "a": 2}', "is written twice"),
        ("a/x.yaml", "a: [", "not a YAML file"),
        ("a/deployment.yaml", "spec: {containers: [{image: 'ghcr.io/acme/fraud:latest'}]}", "fraud:latest"),
        ("a/x.py", "a = 1\n<<<<<<< HEAD\na = 2\n=======\n>>>>>>> other\n", "a merge conflict is left"),
        ("a/kustomization.yaml", KUSTOMIZATION, "names a.yaml, which does not exist"),
        ("a/kustomization.yaml", KUSTOMIZATION, "names ../base, which does not exist"),
        ("a/kustomization.yaml", KUSTOMIZATION, "names patch.yaml, which does not exist"),
        ("a/kustomization.yaml", KUSTOMIZATION, "names file.json, which does not exist"),
        ("models/fraud-detector/staging.yaml", "data:\n", "data has no model"),
        ("lineage/fraud-detector/1.json", "{}", "is a required property"),
        ("pipelines/x/pipeline.json", '{"version": 2}', "version is 2"),
    ],
)
def test_faults(project, capsys, path, text, said):
    project.write(path, text)
    code, out = run(capsys)
    assert code == 1
    assert said in out
    assert path in out


def test_addresses_are_no_paths(project, capsys):
    project.write("a/kustomization.yaml", 'resources: ["https://example.com/x.yaml"]\n')
    assert run(capsys)[0] == 0


def test_tools_and_stores_are_not_looked_at(project, capsys):
    for path in (".venv/x.json", ".git/x.json", ".mlops/mlartifacts/x.json", ".mlops/x.json", "data/x.json"):
        project.write(path, "{")
    assert run(capsys)[0] == 0
    project.write(".mlops/inventory.json", "{")
    assert run(capsys)[0] == 1


def test_a_missing_pin(project, capsys):
    (project.root / "models/fraud-detector/production.yaml").unlink()
    code, out = run(capsys)
    assert (code, "fraud-detector is promoted to production" in out) == (1, True)


def test_a_pin_needs_its_lineage(project, registry, train, capsys):
    train()
    model = load_model(project.model)
    version = promote.chosen(registry, model, None)
    promote.promote(promote.request_for(model, "staging"), registry, version, promote.datetime.now(promote.UTC))
    code, out = run(capsys)
    assert code == 0, out
    record = json.loads(project.read("lineage/fraud-detector/1.json"))
    project.write("lineage/fraud-detector/1.json", json.dumps({**record, "extra": 1}))
    assert "'extra' was unexpected" in run(capsys)[1]
    record["model"]["digest"] = "sha256:" + "0" * 64
    project.write("lineage/fraud-detector/1.json", json.dumps(record))
    assert "digest differs" in run(capsys)[1]
    (project.root / "lineage/fraud-detector/1.json").unlink()
    assert "is not there" in run(capsys)[1]


def test_copies_of_a_model_agree(project, capsys):
    model = json.loads(project.read(project.model))
    model["gates"][0]["threshold"] = "0.5"
    project.write(project.model, json.dumps(model))
    code, out = run(capsys)
    assert (code, "its copy of the model differs" in out) == (1, True)


def test_a_freeze_that_is_no_cron(project, capsys):
    project.configure(lambda model: model["environments"]["production"]["freeze"][0].update(cron="@weekly"))
    code, out = run(capsys)
    assert (code, "@weekly" in out) == (1, True)
