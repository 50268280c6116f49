"""The data-quality gate."""

import json

import pytest

from mlops import data
from mlops.files import sha256_file

HEAD = "amount,label\n"


def run(project, capsys, *extra):
    code = data.main(["--pipeline", str(project.pipeline), *extra])
    out, err = capsys.readouterr()
    return code, out + err


def test_passes(project, capsys):
    code, out = run(project, capsys)
    assert code == 0
    assert out == "passed: transactions: data/transactions.csv has 2 rows, all as declared\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "-3,1\n", "amount is -3, must be >= 0 (line 2)"),
        (HEAD + "1,0\n-1,1\n-2,1\n", "amount is -1, must be >= 0 (line 3) and 1 more"),
        (HEAD + "x,1\n", "amount is 'x', must be a number"),
        (HEAD + "inf,1\n", "amount is 'inf', must be a number"),
        (HEAD + ",1\n", "amount is empty"),
        (HEAD + "NaN,1\n", "amount is empty"),
        (HEAD + "1,2\n", "label is '2', must be one of 0, 1"),
        (HEAD + "1,1.0\n", "label is '1.0', must be an integer"),
        (HEAD + "1,\n", "label is empty"),
        ("amount\n1\n", "column label is missing"),
        ("amount,label,amount\n1,1,1\n", "column amount is there twice"),
        (HEAD, "has no rows"),
        ("", "is empty"),
        (HEAD + "1,0,5\n", "line 2 has 3 cells, the header has 2"),
        (HEAD + '"1,0\n', "cannot be read as CSV"),
    ],
)
def test_rejects(project, capsys, text, said):
    project.write("data/transactions.csv", text)
    code, out = run(project, capsys)
    assert code == 3
    assert f"rejected: transactions: data/transactions.csv: {said}" in out


def test_a_missing_file(project, capsys):
    (project.root / "data/transactions.csv").unlink()
    code, out = run(project, capsys)
    assert (code, "there is no such file" in out) == (3, True)


def test_other_kinds_of_columns(project, capsys):
    text = project.read(project.pipeline)
    columns = '"label": {"type": "boolean", "nullable": true}, "kind": {"type": "string", "values": ["a", "NA"]}'
    start, end = text.index('"label": {'), text.index('},\n      "kind"')
    project.write(project.pipeline, text[:start] + columns + text[end:])
    project.write("data/transactions.csv", "amount,label,kind\n1,,a\n1,True,NA\n1,0,a\n")
    assert run(project, capsys)[0] == 0
    project.write("data/transactions.csv", "amount,label,kind\n1,yes,b\n")
    code, out = run(project, capsys)
    assert code == 3
    assert "kind is 'b', must be one of a, NA" in out
    assert "label is 'yes', must be true or false" in out


def test_a_folder_and_a_data_root(project, capsys, monkeypatch):
    monkeypatch.setenv("MLOPS_DATA_ROOT", str(project.root / "mnt"))
    project.write("mnt/data/transactions.csv/a.csv", HEAD + "1,0\n")
    project.write("mnt/data/transactions.csv/b.csv", HEAD + "-1,0\n")
    code, out = run(project, capsys)
    assert code == 3
    assert "a.csv has 1 rows" in out
    assert "b.csv: amount is -1" in out


def test_nothing_to_check(project, capsys):
    project.write(project.pipeline, project.read(project.pipeline).replace('"columns"', '"notes"'))
    code, out = run(project, capsys)
    assert (code, "nothing to check" in out) == (0, True)


def test_data_that_is_elsewhere(project, capsys):
    project.write(project.pipeline, project.read(project.pipeline).replace('"kind": "local"', '"kind": "dvc"'))
    (project.root / "data/transactions.csv").unlink()
    code, out = run(project, capsys)
    assert (code, "note: transactions is of kind dvc: its columns are checked when it is fetched" in out) == (0, True)


def test_a_folder_without_csv_files(project, capsys):
    (project.root / "data/transactions.csv").unlink()
    project.write("data/transactions.csv/part.parquet", "PAR1")
    code, out = run(project, capsys)
    assert (code, "has no CSV file, so its columns cannot be checked" in out) == (3, True)


@pytest.mark.parametrize("link", [False, True])
def test_fetches_local_data(project, capsys, link):
    extra = ["--out", "runs/data", "--versions", "runs/versions.json"] + ["--link"] * link
    for _ in range(2):  # what is there is replaced
        assert run(project, capsys, *extra)[0] == 0
    put = project.root / "runs/data/transactions"
    assert put.read_text() == project.read("data/transactions.csv")
    assert put.is_symlink() is link
    versions = json.loads(project.read("runs/versions.json"))
    assert versions == {"transactions": "sha256:" + sha256_file(put)}
    assert [path.name for path in (project.root / "runs/data").iterdir()] == ["transactions"]


def test_fetches_a_folder_to_a_path_of_its_own(project, capsys, monkeypatch):
    monkeypatch.setenv("MLOPS_DATA_ROOT", str(project.root / "mnt"))
    project.write("mnt/data/transactions.csv/a.csv", HEAD + "1,0\n")
    project.write("out/x", "an older file")
    code, out = run(project, capsys, "--output", "transactions=out/x", "--versions", "v.json")
    assert code == 0, out
    assert project.read("out/x/a.csv") == HEAD + "1,0\n"
    assert json.loads(project.read("v.json"))["transactions"].startswith("sha256:")


def test_fetched_data_is_checked(project, capsys):
    project.write("data/transactions.csv", HEAD + "-1,0\n")
    code, out = run(project, capsys, "--out", "d", "--versions", "v.json")
    assert (code, "transactions: d/transactions: amount is -1" in out) == (3, True)


@pytest.mark.parametrize(
    ("extra", "code", "said"),
    [
        (["--output", "transactions"], 2, "must be NAME=PATH"),
        (["--output", "x=y"], 2, "reads no such dataset"),
        (["--versions", "v.json"], 2, "needs --out or --output"),
    ],
)
def test_misuse(project, capsys, extra, code, said):
    got, out = run(project, capsys, *extra)
    assert (got, said in out) == (code, True)


def test_data_that_is_not_there_cannot_be_fetched(project, capsys):
    (project.root / "data/transactions.csv").unlink()
    code, out = run(project, capsys, "--out", "d")
    assert (code, "data/transactions.csv is not there" in out) == (1, True)
    assert not list(project.root.glob("d/*"))
