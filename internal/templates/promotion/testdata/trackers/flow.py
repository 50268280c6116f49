"""A small project, and what every registry must do with it: register, promote, crown, roll back, and fail whole."""

import contextlib
import io
import json
import sys
import types
from datetime import UTC, datetime
from pathlib import Path

sys.modules.setdefault("pytest", types.SimpleNamespace(fixture=lambda *a, **_: a[0] if a else (lambda body: body)))
PROGRAMS = Path(__file__).parents[2] / "programs"
sys.path[:0] = [str(PROGRAMS), str(PROGRAMS / "tests")]

from conftest import Project  # noqa: E402

from mlops import champion, promote, record, register  # noqa: E402
from mlops import registry as reg  # noqa: E402
from mlops.config import load_model  # noqa: E402
from mlops.errors import Refused, Stop  # noqa: E402

NAME = "fraud-detector"


def project(system, **settings):
    """Lay out a project in the current folder."""
    made = Project(Path())
    made.configure(lambda model: model.update(registry={"name": "main", "type": system, "settings": settings}))
    return made


def train(made, *args):
    """Register what lies in the output folder; give exit code and everything that was said."""
    said = io.StringIO()
    given = ["--pipeline", str(made.pipeline), "--artifact", str(made.artifact), "--metrics", str(made.metrics)]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = register.main([*given, *args])
    return code, said.getvalue()


def whole(made, breaks):
    """Go the whole way with a registry that answers. ``breaks(method)`` makes a method fail once, as a context."""
    model = load_model(made.model)
    first = train(made, "--result", "result.json")
    assert first[0] == 0 and "registered: fraud-detector version 1" in first[1], first
    result = json.loads(Path("result.json").read_text())
    assert (result["model_version"], result["challenger"], result["created"]) == ("1", "1", True), result
    again = train(made)
    assert again[0] == 0 and "unchanged: fraud-detector version 1 already holds" in again[1], again

    opened = reg.connect(model)
    one = opened.version(NAME, "1")
    assert one is not None and one.passed and one.run and one.tags[reg.DIGEST] == result["digest"], one
    assert {name: float(value) for name, value in opened.metrics(one).items()} == {
        "auc_roc": 0.98973,
        "accuracy": 0.958,
        "n_samples": 143.0,
    }
    known = record.fetch(opened, one)
    assert known["model"]["digest"] == one.tags[reg.DIGEST]
    assert record.altered(opened, one, known) == [], record.altered(opened, one, known)
    plan = promote.plan(promote.request_for(model, "staging"), opened, one, datetime.now(UTC))
    assert plan is not None and plan.pin.version == "1" and plan.pin.digest == one.tags[reg.DIGEST]

    half(made, model, breaks)
    second = train(made, "--param", "n_estimators=300")
    assert second[0] == 0 and "registered" in second[1], second
    two = reg.connect(model).aliased(NAME, reg.CHALLENGER)
    assert two is not None and two.number != "1"
    crowned(model, one, two)
    return one, two


def half(made, model, breaks):
    """See that a failure on the way leaves no version that anybody takes."""
    for method in ("log", "upload", "create_version", "tag"):
        with breaks(method):
            code, said = train(made, "--param", "learning_rate=0.1")
        assert code == 1 and said.count("error:") == 1 and "Traceback" not in said, (method, code, said)
        opened = reg.connect(model)
        assert opened.aliases(NAME) == {reg.CHALLENGER: "1"}, (method, opened.aliases(NAME))


def crowned(model, one, two):
    """Move the champion forth and back, and see a move in between refused."""
    opened = reg.connect(model)
    assert champion.crown(opened, NAME, one, "production") is None
    assert opened.aliases(NAME) == {reg.CHALLENGER: two.number, reg.CHAMPION: "1"}, opened.aliases(NAME)
    assert champion.crown(opened, NAME, two, "production") == "1"
    everyone = {reg.CHALLENGER: two.number, reg.CHAMPION: two.number, reg.PREVIOUS: "1"}
    assert opened.aliases(NAME) == everyone, opened.aliases(NAME)
    assert opened.version(NAME, two.number).tags.get("mlops.deployed") == "production"
    assert not opened.version(NAME, "1").tags.get("mlops.deployed")
    try:
        champion.move(opened, NAME, "1", expected="1")
        raise AssertionError("a champion that somebody else moved was overwritten")
    except Refused as fault:
        assert "meanwhile" in str(fault)
    assert champion.roll_back(opened, NAME, "production") == ("1", two.number)
    assert opened.aliases(NAME) == {reg.CHALLENGER: two.number, reg.CHAMPION: "1"}, opened.aliases(NAME)
    best = opened.champion(NAME)
    assert best is not None and best.version == "1" and float(best.metrics["auc_roc"]) == 0.98973, best


class Faults:
    """What a server answers with 500 from some request on, by what of a registration is to fail: (request, before)."""

    def __init__(self, **table):
        self.table, self.request, self.before, self.seen = table, None, 0, 0

    def hit(self, request):
        """Tell whether this request is refused."""
        if request != self.request:
            return False
        self.before -= 1
        self.seen += self.before < 0
        return self.before < 0

    @contextlib.contextmanager
    def __call__(self, method):
        """Break while the body runs, and see that something was refused."""
        (self.request, self.before), self.seen = self.table[method], 0
        yield
        assert self.seen, f"nothing of {method} was refused"
        self.request = None


@contextlib.contextmanager
def failing(kind, method):
    """Make a method of a registry raise, as a server that breaks does."""
    original = getattr(kind, method)

    def fail(self, *args, **kwargs):
        with self._speaking(f"do {method}"):
            raise OSError("500 Internal Server Error")

    setattr(kind, method, fail)
    try:
        yield
    finally:
        setattr(kind, method, original)


def dead(made, sentence):
    """Register at a registry that does not answer, with and without a gate that asks it."""
    code, said = train(made, "--param", "n_estimators=999")
    assert code == 3 and f"cannot be read: {sentence}" in said, said
    made.configure(lambda model: model.update(gates=[{"metric": "auc_roc", "op": ">=", "threshold": "0.92"}]))
    code, said = train(made, "--param", "n_estimators=999")
    assert code == 1 and f"error: {sentence}" in said and "Traceback" not in said, said


def refused(text, do, *args, **kwargs):
    """See that something stops with a sentence."""
    try:
        do(*args, **kwargs)
    except Stop as fault:
        assert text in str(fault), str(fault)
        return
    raise AssertionError(f"nothing stopped with {text!r}")
