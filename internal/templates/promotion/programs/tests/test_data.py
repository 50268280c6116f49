"""The data-quality gate."""

import pytest

from mlops import data

HEAD = "amount,label\n"


def run(project, capsys):
    code = data.main(["--pipeline", str(project.pipeline)])
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
    assert (code, "note: transactions was not checked" in out) == (0, True)
