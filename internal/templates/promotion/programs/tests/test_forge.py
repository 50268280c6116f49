"""One pull request on each forge, against stand-ins that answer as GitHub, GitLab and Gitea document it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import Reply

from mlops import forge as forges
from mlops.errors import Stop
from mlops.forge import PullRequest
from mlops.web import NoAnswer

ASKED = PullRequest("promote/fraud-detector-staging", "main", "Promote 1", "line 1\nline 2\n")


def sent(forge, method):
    return [asked for asked in forge.log if asked.method == method]


def test_opens_then_leaves_then_updates(forge, project):
    there = forges.of(project.root)
    assert there.kind == forge.kind
    opened, what = forges.request(there, ASKED)
    assert (what, opened.number) == ("opened", 1)
    assert opened.url.endswith("/1")
    assert forges.request(there, ASKED)[1] == "unchanged"
    later = PullRequest(ASKED.branch, "main", "Promote 2", "other")
    assert forges.request(there, later) == (forges.Open(1, opened.url, "Promote 1", forge_body(forge)), "updated")
    assert [(r["title"], r["body"].strip()) for r in forge.requests] == [("Promote 2", "other")]
    assert len(sent(forge, "POST")) == 1


def forge_body(forge):
    text = "line 1\nline 2\n"
    return {"github": text.replace("\n", "\r\n"), "gitlab": text.rstrip()}.get(forge.kind, text)


def test_the_right_one_is_found_on_later_pages(forge, project):
    for _ in range(3):
        forge.open(ASKED.branch, fork=True)
        forge.open(ASKED.branch, base="release")
        forge.open("promote/other-staging")
        forge.open("promote/other-staging")
    mine = forge.open(ASKED.branch, title="old")
    for _ in range(3):
        forge.open("promote/other-production")
        forge.open(ASKED.branch, base="release")
        forge.open(ASKED.branch, fork=True)
    assert forges.request(forges.of(project.root), ASKED)[0].number == mine["n"]
    assert mine["title"] == ASKED.title
    assert len(forge.requests) == 22
    assert len(sent(forge, "GET")) > 1


def test_a_closed_one_is_not_opened_again(forge, project):
    forge.open(ASKED.branch)["open"] = False
    assert forges.request(forges.of(project.root), ASKED)[1] == "opened"
    assert len(forge.requests) == 2


def test_two_jobs_open_one(forge, project):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: forges.request(forges.of(project.root), ASKED), range(4)))
    assert len(forge.requests) == 1
    assert {found.url for found, _ in done} == {done[0][0].url}
    assert [what for _, what in done].count("opened") == 1


def test_another_job_was_faster(forge, project):
    there = forges.of(project.root)
    find = there.find

    def late(branch, base):
        there.find = find
        forge.open(branch, base, "theirs")
        return None

    there.find = late
    found, what = forges.request(there, ASKED)
    assert (found.number, what) == (1, "updated")
    assert [r["title"] for r in forge.requests] == [ASKED.title]


def test_an_answer_that_was_lost(forge, project):
    forge.faults.append(("POST", None, True))
    assert forges.request(forges.of(project.root), ASKED)[1] == "unchanged"
    assert len(forge.requests) == 1


def test_server_errors_are_borne(forge, project):
    forge.faults += [("GET", Reply(502, "<html>"), False), ("GET", None, False), ("POST", Reply(503, {}), False)]
    assert forges.request(forges.of(project.root), ASKED)[1] == "opened"
    assert len(forge.requests) == 1


def test_server_errors_are_borne_for_a_while(forge, project):
    forge.faults += [("POST", Reply(500, {"message": "boom"}), False)] * 3
    with pytest.raises(NoAnswer, match="500 Internal Server Error: boom"):
        forges.request(forges.of(project.root), ASKED)
    assert forge.requests == []


def test_a_wrong_token_is_one_sentence(forge, project, monkeypatch):
    monkeypatch.setenv("MLOPS_FORGE_TOKEN", "wr0ng")
    with pytest.raises(Stop, match="answered 401 Unauthorized") as stop:
        forges.request(forges.of(project.root), ASKED)
    assert "wr0ng" not in str(stop.value)
    assert len(forge.log) == 1


def test_another_repository_is_not_there(forge, project, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/other")
    monkeypatch.setenv("CI_PROJECT_ID", "43")
    with pytest.raises(Stop, match="answered 404 Not Found"):
        forges.request(forges.of(project.root), ASKED)


def test_without_token_nothing_is_sent(forge, project, monkeypatch):
    for name in ("GH_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Stop, match="needs a token: set MLOPS_FORGE_TOKEN or"):
        forges.request(forges.of(project.root), ASKED)
    assert forge.log == []


def test_other_refusals_are_said(forge, project):
    status = 422
    body = {"message": "Validation Failed", "errors": [{"message": "No commits between main and x"}]}
    forge.faults.append(("POST", Reply(status, body), False))
    with pytest.raises(Stop, match="No commits between|422"):
        forges.request(forges.of(project.root), ASKED)
    assert len(sent(forge, "POST")) == 1


def test_members_of_a_team(forge, project):
    forge.teams = {"acme/other": ["eve"], "acme/ml-leads": ["Alice", "bob", "carol"]}
    assert forges.of(project.root).members("acme/ml-leads") == {"alice", "bob", "carol"}
    with pytest.raises(forges.Unknown, match="@acme/nobody"):
        forges.of(project.root).members("acme/nobody")
    forge.may_read_teams = False
    with pytest.raises(forges.Unknown, match="MLOPS_FORGE_TOKEN"):
        forges.of(project.root).members("acme/ml-leads")


def test_links(forge, project):
    link = forges.of(project.root).link("promote/a-b", "lineage/a/1.json")
    between = {"github": "blob", "gitlab": "-/blob", "gitea": "src/branch"}[forge.kind]
    assert link == f"{forge.url}/acme/fraud/{between}/promote/a-b/lineage/a/1.json"


@pytest.mark.parametrize(
    ("origin", "environment", "kind", "base", "repository"),
    [
        ("https://github.com/acme/fraud.git", {}, "github", "https://api.github.com", "acme/fraud"),
        ("git@github.com:acme/fraud.git", {}, "github", "https://api.github.com", "acme/fraud"),
        ("https://u:p@git.corp/acme/fraud", {"GH_HOST": "git.corp"}, "github", "https://git.corp/api/v3", "acme/fraud"),
        ("git@gitlab.com:a/b/fraud.git", {}, "gitlab", "https://gitlab.com/api/v4", "a%2Fb%2Ffraud"),
        ("https://gl.corp:8443/a/f.git", {"MLOPS_FORGE": "gitlab"}, "gitlab", "https://gl.corp:8443/api/v4", "a%2Ff"),
        ("ssh://git@git.corp:2222/a/f.git", {"MLOPS_FORGE": "gitea"}, "gitea", "https://git.corp/api/v1", "a/f"),
        (
            "http://git.corp:3000/a/f",
            {"GITEA_SERVER_URL": "http://git.corp:3000"},
            "gitea",
            "http://git.corp:3000/api/v1",
            "a/f",
        ),
    ],
)
def test_which_forge(project, monkeypatch, origin, environment, kind, base, repository):
    project.commit()
    project.git("remote", "add", "origin", origin)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = forges.of(project.root)
    assert (found.kind, found.http.base, found.repository) == (kind, base, repository)


def test_no_forge(project, monkeypatch):
    assert forges.of(project.root) is None
    project.commit()
    project.git("remote", "add", "origin", str(project.root))
    assert forges.of(project.root) is None
    monkeypatch.setenv("MLOPS_FORGE", "sourceforge")
    with pytest.raises(Stop, match="must be one of github, gitlab, gitea"):
        forges.of(project.root)
    for kind in forges.KINDS:
        monkeypatch.setenv("MLOPS_FORGE", kind)
        with pytest.raises(Stop, match="is meant is not known"):
            forges.of(project.root)
