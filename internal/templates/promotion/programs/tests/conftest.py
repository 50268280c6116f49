"""A small project in a temporary folder, with a real MLflow store in a SQLite file."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from forges import KINDS
from servers import serving

from mlops.repository import ORIGIN

HERE = Path(__file__).parent
OUTER = (
    "MLFLOW_",
    "MLOPS_",
    "KUBERNETES_",
    "GITHUB_",
    "GH_",
    "GITLAB_",
    "GITEA_",
    "CI_",
)  # of a workflow, a pod, a laptop


class Project:
    """The files that the programs read, and ways to change them."""

    pipeline = Path("pipelines/train/pipeline.json")
    model = Path("models/fraud-detector/model.json")
    metrics = Path("out/metrics.json")
    artifact = Path("out/model")

    def __init__(self, root):
        self.root = root
        self.measure('{"auc_roc": 0.98973, "accuracy": 0.958, "n_samples": 143}')
        pipeline = json.loads((HERE / "example-pipeline.json").read_text())
        self.write(self.pipeline, json.dumps(pipeline, indent=2))
        self.write(self.model, json.dumps({"version": 1, **pipeline["model"]}, indent=2))
        self.write("src/fraud/train.py", "print('train')\n")
        self.write("requirements.txt", "scikit-learn==1.9.1\n")
        self.write("data/transactions.csv", "amount,label\n1.5,0\n2,1\n")
        self.write(self.artifact / "MLmodel", "flavors: {}\n")
        self.write(self.artifact / "model.skops", "weights 1\n")
        self.write("lineage/schema.json", (HERE.parent / "lineage" / "schema.json").read_text())
        for environment in ("staging", "production"):
            text = (HERE / "example-pin.yaml").read_text().replace("staging", environment)
            self.write(f"models/fraud-detector/{environment}.yaml", text)

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def measure(self, text):
        return self.write(self.metrics, text)

    def configure(self, change):
        """Change the model, in both managed files."""
        model = json.loads((self.root / self.model).read_text())
        change(model)
        self.write(self.model, json.dumps(model))
        pipeline = json.loads((self.root / self.pipeline).read_text())
        self.write(self.pipeline, json.dumps({**pipeline, "model": model}))

    def read_from(self, **dataset):
        """Change where the pipeline's dataset comes from."""
        pipeline = json.loads(self.read(self.pipeline))
        columns = pipeline["datasets"]["transactions"]["columns"]
        pipeline["datasets"]["transactions"] = {**dataset, "columns": columns}
        self.write(self.pipeline, json.dumps(pipeline))

    def read(self, path):
        return (self.root / path).read_text()

    def git(self, *args):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(
            ["git", *identity, *args], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, when="2026-01-05T10:00:00+00:00"):
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A", ":!mlflow.db", ":!mlartifacts")
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "c"],
            cwd=self.root,
            check=True,
            env={**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
        )


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Stand in a project's root, without anything of the outer environment."""
    for name in [name for name in os.environ if name.startswith(OUTER)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """Create the tables once: it is the slow part."""
    from mlops.registry_mlflow import MLflow

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MLflow(f"sqlite:///{path}").aliases("none")
    return path


@pytest.fixture
def registry(project, empty_store, monkeypatch):
    """Open an empty registry of the project's own."""
    from mlops.registry_mlflow import MLflow

    shutil.copy(empty_store, project.root / "mlflow.db")
    uri = f"sqlite:///{project.root}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return MLflow(uri)


@pytest.fixture
def train(project, capsys):
    """Register what lies in the project's output folder; give exit code and output."""
    from mlops import register

    def run(*args):
        given = ["--pipeline", str(project.pipeline), "--artifact", str(project.artifact)]
        code = register.main([*given, "--metrics", str(project.metrics), *args])
        out, err = capsys.readouterr()
        return code, out + err

    return run


@pytest.fixture(params=sorted(KINDS))
def forge(request, project, monkeypatch):
    """Stand in a job of each forge in turn; give the stand-in of its API."""
    standin = KINDS[request.param]()
    monkeypatch.setattr("mlops.web.time.sleep", lambda seconds: None)
    with serving(standin) as (url, log):
        standin.url, standin.log, standin.kind = url, log, request.param
        monkeypatch.setattr("mlops.forge_gitlab.Remote", lambda *_: ORIGIN)  # the stand-ins have no Git of their own
        for name, value in {**dict(standin.environment), **standin.address()}.items():
            monkeypatch.setenv(name, value)
        yield standin


@pytest.fixture
def origin(project, tmp_path_factory):
    """Give the project a remote; its path."""
    remote = tmp_path_factory.mktemp("remote") / "r.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)

    def push():
        project.commit()
        project.git("remote", "add", "origin", str(remote))
        project.git("push", "-q", "origin", "main")
        return remote

    return push
