"""The registry's calls against a double of wandb's Api, Run and Artifact. The server's GraphQL is too large to stand
in for, so this shows the order of calls, and that every one exists in the real client with these arguments."""

import contextlib
import inspect
import os
import shutil
import socket
import time
from pathlib import Path

os.environ |= {"WANDB_API_KEY": "x" * 40}
import wandb

import flow

from mlops import registry_wandb

RUNS, LOGGED, LINKED, DOWN, CALLS = {}, {}, {}, [], []
STORE = Path("store").absolute()


def like(real):
    """Refuse a call that the real method would not take."""
    signature = inspect.signature(real)

    def wrap(body):
        def call(*args, **kwargs):
            signature.bind(*args, **kwargs)
            if DOWN or faults.hit(body.__name__):
                raise wandb.errors.CommError("HTTP 500: broken")
            CALLS.append(body.__name__)
            return body(*args, **kwargs)

        return call

    return wrap


class Entry:
    def __init__(self, path):
        self.path = path

    @like(wandb.sdk.artifacts.artifact_manifest_entry.ArtifactManifestEntry.download)
    def download(self, root=None):
        return shutil.copy(self.path, root)


class Artifact:
    """A draft, a logged version, or a link to one; links share what belongs to the version."""

    @like(wandb.Artifact.__init__)
    def __init__(self, name, type, metadata=None):
        self.name, self.type, self.files, self.aliases, self.version, self.done = name, type, {}, [], None, False
        self.shared = {"metadata": dict(metadata or {})}
        self.draft = dict(self.shared["metadata"])

    @property
    def metadata(self):
        return self.draft

    @metadata.setter
    def metadata(self, value):
        self.draft = dict(value)

    @property
    def id(self):
        return f"QXJ0{self.qualified_name}"

    @like(wandb.Artifact.add_dir)
    def add_dir(self, local_path):
        for path in Path(local_path).rglob("*"):
            self.files[path.relative_to(local_path).as_posix()] = path

    @like(wandb.Artifact.add_file)
    def add_file(self, local_path, name=None):
        self.files[name] = Path(local_path)

    @like(wandb.Artifact.wait)
    def wait(self, timeout=None):
        assert timeout, "it would wait for ever"
        kept = STORE / str(len(LOGGED))
        kept.mkdir(parents=True)
        self.files = {name: Path(shutil.copy(path, kept)) for name, path in self.files.items()}
        self.version, self.done = f"v{sum(each.name == self.name for each in LOGGED.values())}", True
        self.qualified_name = f"acme/fraud/{self.name}:{self.version}"
        LOGGED[self.qualified_name] = self

    @like(wandb.Artifact.save)
    def save(self):
        assert self.done, "saved before it was uploaded"
        self.shared["metadata"] = dict(self.draft)
        if self.qualified_name.startswith("acme-org/"):
            for each in LINKED["fraud-detector"]:
                if each[0] == self.version:
                    each[1][:] = self.aliases

    @property
    def manifest(self):
        return type("Manifest", (), {"entries": self.files})

    @like(wandb.Artifact.get_entry)
    def get_entry(self, name):
        return Entry(self.files[name])

    @like(wandb.Artifact.unlink)
    def unlink(self):
        LINKED["fraud-detector"] = [each for each in LINKED["fraud-detector"] if each[0] != self.version]


def linked(source, number, aliases):
    """Give a fresh object, as the client does, so that only saved changes are seen."""
    made = Artifact(source.name, source.type)
    made.files, made.shared, made.draft = source.files, source.shared, dict(source.shared["metadata"])
    made.version, made.aliases, made.done = number, list(aliases), True
    made.qualified_name = f"acme-org/wandb-registry-model/fraud-detector:{number}"
    return made


class Run:
    def __init__(self, number, group):
        self.id, self.group, self.config, self.summary, self.logged, self.code = number, group, {}, {}, [], None

    @like(wandb.Run.log)
    def log(self, data):
        self.summary |= {**data, "_step": 0, "_wandb": {"runtime": 1}}

    @like(wandb.Run.log_artifact)
    def log_artifact(self, artifact):
        self.logged.append(artifact)
        return artifact

    @like(wandb.Run.link_artifact)
    def link_artifact(self, artifact, target_path, aliases=None):
        assert artifact.done, "linked before it was uploaded"
        assert target_path == "wandb-registry-model/fraud-detector" and not aliases, (target_path, aliases)
        number = f"v{Run.links}"
        Run.links += 1
        LINKED.setdefault("fraud-detector", []).append((number, ["latest"], artifact))
        for each in LINKED["fraud-detector"][:-1]:
            each[1][:] = [alias for alias in each[1] if alias != "latest"]
        return linked(artifact, number, ["latest"])

    @like(wandb.Run.finish)
    def finish(self, exit_code=None):
        self.code = exit_code

    def logged_artifacts(self):
        return self.logged


Run.links = 0


class Api:
    """Reads what was linked and logged."""

    def __init__(self, overrides=None, timeout=None):
        inspect.signature(RealApi.__init__).bind(self, overrides=overrides, timeout=timeout)

    @like(wandb.Api.run)
    def run(self, path):
        return RUNS[path.rpartition("/")[2]]

    @like(wandb.Api.artifact_collection_exists)
    def artifact_collection_exists(self, name, type):
        return name.rpartition("/")[2] in LINKED

    @like(wandb.Api.artifacts)
    def artifacts(self, type_name, name):
        return [linked(source, number, aliases) for number, aliases, source in LINKED[name.rpartition("/")[2]]]

    @like(wandb.Api.artifact_collection)
    def artifact_collection(self, type_name, name):
        return COLLECTION


@like(wandb.init)
def init(**given):
    run = Run(f"r{len(RUNS)}", given["group"])
    run.config |= given["config"]
    RUNS[run.id] = run
    return run


RealApi, real_init = wandb.Api, wandb.init
COLLECTION = type("Collection", (), {"description": "", "save": lambda self: None})()
wandb.Api, wandb.Artifact, wandb.init = Api, Artifact, init
faults = flow.Faults(log=("log", 0), upload=("wait", 0), create_version=("link_artifact", 0), tag=("save", 1))
made = flow.project("weights_and_biases", entity="acme", project="fraud")
one, two = flow.whole(made, faults)
assert one.number == "1" and RUNS[one.run].config["learning_rate"] == "0.05", RUNS[one.run].config
assert RUNS[one.run].code == 0 and {run.code for run in RUNS.values()} == {0, 1}
assert COLLECTION.description == "Scores card transactions."
uploads = [name for name in CALLS if name in ("wait", "link_artifact")]
assert uploads[:3] == ["wait", "wait", "link_artifact"], uploads
count = len(LINKED["fraud-detector"])
DOWN.append(True)
flow.dead(made, "the registry weights_and_biases:acme/fraud could not")
assert len(LINKED["fraud-detector"]) == count
DOWN.clear()
wandb.Api, wandb.init = RealApi, real_init
registry_wandb.TIMEOUT = 5
with contextlib.closing(socket.socket()) as free:
    free.bind(("127.0.0.1", 0))
    os.environ |= {"WANDB_BASE_URL": f"http://127.0.0.1:{free.getsockname()[1]}", "WANDB_DIR": "."}
    begun = time.monotonic()
    code, said = flow.train(made, "--param", "n_estimators=999")
    assert code == 1 and "error: the registry weights_and_biases:acme/fraud could not be searched" in said, said
    opened = flow.reg.connect(flow.load_model(made.model))
    flow.refused("could not start a run", opened.run("fraud-detector", "train", {}).__enter__)
    assert time.monotonic() - begun < 90, f"it took {time.monotonic() - begun} s"
print("versions:", count)
