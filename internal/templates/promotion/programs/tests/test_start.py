"""Starting a run: arguments and types, and JSON over HTTP against a server that misbehaves."""

import json

import pytest
from servers import Reply, serving

from mlops import start, web
from mlops.errors import Misuse, Stop, program

GIVEN = "s3cret"
TYPES = {
    "rate": {"type": "number", "default": "0.10"},
    "rounds": {"type": "integer", "default": "200"},
    "fast": {"type": "boolean", "default": "false"},
    "label": {"type": "string", "default": "yes"},
}


@pytest.fixture
def ask(project):
    """Parse a command line for the project's pipeline with one parameter of each type."""
    pipeline = json.loads(project.read(project.pipeline))
    project.write(project.pipeline, json.dumps({**pipeline, "parameters": TYPES}))
    return lambda *args: start.parse(["--pipeline", str(project.pipeline), *args], "start")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    waited = []
    monkeypatch.setattr(web.time, "sleep", waited.append)
    return waited


def test_defaults_and_types(ask):
    request = ask()
    assert request.parameters == {"rate": "0.10", "rounds": "200", "fast": "false", "label": "yes"}
    assert start.typed(request) == {"rate": 0.1, "rounds": 200, "fast": False, "label": "yes"}
    assert not request.wait
    assert request.pipeline.name == "train"


def test_given_values_keep_their_digits(ask):
    request = ask("--param", "rate=1e-3", "--param", "fast=true", "--param", "label=a=b 'c' ${d}", "--wait")
    assert request.parameters["rate"] == "1e-3"
    assert request.parameters["label"] == "a=b 'c' ${d}"
    assert start.typed(request)["rate"] == 0.001
    assert start.typed(request)["fast"] is True
    assert request.wait


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--param", "rate"], "must be NAME=VALUE"),
        (["--param", "=1"], "must be NAME=VALUE"),
        (["--param", "speed=1"], "no such parameter"),
        (["--param", "rate=fast"], "'fast' is not of type number"),
        (["--param", "rate=nan"], "'nan' is not of type number"),
        (["--param", "rounds=1.0"], "'1.0' is not of type integer"),
        (["--param", "rounds=0x10"], "is not of type integer"),
        (["--param", "fast=yes"], "'yes' is not of type boolean"),
        (["--param", "rate=1", "--param", "rate=2"], "is given twice"),
    ],
)
def test_wrong_parameters_are_wrong_usage(ask, args, said):
    with pytest.raises(Misuse, match=said):
        ask(*args)


def test_a_parameter_without_default_must_be_given(project, ask):
    pipeline = json.loads(project.read(project.pipeline))
    project.write(project.pipeline, json.dumps({**pipeline, "parameters": {"rate": {"type": "number"}}}))
    with pytest.raises(Misuse, match="rate has no default"):
        ask()
    assert ask("--param", "rate=1").parameters == {"rate": "1"}


def test_a_number_that_no_float_holds(ask):
    with pytest.raises(Misuse, match="beyond"):
        start.typed(ask("--param", "rate=1e999"))


def test_exit_codes(project, capsys):
    @program
    def main(argv=None):
        start.parse(argv, "start")

    assert main(["--pipeline", str(project.pipeline)]) == 0
    assert main(["--pipeline", str(project.pipeline), "--param", "rounds=many"]) == 2
    assert capsys.readouterr().err.startswith("error: --param rounds")
    assert main(["--pipeline", "nowhere.json"]) == 1
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2


def test_variables(monkeypatch):
    monkeypatch.delenv("SYSTEM_URL", raising=False)
    assert start.variable("SYSTEM_URL", "http://localhost") == "http://localhost"
    with pytest.raises(Misuse, match="SYSTEM_URL is not set"):
        start.variable("SYSTEM_URL")
    monkeypatch.setenv("SYSTEM_URL", " http://a ")
    assert start.variable("SYSTEM_URL") == "http://a"
    assert start.secret("SYSTEM_TOKEN") is None


def test_bearer(monkeypatch):
    for name in ("SYSTEM_TOKEN", "MLOPS_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert start.bearer("SYSTEM_TOKEN", "https://a") is None
    with serving(lambda asked: Reply(200, {"value": "issued"})) as (url, log):
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/jobs/idtoken?api-version=2.0")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", GIVEN)
        assert start.bearer("SYSTEM_TOKEN", "https://a") == "issued"
    assert (log[0].path, log[0].query) == ("/jobs/idtoken", {"api-version": "2.0", "audience": "https://a"})
    assert log[0].headers["authorization"] == f"Bearer {GIVEN}"
    monkeypatch.setenv("MLOPS_ID_TOKEN", "gitlab")
    assert start.bearer("SYSTEM_TOKEN", "https://a") == "gitlab"
    monkeypatch.setenv("SYSTEM_TOKEN", "own")
    assert start.bearer("SYSTEM_TOKEN", "https://a") == "own"


def test_said(capsys):
    start.said("run-1", "http://a/run-1")
    assert capsys.readouterr().out == "run: run-1\nurl: http://a/run-1\n"


def test_credentials_go_in_one_header():
    with serving(lambda asked: Reply(200, {"ok": True})) as (url, log):
        assert start.Http(url, token=GIVEN).get("/a", {"limit": 2, "q": "x y"}) == {"ok": True}
        assert start.Http(url, user="u", password=GIVEN).post("b", {"n": 1}) == {"ok": True}
    assert log[0].headers["authorization"] == f"Bearer {GIVEN}"
    assert (log[0].path, log[0].query) == ("/a", {"limit": "2", "q": "x y"})
    assert log[1].headers["authorization"] == "Basic dTpzM2NyZXQ="
    assert (log[1].path, log[1].body, log[1].headers["content-type"]) == ("/b", {"n": 1}, "application/json")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_repeatable_call_is_tried_again(status, no_waiting):
    answers = [Reply(status, {"message": "busy"}, {"Retry-After": "9"}), None, Reply(200, [1])]
    with serving(lambda asked: answers.pop(0)) as (url, log):
        assert start.Http(url).get("/x") == [1]
    assert len(log) == 3
    assert no_waiting[0] >= 9
    assert 1 <= no_waiting[1] <= 3


@pytest.mark.parametrize("reply", [Reply(503, {"message": "busy"}), None])
def test_a_post_is_sent_once(reply):
    with serving(lambda asked: reply) as (url, log), pytest.raises(web.NoAnswer, match="POST"):
        start.Http(url).post("/runs", {})
    assert len(log) == 1


def test_retries_end():
    said = pytest.raises(web.NoAnswer, match="answered 503 Service Unavailable: no upstream$")
    with serving(lambda asked: Reply(503, "<html><h1>no upstream</h1></html>")) as (url, log), said:
        start.Http(url, attempts=3).get("/x", {"token": "s"})
    assert len(log) == 3


def test_no_sentence_shows_a_credential():
    reply = Reply(401, {"message": "bad token s3cret for x"})
    with serving(lambda asked: reply) as (url, _), pytest.raises(Stop) as stop:
        start.Http(url, token=GIVEN).get("/x", {"key": "s3cret"})
    assert "401 Unauthorized: bad token *** for x" in str(stop.value)
    assert "s3cret" not in str(stop.value)


def test_a_redirection_elsewhere_is_not_followed():
    with serving(lambda asked: Reply(200, {})) as (other, theirs):
        away = Reply(302, None, {"Location": f"{other}/y"})
        with serving(lambda asked: away) as (url, _), pytest.raises(Stop, match="answered 302"):
            start.Http(url, token=GIVEN).get("/x")
        assert theirs == []


def test_a_redirection_within_one_origin_is_followed():
    def answer(asked):
        return Reply(200, {"ok": 1}) if asked.path == "/y" else Reply(301, None, {"Location": "/y"})

    with serving(answer) as (url, _):
        assert start.Http(url).get("/x") == {"ok": 1}
        with pytest.raises(Stop, match="answered 301"):
            start.Http(url).post("/x", {})


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("ftp://a", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("airflow", "must begin"),
        ("https://u:p@a/", "must not hold"),
    ],
)
def test_addresses(base, said):
    with pytest.raises(Misuse, match=said):
        start.Http(base)


def test_a_token_of_two_lines_is_refused():
    with pytest.raises(Misuse, match="header cannot carry") as stop:
        start.Http("http://a", token=f"{GIVEN}\ny: z")
    assert GIVEN not in str(stop.value)


def test_what_is_not_json():
    with serving(lambda asked: Reply(200, "<html>")) as (url, _), pytest.raises(Stop, match="is not JSON"):
        start.Http(url).get("/x")
    with serving(lambda asked: Reply(204)) as (url, _):
        assert start.Http(url).post("/x") is None


def test_until_bears_lost_connections(monkeypatch):
    monkeypatch.setattr(start.time, "sleep", lambda seconds: None)
    seen = [None, web.NoAnswer("gone"), None, "Succeeded"]

    def look():
        found = seen.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    assert start.until(look) == "Succeeded"
    with pytest.raises(web.NoAnswer):
        start.until(lambda: (_ for _ in ()).throw(web.NoAnswer("gone")))
    with pytest.raises(Stop, match="still under way after 0 seconds"):
        start.until(lambda: None, limit=0)
