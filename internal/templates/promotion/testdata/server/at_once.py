"""Jobs that move one champion at the same time, as processes against a real MLflow server: one wins, the other says why.

Nothing here waits for a while: a job stops at a named point, says so, and goes on when it is told to.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "trackers"))
from flow import NAME, PROGRAMS, project, train  # noqa: E402

from mlops import champion, promote  # noqa: E402
from mlops import registry as reg  # noqa: E402
from mlops.config import load_model  # noqa: E402

JOB = """
import sys
from mlops import champion, registry_mlflow
from mlops.registry_mlflow import MLflow

points = {
    "begun": ("alone", lambda *_: True),  # it has read who is champion
    "locked": ("_held", lambda *_: True),  # it is about to make sure of its lock
    "moving": ("set_alias", lambda model, alias, number: alias == "champion"),
}
point, registry_mlflow.LEASE = sys.argv[1], float(sys.argv[2])
if point in points:
    name, here = points[point]
    original = getattr(MLflow, name)

    def stop(self, *args):
        if here(*args):
            print("stopped", flush=True)
            sys.stdin.readline()
        return original(self, *args)

    setattr(MLflow, name, stop)
sys.exit(champion.main(["--model", "models/fraud-detector/model.json"]))
"""


class Job:
    """A process that makes the version that its folder pins the champion."""

    def __init__(self, folder, point="", lease=3600):
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOB, point, str(lease)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PROGRAMS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stopped(self):
        """Wait until it stands at its point."""
        said = []
        for line in self.process.stdout:
            if line == "stopped\n":
                return self
            said.append(line)
        raise AssertionError(f"it never stopped: {said}")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self

    def end(self):
        said = self.process.communicate()[0]
        assert "Traceback" not in said, said
        return self.process.returncode, said

    def die(self):
        self.process.kill()
        self.process.wait()


def prepare():
    """Have version 1 as champion, and two folders that pin version 2 and version 3 for production."""
    made = project("mlflow")
    made.configure(lambda model: model["promotion"].pop("soak"))
    folders = []
    for number, rate in (("1", "0.05"), ("2", "0.1"), ("3", "0.2")):
        code, said = train(made, "--param", f"learning_rate={rate}")
        assert code == 0, said
        folder = Path(f"../job{number}")
        shutil.copytree(".", folder)
        folders.append(folder.resolve())
        os.chdir(folder)
        model = load_model(made.model)
        for environment in ("staging", "production"):
            assert promote.main(["--model", str(made.model), "--environment", environment, "--version", number]) == 0
        os.chdir("../home")
    return reg.connect(model), folders


class Stage:
    """The registry, put back between the scenes."""

    def __init__(self, registry, folders):
        self.registry, self.folders = registry, folders

    def again(self):
        for alias, number in ((reg.CHAMPION, "1"), (reg.PREVIOUS, None)):
            self.registry.set_alias(NAME, alias, number)
        for number in ("1", "2", "3"):
            where = "production" if number == "1" else None
            self.registry.tag(self.registry.version(NAME, number), {champion.DEPLOYED: where})

    def won(self, number):
        """See that one job has done all of its work, the other none, and that no lock is left."""
        aliases = self.registry.aliases(NAME)
        assert (aliases["champion"], aliases["previous"]) == (number, "1"), aliases
        deployed = [n for n in ("1", "2", "3") if champion.DEPLOYED in self.registry.version(NAME, n).tags]
        assert deployed == [number], deployed
        names = [found.name for found in self.registry._client.search_registered_models()]
        assert [name for name in names if name.startswith(NAME)] == [NAME], names


def refused(result, *texts):
    code, said = result
    assert code == 4 and said.count("refused: ") == 1, result
    for text in texts:
        assert text in said, (text, said)


def won(result, number):
    assert result[0] == 0 and f"champion: {NAME} version {number}" in result[1], result


def scenes(stage):
    _, two, three = stage.folders
    stage.again()
    first, second = Job(two, "begun").stopped(), Job(three, "begun").stopped()
    results = {"2": first.go(), "3": second.go()}  # both know version 1 as champion, and go on at once
    results = {number: job.end() for number, job in results.items()}
    (winner,) = [number for number, result in results.items() if result[0] == 0]
    (loser,) = set(results) - {winner}
    won(results[winner], winner)
    refused(results[loser], f"the champion of {NAME} ")
    stage.won(winner)
    print("at once: one wins")

    stage.again()
    first = Job(two, "moving").stopped()
    refused(Job(three).end(), f"the champion of {NAME} is being moved by process {first.process.pid} on", "run it again")
    won(first.go().end(), "2")
    stage.won("2")
    print("a job in its move locks the other out")

    stage.again()
    late = Job(three, "begun").stopped()
    won(Job(two).end(), "2")
    refused(late.go().end(), f"the champion of {NAME} became version 2 meanwhile")
    stage.won("2")
    print("what a job started from is compared")


def deaths(stage):
    _, two, three = stage.folders
    stage.again()
    dead = Job(two, "moving").stopped()
    dead.die()
    refused(Job(three).end(), f"process {dead.process.pid} on", f"delete the registered model {NAME}_promotion")
    result = Job(three, lease=0).end()
    won(result, "3")
    assert f"note: the lock of {NAME} was taken over from process {dead.process.pid}" in result[1], result
    stage.won("3")
    print("the lock of a dead job is taken over")

    stage.again()
    slow = Job(two, "locked").stopped()
    won(Job(three, lease=0).end(), "3")
    refused(slow.go().end(), f"the lock of {NAME} was taken over meanwhile")
    aliases = stage.registry.aliases(NAME)
    assert aliases["champion"] == "3", aliases
    print("a job that lost its lock moves nothing")


Path("home").mkdir()
os.chdir("home")
play = Stage(*prepare())
scenes(play)
deaths(play)
print("at once: all scenes played")
