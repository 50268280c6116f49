"""The lineage record, the statement beside it, and the chain that both make."""

import json
import re
import shutil

import pytest
from conftest import HERE

from mlops import chain, champion, promote, record, statement, validate
from mlops.config import load_model

NAME = "fraud-detector"
STAGING = f"models/{NAME}/staging.yaml"
RECORD = f"lineage/{NAME}/1.json"
STATEMENT = f"lineage/{NAME}/1.intoto.json"
IMAGE = "ghcr.io/acme/fraud@sha256:" + "ab" * 32


@pytest.fixture
def trained(project, registry, train):
    project.configure(lambda model: model["promotion"].pop("soak"))
    assert train("--pipeline-run-id", "train-abc", "--run-url", "https://argo/train-abc")[0] == 0
    return project


@pytest.fixture
def promoted(trained, capsys):
    assert to(trained) == 0
    capsys.readouterr()
    return trained


def to(project, environment="staging"):
    return promote.main(["--model", str(project.model), "--environment", environment])


def show(project, *args):
    return chain.main(["--model", str(project.model), *args])


def test_the_record_says_everything(promoted):
    there = json.loads(promoted.read(RECORD))
    assert there["model"]["name"] == NAME
    assert there["model"]["version"] == "1"
    assert [entry["path"] for entry in there["model"]["files"]] == ["MLmodel", "model.skops"]
    assert there["metrics"]["auc_roc"] == {"value": 0.98973, "dataset": "transactions", "split": None, "seed": None}
    assert there["gates"][0] == {
        "metric": "auc_roc",
        "op": ">=",
        "bound": ">= 0.92",
        "value": "0.98973",
        "passed": True,
    }
    assert there["parameters"] == {"learning_rate": "0.05", "n_estimators": "200"}
    assert there["data"]["transactions"]["version"].startswith("sha256:")
    assert there["pipeline"]["run_url"] == "https://argo/train-abc"
    assert there["promotions"]["staging"]["mode"] == "pull_request"
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(promoted.read("lineage/schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(there, schema)


def test_it_says_what_is_known_of_the_run(trained, registry, train, monkeypatch):
    pipeline = json.loads(trained.read(trained.pipeline))
    pipeline["parameters"] |= {
        "seed": {"type": "integer", "default": "7"},
        "split": {"type": "string", "default": "test"},
    }
    trained.write(trained.pipeline, json.dumps(pipeline))
    trained.commit()
    trained.git("remote", "add", "origin", "https://u:p@git.example.com/acme/fraud.git")
    monkeypatch.setenv("MLOPS_IMAGE", IMAGE)
    monkeypatch.setenv("MLOPS_BASE_IMAGE", "python:3.11@sha256:" + "cd" * 32)
    monkeypatch.setenv("MLOPS_SBOM", "https://sbom/fraud.spdx.json")
    registry.set_alias(NAME, "champion", "1")
    assert train()[0] == 0
    assert to(trained) == 0
    there = json.loads(trained.read(f"lineage/{NAME}/2.json"))
    assert there["environment"]["image_digest"] == "sha256:" + "ab" * 32
    assert there["environment"]["base_image"].startswith("python:3.11@")
    assert there["environment"]["sbom"] == "https://sbom/fraud.spdx.json"
    assert there["parent"] == {"name": NAME, "version": "1"}
    assert there["metrics"]["accuracy"] == {"value": 0.958, "dataset": "transactions", "split": "test", "seed": "7"}
    assert there["code"]["repository"] == "https://git.example.com/acme/fraud.git"
    assert there["code"]["committed_at"].startswith("2026-01-05T10:00:00")
    said = statement.of(there)["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [part["name"] for part in said] == ["code", "data/transactions", "image", "base image", f"{NAME}/1"]
    assert said[0]["uri"] == f"git+https://git.example.com/acme/fraud.git@{there['code']['git_commit']}"
    assert said[0]["digest"] == {"gitCommit": there["code"]["git_commit"]}
    assert said[2] == {"name": "image", "uri": f"oci://{IMAGE}", "digest": {"sha256": "ab" * 32}}


def test_the_statement_is_the_record_again(promoted):
    there, said = json.loads(promoted.read(RECORD)), json.loads(promoted.read(STATEMENT))
    assert said == statement.of(there)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    assert said["subject"][0]["name"] == f"{NAME}/1"
    assert "sha256:" + said["subject"][0]["digest"]["sha256"] == there["model"]["digest"]
    assert [s["name"] for s in said["subject"][1:]] == ["MLmodel", "model.skops"]
    details = said["predicate"]["runDetails"]
    assert details["builder"]["id"].endswith("/orchestrators/argo_workflows")
    assert details["metadata"] == {"invocationId": "https://argo/train-abc"}
    assert said["predicate"]["buildDefinition"]["externalParameters"]["spec"] == there["pipeline"]["spec"]


@pytest.mark.parametrize(
    ("version", "digest"),
    [
        ("sha256:" + "0" * 64, {"sha256": "0" * 64}),
        ("md5:" + "a" * 32, {"md5": "a" * 32}),
        ("sha256:0", {}),
        ("dvc:data@v1.4", {}),
        (None, {}),
    ],
)
def test_only_real_digests_are_digests(promoted, version, digest):
    there = json.loads(promoted.read(RECORD))
    there["data"]["transactions"]["version"] = version
    data = statement.of(there)["predicate"]["buildDefinition"]["resolvedDependencies"][1]
    assert data.get("digest", {}) == digest
    assert (data["annotations"].get("version") == version) is not bool(digest)


def test_a_record_that_would_not_be_valid_is_not_written(trained, capsys):
    schema = json.loads(trained.read("lineage/schema.json"))
    schema["required"].append("signature")
    trained.write("lineage/schema.json", json.dumps(schema))
    assert to(trained) == 4
    assert "would not be valid: $: 'signature' is a required property" in capsys.readouterr().err
    assert not (trained.root / RECORD).exists()
    assert 'version: "0"' in trained.read(STAGING)


def test_a_tag_does_not_make_lineage_complete(project, registry, train, capsys, monkeypatch):
    project.configure(lambda model: model["promotion"].pop("soak"))
    shutil.rmtree(project.root / "src")
    assert train()[0] == 0
    assert to(project) == 4
    assert "lacks lineage: code" in capsys.readouterr().err
    registry.tag(registry.version(NAME, "1"), {"mlops.code": "sha256:" + "0" * 64})
    assert to(project) == 4
    assert "the record of version 1 lacks code" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["weights 2\n", None])
def test_files_that_changed_in_the_registry_are_refused(trained, capsys, change):
    (stored,) = trained.root.glob("mlartifacts/**/model.skops")
    stored.write_text(change) if change else stored.unlink()
    assert to(trained) == 4
    what = "is not the one that was registered" if change else "is gone from the registry"
    assert f"file model.skops of version 1 {what}" in capsys.readouterr().err
    assert 'version: "0"' in trained.read(STAGING)


def test_validate_checks_both(promoted, capsys):
    assert validate.main([]) == 0
    assert "checked: 1 in-toto statements" in capsys.readouterr().out
    promoted.write(STATEMENT, promoted.read(STATEMENT).replace("train-abc", "train-xyz"))
    assert validate.main([]) == 1
    assert f"{STATEMENT}: does not say what the lineage record beside it says" in capsys.readouterr().err
    (promoted.root / STATEMENT).unlink()
    assert validate.main([]) == 1
    assert f"{STATEMENT}: there is no such file" in capsys.readouterr().err
    promoted.write(f"lineage/{NAME}/9.intoto.json", "{}")
    assert validate.main([]) == 1
    assert "9.intoto.json: has no lineage record beside it" in capsys.readouterr().err


def test_the_chain(promoted, registry, capsys):
    overlay = "endpoints/fraud-score/overlays/{}/kustomization.yaml"
    promoted.write(overlay.format("staging"), f"resources: [../../base, ../../../../models/{NAME}]\n")
    promoted.write("endpoints/other/overlays/staging/kustomization.yaml", "resources: [../../../../models/other]\n")
    promoted.commit("2026-01-06T18:00:00+00:00")
    assert show(promoted) == 0
    out = capsys.readouterr().out
    there = json.loads(promoted.read(RECORD))
    order = [
        "endpoint   fraud-score in staging  (endpoints/fraud-score/overlays/staging)",
        f"pin        staging: version 1  ({STAGING})",
        " of 2026-01-06T18:00:00",
        f"version    {NAME} 1, {there['model']['digest']}  ({RECORD})",
        "gate       auc_roc is 0.98973, must be >= 0.92",
        f"run        {there['registry']['run_id']} in registry main",
        "pipeline   train by argo_workflows, run train-abc, sha256:2c26",
        "code       commit unknown, content sha256:",
        "data       transactions (local) sha256:",
        "python     3.",
        "parameter  learning_rate=0.05",
        "parent     none",
        "unbroken",
    ]
    places = [out.find(text) for text in order]
    assert -1 not in places, order[places.index(-1)] + "\n" + out
    assert places == sorted(places)
    assert "other" not in out
    assert show(promoted, "--registry", "--version", "1") == 0
    assert re.search("registry   sqlite.*: challenger\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (STAGING, 'digest: "sha256:', 'digest: "sha256:0', "pins digest sha256:0"),
        (STAGING, 'run_id: "', 'run_id: "0', "names run 0"),
        (STATEMENT, "train-abc", "train-xyz", "does not say what"),
        (RECORD, '"orchestrator"', '"conductor"', "is a required property"),
        (RECORD, '"staging": {', '"other": {', "knows of no promotion to staging"),
    ],
)
def test_a_broken_chain(promoted, capsys, path, old, new, said):
    assert old in promoted.read(path)
    promoted.write(path, promoted.read(path).replace(old, new))
    assert show(promoted) == 4
    assert said in capsys.readouterr().err


def test_the_chain_asks_the_registry(promoted, registry, capsys):
    registry.tag(registry.version(NAME, "1"), {"mlops.digest": "sha256:" + "0" * 64})
    assert show(promoted) == 0
    assert show(promoted, "--registry") == 4
    assert "is another model" in capsys.readouterr().err


def test_no_chain(trained, capsys):
    assert show(trained) == 0
    assert f"{NAME} is pinned nowhere" in capsys.readouterr().out
    assert show(trained, "--version", "7") == 4
    assert "has no lineage record" in capsys.readouterr().err
    assert show(trained, "--environment", "dev") == 2


def test_champion_needs_the_lineage(promoted, registry, capsys):
    assert to(promoted, "production") == 0
    crown = ["--model", str(promoted.model)]
    text = promoted.read(RECORD)
    (promoted.root / RECORD).unlink()
    assert champion.main(crown) == 4
    assert "whose lineage" in capsys.readouterr().err
    digest = json.loads(text)["model"]["digest"]
    promoted.write(RECORD, text.replace(digest, "sha256:" + "0" * 64))
    assert champion.main(crown) == 4
    assert "differs from that in" in capsys.readouterr().err
    promoted.write(RECORD, text)
    assert champion.main(crown) == 0


def test_a_record_of_other_bytes_lends_no_promotions(promoted, registry):
    there = json.loads(promoted.read(RECORD))
    there["model"]["digest"] = "sha256:" + "0" * 64
    promoted.write(RECORD, json.dumps(there))
    promoted.write(STAGING, promoted.read(STAGING).replace('stop: "false"', 'stop: "true"'))
    assert to(promoted) == 0
    assert list(json.loads(promoted.read(RECORD))["promotions"]) == ["staging"]
    assert record.faults(json.loads(promoted.read(RECORD)), promoted.root) == []
    assert load_model(promoted.root / promoted.model).name == NAME


def test_the_example_is_valid(project):
    example = json.loads((HERE / "example-lineage.json").read_text())
    assert record.faults(example, project.root) == []
    for part in ("model", "registry", "pipeline", "code", "data", "environment", "metrics", "gates", "promotions"):
        assert record.faults({k: v for k, v in example.items() if k != part}, project.root) == [
            f"$: '{part}' is a required property"
        ]
    assert record.faults({**example, "signature": ""}, project.root) != []
    assert record.faults({**example, "metrics": {"auc_roc": 0.9}}, project.root) != []
