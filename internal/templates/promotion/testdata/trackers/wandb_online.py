"""Real client, online, against a server that answers in the client's own types: see wandb_server.py."""

import contextlib
import faulthandler
import json
import os
import re
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import wandb_server

REFUSED, BROKEN, HELD = {}, (500, {"errors": [{"message": "broken"}]}), threading.Event()


def fault(request):
    """Say how a request is refused, or None; a file may be kept waiting before."""
    if request == "storage":
        HELD.wait(60)
    return REFUSED.get(request) or REFUSED.get("all") or (BROKEN if faults.hit(request) else None)


faulthandler.dump_traceback_later(180, exit=True)
HELD.set()
server = wandb_server.Server(fault)
once = {"RETRY_MAX": "1", "RETRY_WAIT_MIN_SECONDS": "1", "RETRY_WAIT_MAX_SECONDS": "1"}  # of 20 retries and of 7 days
os.environ |= {
    "WANDB_API_KEY": wandb_server.KEY,
    "WANDB_BASE_URL": server.store.address,
    "WANDB_DIR": ".",
    "WANDB_CACHE_DIR": "cache",
    "WANDB_DATA_DIR": ".",
    "WANDB_CONFIG_DIR": ".",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1",
    **{
        f"WANDB__{kind}_{name}": value
        for kind in ("GRAPHQL", "FILE_TRANSFER", "FILE_STREAM")
        for name, value in once.items()
    },
    "HOME": str(Path().absolute()),
}
import flow  # noqa: E402

import wandb  # noqa: E402
from mlops import registry_wandb  # noqa: E402

faults = flow.Faults(
    log=("file_stream", 0), upload=("storage", 0), create_version=("LinkArtifact", 0), tag=("UpdateArtifact", 1)
)
registry_wandb._SETTLE = 30
SAID = "the registry weights_and_biases:acme/fraud could not"


@contextlib.contextmanager
def breaks(method):
    """Break while the body runs; metrics that never arrive are awaited less long."""
    with faults(method), hasty() if method == "log" else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def hasty():
    """Await for seconds what is awaited for minutes."""
    limits = {"_SETTLE": 2, "FINISH_TIMEOUT": 2, "UPLOAD_TIMEOUT": 2}
    usual = {name: getattr(registry_wandb, name) for name in limits}
    vars(registry_wandb).update(limits)
    yield
    vars(registry_wandb).update(usual)


@contextlib.contextmanager
def refuses(request, status, message):
    """Refuse a request, or all, and see that nothing was registered and no alias was moved."""
    before = kept()
    REFUSED[request] = status, {"data": None, "errors": [{"message": message}]}
    yield
    REFUSED.clear()
    assert kept() == before, (before, kept())


def kept():
    """Give what the registry holds."""
    return sorted(collection.members), dict(collection.aliases)


def fresh():
    """Sign in anew."""
    wandb.teardown()
    return flow.reg.connect(flow.load_model(made.model))


def strange():
    """See that requests which the client does not send are refused and found."""
    sign = urllib.request.HTTPPasswordMgrWithPriorAuth()
    sign.add_password(None, server.store.address, "api", wandb_server.KEY, is_authenticated=True)
    opened = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(sign))
    add = wandb.sdk.artifacts._generated.ADD_ALIASES_GQL
    for query, given in {
        "query Viewer { viewer { id } }": {},
        add: {"input": {"artifactID": "x", "aliases": [], "alias": "y"}},
    }.items():
        body = json.dumps({"query": query, "variables": given}).encode()
        try:
            opened.open(f"{server.store.address}/graphql", body)
            raise AssertionError(f"{query} was answered")
        except urllib.error.HTTPError as fault:
            assert fault.code == 400, fault.code
    assert len(server.unknown) == 2, server.unknown
    server.unknown.clear()


def unread():
    """Give what wandb-core says of answers that it could not read; its other faults are those made here."""
    logs = [*Path("wandb").glob("run-*/logs/debug-*.log"), *Path("cache").rglob("core-debug*.log")]
    assert logs, "wandb-core left no log"
    lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
    return [line for line in lines if re.search("unmarshal|invalid character|missing from|unexpected end", line)]


strange()
made = flow.project("weights_and_biases", entity="acme", project="fraud")
one, two = flow.whole(made, breaks)

# What the server has.
project = server.store.projects["acme", "fraud"]
collection = server.store.projects["acme-org", "wandb-registry-model"].collections["fraud-detector"]
assert collection.description == "Scores card transactions.", collection.description
run = project.runs[one.run]
config = json.loads(run.given["config"])
assert (config["learning_rate"]["value"], config["mlops"]["value"]["mlops.digest"]) == (
    "0.05",
    one.tags["mlops.digest"],
), config
assert (run.exit, run.given["groupName"], run.given["jobType"]) == (0, "fraud-detector", "register"), run.given
assert {each.exit for each in project.runs.values()} == {0, 1, None}, {
    each.name: each.exit for each in project.runs.values()
}
assert [each.sequence.type for each in run.logged] == ["model", "lineage"]

# Equal contents of two training runs are two versions, each with its own tags.
opened = fresh()
now = opened.version(flow.NAME, "1")
assert (now.run, now.tags["mlops.fingerprint"]) == (one.run, one.tags["mlops.fingerprint"]), now
assert opened.version(flow.NAME, two.number).tags["mlops.digest"] == one.tags["mlops.digest"]
assert opened.find(flow.NAME, two.tags["mlops.fingerprint"]).number == two.number

# What is not there.
assert opened.aliased(flow.NAME, "nobody") is None and opened.version(flow.NAME, "99") is None
assert opened.aliases("unheard") == {} and opened.find(flow.NAME, "f" * 64) is None
flow.refused("has no version 99", opened.set_alias, flow.NAME, flow.reg.CHAMPION, "99")
flow.refused(f"{SAID} be asked for run nobody", opened.metrics, flow.reg.Version(flow.NAME, "9", "nobody", "", {}))

# The files that promotion checks are those of the server.
known = flow.record.fetch(opened, one)
for artifact in run.logged:
    if "model.skops" in artifact.stored:
        server.store.files[artifact.stored["model.skops"]] = b"another"
assert any("model.skops" in each for each in flow.record.altered(opened, one, known))

# An alias whose move fails stays where it was.
with refuses("AddAliases", 500, "broken"):
    flow.refused(f"{SAID} move alias champion", opened.set_alias, flow.NAME, flow.reg.CHAMPION, two.number)
assert collection.aliases["champion"] == 0, collection.aliases

# An upload that never ends is not awaited for ever.
begun = time.monotonic()
HELD.clear()
with hasty():
    code, said = flow.train(made, "--param", "n_estimators=500")
HELD.set()
assert time.monotonic() - begun < 30, f"it took {time.monotonic() - begun} s"
assert code == 1 and f"error: {SAID} take out/model: " in said and "Traceback" not in said, (code, said)

# Permission is missing to write, then to read: the latter is not an empty registry.
with refuses("LinkArtifact", 403, "permission denied"):
    code, said = flow.train(made, "--param", "n_estimators=400")
    assert code == 1 and f"error: {SAID} create a version: " in said and "permission denied" in said, (code, said)
for status, message in ((403, "permission denied"), (200, "permission denied"), (404, "not found")):
    with refuses("all", status, message):
        flow.refused(f"{SAID} be asked for aliases", opened.aliases, flow.NAME)
        flow.refused(f"{SAID} be searched", opened.find, flow.NAME, "f" * 64)
with refuses("all", *(500, "broken")):
    flow.dead(made, SAID)

# A key that the server does not know.
begun, wrong = time.monotonic(), "f" * 40
os.environ["WANDB_API_KEY"] = wrong
opened = fresh()
flow.refused(SAID, opened.aliases, flow.NAME)
code, said = flow.train(made, "--param", "n_estimators=999")
assert code in (1, 3) and SAID in said and wrong not in said and "Traceback" not in said, (code, said)
flow.refused("could not start a run", opened.run("fraud-detector", "train", {}).__enter__)
os.environ["WANDB_API_KEY"] = wandb_server.KEY

# A server that is gone.
registry_wandb.TIMEOUT = 5
server.http.shutdown()
server.http.server_close()
opened = fresh()
code, said = flow.train(made, "--param", "n_estimators=999")
assert code in (1, 3) and SAID in said and "Traceback" not in said, (code, said)
flow.refused("could not start a run", opened.run("fraud-detector", "train", {}).__enter__)
assert time.monotonic() - begun < 60, f"it took {time.monotonic() - begun} s"

assert not server.unknown, server.unknown
assert not unread(), unread()
print("versions:", sorted(collection.members), "requests:", len(server.seen))
