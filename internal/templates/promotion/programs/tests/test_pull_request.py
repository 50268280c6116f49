"""The whole way from a version in the registry to its pull request, on each forge, with a real Git repository."""

import base64
import os
import subprocess
import sys

import pytest
from conftest import HERE
from servers import Reply, serving

from mlops import forge, promote, repository
from mlops.errors import Stop

NAME = "fraud-detector"
BRANCH = f"promote/{NAME}-staging"
one = pytest.mark.parametrize("forge", ["github"], indirect=True)  # where the forges do not differ
FILES = [f"lineage/{NAME}/1.intoto.json", f"lineage/{NAME}/1.json", f"models/{NAME}/staging.yaml"]


@pytest.fixture
def trained(project, registry, train):
    project.configure(lambda model: model["promotion"].pop("soak"))
    assert train()[0] == 0
    return project


def run(project, *args):
    return promote.main(["--model", str(project.model), "--environment", "staging", "--open-pull-request", *args])


def tip(remote, path=None, branch=BRANCH):
    what = ["rev-parse", branch] if path is None else ["show", f"{branch}:{path}"]
    return subprocess.run(["git", "-C", str(remote), *what], check=True, capture_output=True, text=True).stdout


def test_exactly_one(trained, origin, forge, capsys):
    remote = origin()
    assert run(trained) == 0
    assert f"pushed branch {BRANCH}\nopened: https://" in capsys.readouterr().out
    trained.git("fetch", "-q", "origin")
    assert trained.git("diff", "--name-only", f"main..origin/{BRANCH}").splitlines() == FILES
    assert trained.git("rev-parse", f"origin/{BRANCH}^") == trained.git("rev-parse", "main")
    assert trained.git("status", "--porcelain", "--", "models", "lineage") == ""
    assert trained.git("symbolic-ref", "--short", "HEAD") == "main"
    before = tip(remote)
    assert run(trained) == 0
    assert "unchanged: https://" in capsys.readouterr().out
    assert tip(remote) == before
    assert [r["title"] for r in forge.requests] == [f"Promote {NAME} version 1 to staging"]


@one
def test_the_record_names_it(trained, origin, forge):
    remote = origin()
    run(trained)
    url = forge.shape(forge.requests[0]).get("html_url") or forge.shape(forge.requests[0])["web_url"]
    assert f'"pull_request": "{url}"' in tip(remote, FILES[1])
    assert f'"branch": "{BRANCH}"' in tip(remote, FILES[1])


@one
def test_it_carries_the_evidence(trained, origin, forge, registry):
    trained.configure(lambda model: model["environments"]["staging"].update(approvals=2, approvers=["@acme/ml-leads"]))
    registry.set_alias(NAME, "champion", "1")
    origin()
    run(trained)
    body = forge.requests[0]["body"]
    version = registry.version(NAME, "1")
    for fact in (
        f"Pins `{NAME}` version 1 for `staging`. Approvals needed: 2 of `@acme/ml-leads`.",
        f"| Digest | `{version.tags['mlops.digest']}` |",
        f"| Run in the registry | `{version.run}` |",
        f"/promote/{NAME}-staging/lineage/{NAME}/1.json> |",
        "| Champion when it was trained | `none` |",
        "| Parameter `learning_rate` | `0.05` |",
        "| `auc_roc` | `>= 0.92` | `0.98973` | passed |",
        "| Metric | This version | Champion, version 1 |",
        "| `accuracy` | `0.958` | `0.958` |",
    ):
        assert fact in body


def test_what_the_pull_request_says_is_not_believed(trained, origin, forge):
    remote = origin()
    run(trained)
    before = tip(remote)
    forge.requests[0].update(title="Promote version 9", body="| `auc_roc` | `1.0` |\nApproved by everybody")
    assert run(trained) == 0
    assert forge.requests[0]["title"] == f"Promote {NAME} version 1 to staging"
    assert "`0.98973`" in forge.requests[0]["body"]
    assert tip(remote) == before


@one
def test_a_newer_version_takes_the_same_one(trained, origin, forge, train, capsys):
    remote = origin()
    run(trained)
    assert train("--param", "learning_rate=0.1")[0] == 0
    assert run(trained) == 0
    assert "updated: https://" in capsys.readouterr().out
    assert [r["title"] for r in forge.requests] == [f"Promote {NAME} version 2 to staging"]
    assert 'version: "2"' in tip(remote, FILES[2])
    trained.git("fetch", "-q", "origin")
    assert f"lineage/{NAME}/1.json" not in trained.git("diff", "--name-only", f"main..origin/{BRANCH}")


@one
def test_two_promotions_at_once(trained, origin, forge):
    remote = origin()
    command = [sys.executable, "-m", "mlops.promote", "--model", str(trained.model), "--environment", "staging"]
    jobs = [
        subprocess.Popen(
            [*command, "--open-pull-request"],
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [job.communicate()[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    assert len(forge.requests) == 1
    assert '"pull_request": "https://' in tip(remote, FILES[1])


@one
def test_a_rejected_version_opens_none(trained, origin, forge):
    trained.configure(lambda model: model["gates"][0].update(threshold="0.99"))
    origin()
    assert run(trained) == 3
    assert forge.log == []


@one
def test_nothing_is_pushed_without_a_token(trained, origin, forge, monkeypatch, capsys):
    for name in ("GH_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    remote = origin()
    assert run(trained) == 1
    assert "needs a token" in capsys.readouterr().err
    assert subprocess.run(["git", "-C", str(remote), "rev-parse", "-q", "--verify", BRANCH]).returncode != 0


def test_an_unknown_forge(trained, origin, capsys):
    origin()
    assert run(trained) == 1
    assert "set MLOPS_FORGE to github, gitlab, gitea" in capsys.readouterr().err


def test_direct_promotion_opens_none(trained, capsys):
    trained.configure(lambda model: model["promotion"].update(mode="direct"))
    assert run(trained) == 1
    assert "is promoted directly" in capsys.readouterr().err


@one
def test_two_models_cannot_share_a_branch(trained, origin, forge, capsys):
    other = trained.read(trained.model).replace(f'"{NAME}"', '"fraud"').replace('"staging"', '"detector-staging"')
    trained.write("models/fraud/model.json", other)
    origin()
    assert run(trained) == 4
    assert f"branch {BRANCH} is that of fraud to detector-staging as well" in capsys.readouterr().err
    assert forge.log == []


@pytest.mark.parametrize("same", [True, False])
def test_a_branch_that_moved_is_looked_at_again(trained, origin, monkeypatch, same):
    remote = origin()
    mine = {promote.Path("models/a.yaml"): "mine\n"}
    look, theirs = repository._remote, []

    def late(root, ref, to):
        found = look(root, ref, to)
        if not theirs:
            theirs.append(mine if same else {promote.Path("models/b.yaml"): "theirs\n"})
            assert repository.publish(root, BRANCH, theirs[0], "theirs")
        return found

    monkeypatch.setattr(repository, "_remote", late)
    assert repository.publish(trained.root, BRANCH, mine, "mine") is not same
    assert tip(remote, "models/a.yaml") == "mine\n"


def test_a_branch_that_never_rests(trained, origin, monkeypatch):
    origin()
    look, number = repository._remote, []

    def busy(root, ref, to):
        found = look(root, ref, to)
        if len(number) < 8:
            number.append(1)
            repository.git(root, "push", "--quiet", "--force", "origin", f"{_empty(root, len(number))}:{ref}")
        return found

    def _empty(root, n):
        return repository._must(root, "commit-tree", "-p", "HEAD", "-m", str(n), "HEAD^{tree}")

    trained.git("config", "user.name", "t")
    trained.git("config", "user.email", "t@example.com")
    monkeypatch.setattr(repository, "_remote", busy)
    with pytest.raises(Stop, match="is moved by others again and again"):
        repository.publish(trained.root, BRANCH, {promote.Path("a"): "b\n"}, "m")


def test_a_file_that_changed_under_the_branch_is_put_on_top_again(trained, origin):
    remote = origin()
    files = {promote.Path(FILES[2]): "mine\n"}
    assert repository.publish(trained.root, BRANCH, files, "mine")
    trained.write("README.md", "elsewhere\n")
    trained.commit()
    assert not repository.publish(trained.root, BRANCH, files, "mine")
    trained.write(FILES[2], "theirs\n")
    trained.commit()
    assert repository.publish(trained.root, BRANCH, files, "mine")
    assert tip(remote, branch=f"{BRANCH}^").strip() == trained.git("rev-parse", "HEAD")
    assert not repository.publish(trained.root, BRANCH, files, "mine")


def test_a_refused_push_says_why(trained, origin):
    remote = origin()
    (remote / "hooks").mkdir(exist_ok=True)
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected by policy >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Stop, match="git push failed: .*protected by policy"):
        repository.publish(trained.root, BRANCH, {promote.Path("a"): "b\n"}, "m")


def test_below_a_folder_of_a_larger_repository(trained, origin, monkeypatch):
    remote = origin()
    inside = trained.root / "teams" / "fraud"
    inside.mkdir(parents=True)
    assert repository.publish(inside, BRANCH, {promote.Path("a.txt"): "b\n"}, "m")
    assert tip(remote, "teams/fraud/a.txt") == "b\n"
    assert not repository.publish(inside, BRANCH, {promote.Path("a.txt"): "b\n"}, "m")


def test_a_job_of_gitlab_pushes_with_the_forges_token(project, monkeypatch):
    project.commit()
    project.git("remote", "add", "origin", "https://gitlab-ci-token:j0b@gitlab.example.com/acme/fraud.git")
    with serving(lambda asked: Reply(403, {"message": "no"})) as (url, log):
        environment = {"GITLAB_CI": "true", "CI_API_V4_URL": f"{url}/api/v4", "CI_PROJECT_URL": f"{url}/acme/fraud"}
        for name, value in {**environment, "CI_PROJECT_ID": "42", "GITLAB_TOKEN": "s3cret"}.items():
            monkeypatch.setenv(name, value)
        there = forge.of(project.root)
        with pytest.raises(Stop, match="git ls-remote failed: .*403") as stop:
            repository.publish(project.root, BRANCH, {promote.Path("a"): "b\n"}, "m", there.remote)
    assert [asked.path for asked in log] == ["/acme/fraud.git/info/refs"]
    assert base64.b64decode(log[0].headers["authorization"].removeprefix("Basic ")) == b"oauth2:s3cret"
    assert "s3cret" not in str(stop.value)
    assert "s3cret" not in project.read(".git/config")
