"""Registration against a real MLflow store: once for equal runs, whole or not at all, alias last."""

import errno
import json
import shutil
from pathlib import Path

import pytest

from mlops import registry as reg
from mlops.files import entries, tree_digest
from mlops.registry_mlflow import MLflow

NAME = "fraud-detector"


def test_registers_with_lineage_and_alias(project, registry, train):
    code, out = train("--result", "out/result.json", "--run-url", "https://argo/x", "--pipeline-run-id", "train-1")
    assert code == 0, out
    assert f"registered: {NAME} version 1" in out
    assert "challenger: version 1" in out
    version = registry.aliased(NAME, "challenger")
    assert version.number == "1"
    assert version.passed
    assert registry.metrics(version).keys() == {"auc_roc", "accuracy", "n_samples"}
    digest = tree_digest(entries(project.artifact))
    expected = {
        "mlops.digest": digest,
        "mlops.pipeline": "train",
        "mlops.uri": f"pvc://fraud-artifacts/models/{NAME}/1",
        "pipeline_run_id": "train-1",
        "domain": "payments",
        "validation_status": "passed",
    }
    assert expected.items() <= version.tags.items()
    assert version.tags["data_version"].startswith("transactions=sha256:")
    for part in ("code", "data", "environment", "parameters"):
        assert version.tags[f"mlops.{part}"].startswith("sha256:")
    run = registry._client.get_run(version.run)
    assert run.data.params == {"learning_rate": "0.05", "n_estimators": "200"}
    assert run.info.status == "FINISHED"
    model = registry._client.get_registered_model(NAME)
    assert (model.description, model.tags) == ("Scores card transactions.", {"domain": "payments"})
    result = json.loads(project.read("out/result.json"))
    assert (result["model_version"], result["created"], result["digest"]) == ("1", True, digest)
    stored = registry._client.list_artifacts(version.run, "model")
    assert sorted(item.path for item in stored) == ["model/MLmodel", "model/model.skops"]


def test_an_equal_run_registers_nothing(project, registry, train):
    train()
    project.write(project.artifact / "MLmodel", "flavors: {}\nutc_time_created: later\n")
    code, out = train("--result", "out/result.json")
    assert code == 0
    assert f"unchanged: {NAME} version 1 already holds this training run" in out
    assert registry.version(NAME, "2") is None
    assert json.loads(project.read("out/result.json"))["created"] is False


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.write("src/fraud/train.py", "print('other')\n"),
        lambda p: p.write("src/fraud/new.py", ""),
        lambda p: p.write("data/transactions.csv", "amount,label\n1,1\n"),
        lambda p: p.write("requirements.txt", "scikit-learn==1.9.2\n"),
        lambda p: p.write("params.yaml", "learning_rate: 0.1\n"),
        lambda p: p.write(p.pipeline, p.read(p.pipeline).replace('"fraud.train"', '"fraud.train2"')),
    ],
)
def test_any_other_input_is_another_version(project, registry, train, change):
    project.write("params.yaml", "learning_rate: 0.05\nn_estimators: 200\nother: 1\n")
    assert "version 1" in train("--params", "params.yaml")[1]
    change(project)
    code, out = train("--params", "params.yaml")
    assert code == 0, out
    assert f"registered: {NAME} version 2" in out
    assert registry.aliases(NAME) == {"challenger": "2"}


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.write("src/fraud/__pycache__/train.cpython-311.pyc", "x"),
        lambda p: p.write("README.md", "words"),
        lambda p: p.write(p.pipeline, p.read(p.pipeline).replace("sha256:2c26", "sha256:2c27")),  # another schedule
    ],
)
def test_what_is_no_input_makes_no_version(project, registry, train, change):
    train()
    change(project)
    assert "unchanged" in train()[1]


def test_a_commit_alone_is_no_new_version(project, registry, train):
    project.commit()
    train()
    assert registry.version(NAME, "1").tags["git_sha"] == project.git("rev-parse", "HEAD")
    project.write("lineage/x.json", "{}")
    project.commit()
    assert "unchanged" in train()[1]


def test_modified_code_is_marked(project, registry, train):
    project.commit()
    project.write("src/fraud/train.py", "print(2)\n")
    train()
    assert registry.version(NAME, "1").tags["git_sha"] == project.git("rev-parse", "HEAD") + "-modified"


def test_an_older_run_does_not_displace_its_successor(project, registry, train):
    train("--param", "learning_rate=0.05")
    train("--param", "learning_rate=0.1")
    code, out = train("--param", "learning_rate=0.05")
    assert code == 0
    assert "version 1 already holds" in out
    assert "challenger: stays version 2" in out
    assert registry.aliases(NAME) == {"challenger": "2"}


def test_a_lost_alias_comes_back(project, registry, train):
    train()
    registry.set_alias(NAME, "challenger", None)
    assert "challenger: version 1" in train()[1]


def test_metrics_are_judged_again(project, registry, train):
    project.measure('{"auc_roc": 0.5}')
    verdict = {"accepted": True, "metrics": "sha256:x"}
    project.write("out/verdict.json", json.dumps(verdict))
    code, out = train("--verdict", "out/verdict.json")
    assert code == 3
    assert "rejected: auc_roc is 0.5, must be >= 0.92" in out
    assert registry.aliases(NAME) == {}


def test_a_verdict_of_other_metrics_is_no_verdict(project, registry, train):
    for verdict in ({"accepted": False}, {"accepted": True, "metrics": "sha256:x"}, []):
        project.write("out/verdict.json", json.dumps(verdict))
        assert train("--verdict", "out/verdict.json")[0] == 3
    assert registry.aliases(NAME) == {}


@pytest.mark.parametrize("method", ["log", "upload", "create_version", "tag"])
def test_never_half_registered(project, registry, train, monkeypatch, method):
    train()
    project.write("data/transactions.csv", "amount,label\n9,1\n")

    def fail(*_args, **_kwargs):
        raise reg.Unreachable("the registry went away")

    with monkeypatch.context() as broken:
        broken.setattr(MLflow, method, fail)
        code, out = train()
    assert (code, "error: the registry went away" in out) == (1, True)
    assert registry.aliases(NAME) == {"challenger": "1"}
    assert registry.find(NAME, "none") is None
    versions = registry._client.search_model_versions(f"name = '{NAME}'")
    assert [v.version for v in versions if v.tags.get("validation_status") == "passed"] == [1]
    code, out = train()
    assert code == 0
    assert registry.aliased(NAME, "challenger").passed


def test_the_store_of_the_pods_gets_the_model(project, registry, train, monkeypatch):
    monkeypatch.setenv("MLOPS_MODEL_STORE", str(project.root / "mnt/models"))
    assert train()[0] == 0
    target = project.root / "mnt/models" / NAME / "1"
    assert tree_digest(entries(target)) == registry.version(NAME, "1").tags["mlops.digest"]
    assert target.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in target.parent.iterdir()] == ["1"]


def test_a_store_with_another_model_is_not_overwritten(project, registry, train, monkeypatch):
    monkeypatch.setenv("MLOPS_MODEL_STORE", str(project.root / "mnt/models"))
    project.write(f"mnt/models/{NAME}/1/model.skops", "other")
    code, out = train()
    assert (code, "holds another model" in out) == (1, True)
    assert registry.aliases(NAME) == {}
    assert project.read(f"mnt/models/{NAME}/1/model.skops") == "other"


@pytest.fixture
def bucket(project, monkeypatch):
    """A mounted bucket as the store: nothing in it can be renamed, no file written twice."""
    monkeypatch.setenv("MLOPS_MODEL_STORE", str(project.root / "mnt/models"))

    def no_rename(self, target):
        raise OSError(errno.ENOSYS, "Function not implemented", str(self), None, str(target))

    monkeypatch.setattr(Path, "rename", no_rename)
    return project.root / "mnt/models" / NAME / "1"


def test_a_bucket_without_renames_gets_the_model(registry, train, bucket):
    assert train()[0] == 0
    assert tree_digest(entries(bucket)) == registry.version(NAME, "1").tags["mlops.digest"]
    assert [path.name for path in bucket.parent.iterdir()] == ["1"]


def test_what_an_interrupted_copy_left_in_a_bucket_is_completed(project, registry, train, bucket):
    project.write(project.artifact / "notes.txt", "a\n")
    bucket.mkdir(parents=True)
    shutil.copyfile(project.artifact / "notes.txt", bucket / "notes.txt")
    assert train()[0] == 0
    assert tree_digest(entries(bucket)) == registry.version(NAME, "1").tags["mlops.digest"]


def test_a_bucket_with_another_model_is_not_written(project, registry, train, bucket):
    project.write(f"mnt/models/{NAME}/1/model.skops", "other")
    code, out = train()
    assert (code, "holds another model" in out) == (1, True)
    assert project.read(f"mnt/models/{NAME}/1/model.skops") == "other"


def test_in_a_cluster_image_and_data_root_count(project, registry, train, monkeypatch):
    image = "ghcr.io/acme/fraud@sha256:" + "9f" * 32
    monkeypatch.setenv("MLOPS_IMAGE", image)
    monkeypatch.setenv("MLOPS_DATA_ROOT", str(project.root / "mnt"))
    shutil.move(project.root / "data", project.root / "mnt/data")
    shutil.rmtree(project.root / "src")
    code, out = train()
    assert code == 0
    assert "note:" not in out
    tags = registry.version(NAME, "1").tags
    assert (tags["mlops.environment"], tags["image"]) == ("sha256:" + "9f" * 32, image)
    assert tags["mlops.code"] == "image:sha256:" + "9f" * 32


def test_what_is_unknown_is_said_and_never_equal(project, registry, train):
    (project.root / "data/transactions.csv").unlink()
    code, out = train("--data", "transactions=")
    assert code == 0
    assert "note: data of this training run is not wholly known: promotion will refuse it" in out
    assert "mlops.data" not in registry.version(NAME, "1").tags
    assert "unchanged" in train()[1]
    project.write(project.artifact / "model.skops", "weights 2\n")
    assert "registered" in train()[1]


def test_a_known_data_version_can_be_given(project, registry, train):
    (project.root / "data/transactions.csv").unlink()
    assert train("--data", "transactions=lakefs:main@abc")[0] == 0
    assert registry.version(NAME, "1").tags["data_version"] == "transactions=lakefs:main@abc"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--param", "x=1"], 2, "has no such parameter"),
        (["--param", "x"], 2, "must be NAME=VALUE"),
        (["--data", "x=1"], 2, "reads no such dataset"),
        (["--params", "none.yaml"], 1, "none.yaml"),
    ],
)
def test_wrong_usage(project, registry, train, args, code, said):
    assert (train(*args)[0], said in train(*args)[1]) == (code, True)
    assert registry.aliases(NAME) == {}


def test_a_model_that_is_not_there(project, registry, train):
    shutil.rmtree(project.artifact)
    assert train()[0] == 1
    project.artifact.mkdir()
    assert "is empty" in train()[1]


def test_a_single_file_is_a_model_too(project, registry, train):
    shutil.rmtree(project.artifact)
    project.write(project.artifact, "weights")
    assert train()[0] == 0
    assert registry._client.list_artifacts(registry.version(NAME, "1").run, "model")[0].path == "model/model"


def test_entries_that_are_no_numbers_are_left_out(project, registry, train):
    project.measure('{"auc_roc": 0.95, "note": "x", "precision": NaN}')
    code, out = train()
    assert code == 0
    assert "note: precision is not a number and is not recorded" in out
    assert list(registry.metrics(registry.version(NAME, "1"))) == ["auc_roc"]


def test_an_unreachable_registry_is_one_sentence(project, train, monkeypatch):
    project.configure(lambda model: model.update(gates=[]))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:hunter2@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    code, out = train()
    assert code == 1
    assert out.startswith("error: the registry http://127.0.0.1:9 could not")
    assert "Traceback" not in out
    assert "hunter2" not in out


def test_without_an_address_the_store_is_local(project, train, empty_store):
    (project.root / ".mlops").mkdir()
    shutil.copy(empty_store, project.root / ".mlops/mlflow.db")
    assert train()[0] == 0
    assert list((project.root / ".mlops/mlartifacts" / NAME).rglob("model.skops"))
    assert not (project.root / "mlruns").exists()


def test_in_a_cluster_the_address_is_the_models(project, monkeypatch):
    from mlops.config import load_model
    from mlops.registry_mlflow import address

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert address(load_model(project.model)) == "http://mlflow.mlflow:5000"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('{"transactions": "md5:abc"}', 0, ""),
        ('{"transactions": 1}', 1, "dataset to version"),
        ("{}", 0, ""),
        ('{"x": "1"}', 2, "reads no such dataset"),
    ],
)
def test_versions_of_fetched_data(project, registry, train, text, code, said):
    project.write("versions.json", text)
    got, out = train("--data-versions", "versions.json")
    assert (got, said in out) == (code, True), out
    if "md5" in text:
        assert registry.version("fraud-detector", "1").tags["data_version"] == "transactions=md5:abc"
