"""Datasets that are a prefix of a bucket."""

import json

import pytest

from mlops import data
from mlops.errors import Stop
from mlops.files import inside

HEAD = "amount,label\n"


@pytest.fixture
def bucket(project):
    project.read_from(kind="bucket", bucket="artifacts", prefix="transactions")
    for name in ("transactions/a.csv", "transactions/deep/b.csv"):
        project.write(f".mlops/buckets/artifacts/{name}", HEAD + "1,0\n")
    project.write(".mlops/buckets/artifacts/transactions-old/c.csv", HEAD + "-1,0\n")
    return project


def fetch(project, capsys, *extra):
    code = data.main(["--pipeline", str(project.pipeline), "--out", "d", "--versions", "v.json", *extra])
    out, err = capsys.readouterr()
    return code, out + err


@pytest.mark.parametrize("link", [False, True])
def test_fetches_what_is_below_the_prefix(bucket, capsys, link):
    code, out = fetch(bucket, capsys, *["--link"] * link)
    assert code == 0, out
    put = bucket.root / "d/transactions"
    assert sorted(str(path.relative_to(put)) for path in put.rglob("*.csv")) == ["a.csv", "deep/b.csv"]
    assert put.is_symlink() is link
    first = json.loads(bucket.read("v.json"))
    bucket.write(".mlops/buckets/artifacts/transactions/a.csv", HEAD + "2,0\n")
    assert fetch(bucket, capsys)[0] == 0
    assert json.loads(bucket.read("v.json")) != first


@pytest.mark.parametrize(("variable", "folder"), [("MLOPS_BUCKET_ROOT", "b/artifacts"), ("MLOPS_DATA_ROOT", "b")])
def test_the_bucket_can_be_elsewhere(bucket, capsys, monkeypatch, variable, folder):
    monkeypatch.setenv(variable, "b")
    bucket.write(f"{folder}/transactions/x.csv", HEAD + "1,0\n")
    assert fetch(bucket, capsys)[0] == 0
    assert [path.name for path in (bucket.root / "d/transactions").iterdir()] == ["x.csv"]


def test_a_cloud_that_mounts_the_prefix_has_fetched_it(bucket, capsys, monkeypatch):
    bucket.read_from(kind="bucket", bucket="artifacts", prefix="transactions", uri="s3://artifacts/transactions")
    monkeypatch.setenv("MLOPS_DATA_ROOT", ".mlops/buckets/artifacts")
    assert fetch(bucket, capsys)[0] == 0


def test_nothing_there(bucket, capsys, monkeypatch):
    monkeypatch.setenv("MLOPS_BUCKET_ROOT", "nowhere")
    code, out = fetch(bucket, capsys)
    assert (code, "copy the data into bucket artifacts first" in out) == (1, True)


@pytest.mark.parametrize("key", ["p/../../etc/passwd", "p/", "p"])
def test_no_key_leads_out_of_the_folder(key):
    with pytest.raises(Stop, match="no path below"):
        inside(key, "p")
