"""Datasets of DVC, by the MD5 that their pin names."""

import hashlib
import json

import pytest

from mlops import data, pin

CSV = "amount,label\n1,0\n"
CACHE = ".mlops/buckets/artifacts/dvc"
POINTER = "data/t.dvc"


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def store(project, text, suffix="", root=CACHE):
    name = md5(text) + suffix
    project.write(f"{root}/files/md5/{name[:2]}/{name[2:]}", text)
    return name


@pytest.fixture
def dvc(project):
    project.read_from(kind="dvc", bucket="artifacts", prefix="dvc", path="data/t", revision="v1")
    return project


def point(project, name, line="  hash: md5\n"):
    project.write(POINTER, f"outs:\n- md5: {name}\n  size: 17\n{line}  path: t\n")
    project.commit()
    project.git("tag", "--force", "v1")


def pinned(project, capsys, code=0):
    assert pin.main(["--pipeline", str(project.pipeline), "--dataset", "transactions"]) == code
    out, err = capsys.readouterr()
    return out + err


def fetch(project, capsys, *extra):
    code = data.main(["--pipeline", str(project.pipeline), "--out", "d", "--versions", "v.json", *extra])
    out, err = capsys.readouterr()
    return code, out + err


@pytest.mark.parametrize("link", [False, True])
def test_a_file(dvc, capsys, link):
    name = store(dvc, CSV)
    point(dvc, name)
    assert f"is {name}: commit data/transactions.pin.json" in pinned(dvc, capsys)
    there = json.loads(dvc.read("data/transactions.pin.json"))
    assert (there["md5"], there["size"], there["revision"]) == (name, 17, "v1")
    assert there["commit"] == dvc.git("rev-parse", "HEAD")
    code, out = fetch(dvc, capsys, *["--link"] * link)
    assert code == 0, out
    assert dvc.read("d/transactions") == CSV
    assert (dvc.root / "d/transactions").is_symlink() is link
    assert json.loads(dvc.read("v.json")) == {"transactions": f"md5:{name}"}


def test_a_folder(dvc, capsys):
    files = [("a.csv", CSV), ("deep/b.csv", CSV + "2,1\n")]
    listing = json.dumps([{"md5": store(dvc, text), "relpath": path} for path, text in files])
    point(dvc, store(dvc, listing, ".dir"))
    pinned(dvc, capsys)
    code, out = fetch(dvc, capsys)
    assert code == 0, out
    assert {path: dvc.read(f"d/transactions/{path}") for path, _ in files} == dict(files)
    assert [path.name for path in (dvc.root / "d").iterdir()] == ["transactions"]


def test_what_dvc_has_here_is_taken(dvc, capsys):
    point(dvc, store(dvc, CSV, root=".dvc/cache"))
    pinned(dvc, capsys)
    assert fetch(dvc, capsys)[0] == 0


def test_a_pod_finds_the_pin_beside_the_programs(dvc, capsys, monkeypatch, tmp_path_factory):
    point(dvc, store(dvc, CSV))
    pinned(dvc, capsys)
    pod = tmp_path_factory.mktemp("pod")
    (dvc.root / "data/transactions.pin.json").rename(pod / "transactions.pin.json")
    monkeypatch.setattr(pin, "__file__", str(pod / "pin.py"))
    assert fetch(dvc, capsys)[0] == 0


def unpinned(project):
    project.write("data/transactions.pin.json", project.read("data/transactions.pin.json").replace(md5(CSV), ""))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (unpinned, "is not pinned (it is empty): run make pin-transactions"),
        (lambda p: (p.root / "data/transactions.pin.json").unlink(), "pin.json is not there"),
        (
            lambda p: p.read_from(kind="dvc", bucket="artifacts", prefix="dvc", path="data/t", revision="v2"),
            "it is of revision 'v1', and 'v2' is asked for",
        ),
        (
            lambda p: p.read_from(kind="dvc", bucket="artifacts", prefix="dvc", path="data/u", revision="v1"),
            "it is for 'data/t', and the dataset is 'data/u'",
        ),
        (lambda p: store(p, CSV) and p.write(path_of(CSV), "other"), "holds other bytes than its name says"),
        (lambda p: (p.root / path_of(CSV)).unlink(), "which its pin names: run dvc push"),
    ],
)
def test_refuses(dvc, capsys, spoil, said):
    point(dvc, store(dvc, CSV))
    pinned(dvc, capsys)
    spoil(dvc)
    code, out = fetch(dvc, capsys)
    assert (code, said in out) == (1, True), out
    assert not list(dvc.root.glob("d/*"))


def path_of(text):
    return f"{CACHE}/files/md5/{md5(text)[:2]}/{md5(text)[2:]}"


def test_a_listing_that_leads_out_of_the_folder(dvc, capsys):
    point(dvc, store(dvc, json.dumps([{"md5": store(dvc, CSV), "relpath": "../../x"}]), ".dir"))
    pinned(dvc, capsys)
    code, out = fetch(dvc, capsys)
    assert (code, "no path below" in out) == (1, True)


def test_a_revision_that_is_not_there(dvc, capsys):
    dvc.commit()
    assert "tag that commit with the revision" in pinned(dvc, capsys, code=1)


def test_a_pointer_of_dvc_2(dvc, capsys):
    point(dvc, store(dvc, CSV), line="")
    assert "was written by DVC 2" in pinned(dvc, capsys, code=1)


def test_a_pin_follows_its_revision(dvc, capsys):
    point(dvc, store(dvc, CSV))
    pinned(dvc, capsys)
    point(dvc, store(dvc, CSV + "2,1\n"))
    assert fetch(dvc, capsys)[0] == 0
    assert dvc.read("d/transactions") == CSV  # still what was pinned
    pinned(dvc, capsys)
    assert fetch(dvc, capsys)[0] == 0
    assert dvc.read("d/transactions") == CSV + "2,1\n"
