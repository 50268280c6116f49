"""Datasets of lakeFS, at the commit that their pin names."""

import json

import pytest
from servers import Reply, serving

from mlops import data, lakefs, pin
from mlops.config import load_pipeline

HEAD, COMMIT, OTHER = "amount,label\n", "a" * 64, "b" * 64
AT = "/api/v1/repositories/payments"


class Lake:
    """A repository with one commit and two pages of objects."""

    def __init__(self):
        self.objects = {f"t/{name}.csv": HEAD + "1,0\n" for name in ("a", "b c", "d/e")} | {"t-old/x.csv": "x"}
        self.branches = {"main": COMMIT}
        self.cut = 0

    def __call__(self, asked):
        if asked.path.endswith("/commits") and asked.method == "GET":
            head = self.branches.get(asked.path.split("/")[-2])
            return Reply(body={"results": [{"id": head}]}) if head else Reply(404, {"message": "no such reference"})
        if asked.path == f"{AT}/refs/{COMMIT}/objects/ls":
            return self.page(asked.query["prefix"], asked.query["after"])
        if asked.path == f"{AT}/refs/{COMMIT}/objects":
            if self.cut:
                self.cut -= 1
                return Reply(503, {"message": "busy"})
            return Reply(body=self.objects[asked.query["path"]])
        if asked.path == f"{AT}/branches":
            if asked.body["name"] in self.branches:
                return Reply(409, {"message": "already exists"})
            self.branches[asked.body["name"]] = asked.body["source"]
            return Reply(201, asked.body["source"], {"Content-Type": "text/html"})
        if asked.method == "DELETE":
            return Reply(204 if self.branches.pop(asked.path.split("/")[-1], None) else 404)
        if asked.path.endswith("/commits"):
            self.branches[asked.path.split("/")[-2]] = OTHER
            return Reply(201, {"id": OTHER})
        return Reply(200, {"reference": OTHER})

    def page(self, prefix, after):
        found = [path for path in sorted(self.objects) if path.startswith(prefix) and path > after]
        results = [{"path": path, "path_type": "object", "size_bytes": len(self.objects[path])} for path in found[:2]]
        more = len(found) > 2
        return Reply(
            body={"results": results, "pagination": {"has_more": more, "next_offset": found[1] if more else ""}}
        )


@pytest.fixture
def lake(project, monkeypatch):
    """Serve a repository to a project that reads from it."""
    monkeypatch.setattr("mlops.web.time.sleep", lambda seconds: None)
    monkeypatch.setenv("LAKECTL_CREDENTIALS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.delenv("LAKECTL_SERVER_ENDPOINT_URL", raising=False)
    lake = Lake()
    with serving(lake) as (url, log):
        lake.url, lake.log, lake.project = url, log, project
        point(lake)
        yield lake


def point(lake, revision="main", prefix="t"):
    known = {"kind": "lakefs", "endpoint": lake.url, "repository": "payments", "revision": revision, "prefix": prefix}
    lake.project.read_from(**known)


def run(lake, capsys, *extra):
    code = data.main(["--pipeline", str(lake.project.pipeline), "--out", "d", "--versions", "v.json", *extra])
    out, err = capsys.readouterr()
    return code, out + err


def pinned(lake, capsys):
    code = pin.main(["--pipeline", str(lake.project.pipeline), "--dataset", "transactions"])
    out, err = capsys.readouterr()
    return code, out + err


def test_fetches_what_was_pinned(lake, capsys):
    assert pinned(lake, capsys) == (
        0,
        f"pinned: transactions at main is {COMMIT}: commit data/transactions.pin.json\n",
    )
    lake.branches["main"] = OTHER
    lake.cut = 2  # as often as a busy server is asked again
    code, out = run(lake, capsys)
    assert code == 0, out
    put = lake.project.root / "d/transactions"
    assert sorted(str(path.relative_to(put)) for path in put.rglob("*.csv")) == ["a.csv", "b c.csv", "d/e.csv"]
    assert json.loads(lake.project.read("v.json")) == {"transactions": COMMIT}
    assert {asked.headers["authorization"] for asked in lake.log} == {"Basic a2V5Omh1c2g="}


def test_a_commit_needs_no_pin(lake, capsys):
    point(lake, revision=COMMIT, prefix="t/a.csv")
    assert run(lake, capsys)[0] == 0
    assert lake.project.read("d/transactions") == HEAD + "1,0\n"


def test_another_address(lake, capsys, monkeypatch):
    point(lake, revision=COMMIT)
    pipeline = lake.project.read(lake.project.pipeline).replace(lake.url, "https://lakefs.invalid")
    lake.project.write(lake.project.pipeline, pipeline)
    monkeypatch.setenv("LAKECTL_SERVER_ENDPOINT_URL", f"{lake.url}/api/v1/")
    assert run(lake, capsys)[0] == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lake: lake.branches.pop("main"), "no such reference"),
        (lambda lake: lake.branches.update(main=""), "has no commit"),
    ],
)
def test_a_reference_that_is_not_there(lake, capsys, spoil, said):
    spoil(lake)
    code, out = pinned(lake, capsys)
    assert (code, said in out or "404" in out) == (1, True), out


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda lake: point(lake, revision="v2"), 1, "it is of revision 'main', and 'v2' is asked for"),
        (lambda lake: point(lake, prefix="none"), 1, "has nothing at none"),
        (lambda lake: lake.objects.update({"t/../../x": "x"}), 1, "no path below t"),
        (lambda lake: setattr(lake, "cut", 9), 1, "answered 503"),
    ],
)
def test_refuses(lake, capsys, spoil, code, said):
    pinned(lake, capsys)
    spoil(lake)
    got, out = run(lake, capsys)
    assert (got, said in out) == (code, True), out
    assert "hush" not in out
    assert not list(lake.project.root.glob("d/*"))


def test_without_credentials(lake, capsys, monkeypatch):
    pinned(lake, capsys)
    monkeypatch.delenv("LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY")
    code, out = run(lake, capsys)
    assert (code, "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY must be set" in out) == (2, True)


def test_a_branch_for_a_run(lake, capsys, monkeypatch):
    pinned(lake, capsys)
    assert run(lake, capsys, "--lakefs-branch")[0] == 2
    monkeypatch.setenv("MLOPS_RUN_ID", "run/1")
    for _ in range(2):
        assert run(lake, capsys, "--lakefs-branch")[0] == 0
    assert lake.branches["mlops-train-run-1"] == COMMIT
    pipeline = load_pipeline(lake.project.pipeline)
    lakefs.finish(pipeline, "run/1", {"mlops.model": "m"})
    assert lake.log[-1].body["metadata"] == {"mlops.model": "m"}
    code, out = run(lake, capsys, "--lakefs-branch")
    assert (code, "is there already" in out) == (1, True)
    lakefs.finish(pipeline, "run/1", {"mlops.model": "m"}, "main")
    assert "mlops-train-run-1" not in lake.branches
    assert [asked.method for asked in lake.log[-3:]] == ["POST", "POST", "DELETE"]


def test_registration_records_the_model_on_the_branch(lake, train, registry, capsys, monkeypatch):
    pinned(lake, capsys)
    monkeypatch.setenv("MLOPS_RUN_ID", "7")
    assert run(lake, capsys, "--lakefs-branch")[0] == 0
    code, out = train("--data-versions", "v.json", "--lakefs-branch", "main")
    assert code == 0, out
    commit = next(asked for asked in lake.log if asked.path.endswith("/commits") and asked.method == "POST")
    assert commit.body["metadata"] == {"mlops.model": "fraud-detector", "mlops.version": "1"}
    assert registry.version("fraud-detector", "1").tags["data_version"] == f"transactions={COMMIT}"
