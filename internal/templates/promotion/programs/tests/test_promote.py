"""Promotion against a real MLflow store and a real Git repository."""

import json
from datetime import UTC, datetime

import pytest

from mlops import champion, promote
from mlops.config import load_model
from mlops.errors import Refused, Rejected

NAME = "fraud-detector"
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)  # a Wednesday, no freeze
STAGING = f"models/{NAME}/staging.yaml"
PRODUCTION = f"models/{NAME}/production.yaml"
RECORD = f"lineage/{NAME}/1.json"
STATEMENT = f"lineage/{NAME}/1.intoto.json"


@pytest.fixture
def trained(project, registry, train):
    """Have version 1 in the registry."""
    project.configure(lambda model: model["promotion"].pop("soak"))
    assert train()[0] == 0
    return project


def to(registry, environment, now=NOON, version=None, approved_by=(), dry_run=False):
    model = load_model(promote.Path(f"models/{NAME}/model.json"))
    request = promote.request_for(model, environment, approved_by)
    return promote.promote(request, registry, promote.chosen(registry, model, version), now, dry_run)


def refused(registry, environment, **how):
    with pytest.raises(Refused) as stop:
        to(registry, environment, **how)
    return "\n".join(stop.value.sentences)


def test_pins_the_challenger(trained, registry):
    before = trained.read(STAGING)
    assert [str(path) for path in to(registry, "staging")] == [RECORD, STATEMENT, STAGING]
    version = registry.version(NAME, "1")
    expected = before
    for old, new in (
        ('version: "0"', 'version: "1"'),
        ('uri: ""', f'uri: "pvc://fraud-artifacts/models/{NAME}/1"'),
        ('run_id: ""', f'run_id: "{version.run}"'),
        ('digest: ""', f'digest: "{version.tags["mlops.digest"]}"'),
        ('stop: "true"', 'stop: "false"'),
    ):
        expected = expected.replace(old, new)
    assert trained.read(STAGING) == expected


def test_twice_changes_nothing(trained, registry):
    to(registry, "staging")
    files = (STAGING, RECORD, STATEMENT)
    before = [trained.read(file) for file in files]
    assert to(registry, "staging") == []
    for file in (RECORD, STATEMENT):
        (trained.root / file).unlink()
        assert to(registry, "staging") != []
    assert [trained.read(file) for file in files] == before


def test_a_dry_run_writes_nothing(trained, registry):
    before = trained.read(STAGING)
    assert to(registry, "staging", dry_run=True)
    assert trained.read(STAGING) == before
    assert not (trained.root / RECORD).exists()


def test_production_takes_what_staging_runs(trained, registry):
    assert "promote it there first" in refused(registry, "production")
    to(registry, "staging")
    to(registry, "production")
    assert 'version: "1"' in trained.read(PRODUCTION)
    assert list(json.loads(trained.read(RECORD))["promotions"]) == ["production", "staging"]


def test_another_digest_in_staging_is_another_model(trained, registry):
    to(registry, "staging")
    trained.write(STAGING, trained.read(STAGING).replace('digest: "sha256:', 'digest: "sha256:0'))
    assert "promote it there first" in refused(registry, "production")


def test_soak(trained, registry):
    trained.configure(lambda model: model["promotion"].update(soak="24h"))
    to(registry, "staging")
    assert "is not committed yet" in refused(registry, "production")
    trained.commit("2026-01-06T18:00:00+00:00")
    trained.write("README.md", "later commits do not count")
    trained.write(STAGING, trained.read(STAGING).replace("\ndata:", "\n# a comment\ndata:"))
    trained.commit("2026-01-07T10:00:00+00:00")
    assert "ready at 2026-01-07 18:00 UTC" in refused(registry, "production")
    to(registry, "production", now=datetime(2026, 1, 7, 18, tzinfo=UTC))


def test_soak_begins_again_after_another_version(trained, registry, train):
    trained.configure(lambda model: model["promotion"].update(soak="24h"))
    to(registry, "staging")
    trained.commit("2026-01-01T00:00:00+00:00")
    train("--param", "learning_rate=0.1")
    to(registry, "staging")
    trained.commit("2026-01-02T00:00:00+00:00")
    to(registry, "staging", version="1")
    trained.commit("2026-01-07T00:00:00+00:00")
    assert "ready at 2026-01-08 00:00 UTC" in refused(registry, "production", version="1")


def test_a_freeze_refuses(trained, registry):
    to(registry, "staging")
    friday = datetime(2026, 1, 9, 20, tzinfo=UTC)
    assert "production is frozen until 2026-01-12 08:00 Europe/Paris" in refused(registry, "production", now=friday)
    assert 'version: "0"' in trained.read(PRODUCTION)


def test_metrics_come_from_the_registry(trained, registry):
    trained.measure('{"auc_roc": 0.1}')
    to(registry, "staging")


def test_gates_are_applied_again(trained, registry):
    trained.configure(lambda model: model["gates"][0].update(threshold="0.99"))
    with pytest.raises(Rejected, match=r"auc_roc is 0\.98973, must be >= 0\.99"):
        to(registry, "staging")
    assert 'version: "0"' in trained.read(STAGING)


def test_the_champion_is_the_baseline(trained, registry, train, capsys):
    registry.set_alias(NAME, "champion", "1")
    trained.write("data/transactions.csv", "amount,label\n1,1\n")
    trained.configure(lambda model: model.update(gates=[{"metric": "auc_roc", "op": ">=", "threshold": "0.5"}]))
    trained.measure('{"auc_roc": 0.98}')
    train("--param", "learning_rate=0.1")
    trained.configure(
        lambda model: model["gates"].append(
            {"metric": "auc_roc", "op": ">=", "baseline": "champion", "tolerance": "0.005"}
        )
    )
    with pytest.raises(Rejected, match=r"must be >= 0.98473 \(champion version 1 has 0.98973, tolerance 0.005\)"):
        to(registry, "staging")
    to(registry, "staging", version="1")
    trained.configure(lambda model: model["gates"][1].update(tolerance="0.5"))
    capsys.readouterr()
    assert promote.main(["--model", str(trained.model), "--environment", "staging", "--version", "2"]) == 0
    assert "note: champion version 1 was measured on other data" in capsys.readouterr().out


def test_lineage_must_be_complete(trained, registry):
    version = registry.version(NAME, "1")
    registry.tag(version, {"mlops.data": None, "mlops.code": None})
    assert "lacks lineage: code, data" in refused(registry, "staging")
    trained.configure(lambda model: model.update(lineage={"require": ["environment"]}))
    to(registry, "staging")


def test_a_version_without_digest_is_refused(trained, registry):
    registry.tag(registry.version(NAME, "1"), {"mlops.digest": None})
    assert "digest ''" in refused(registry, "staging")


def test_a_record_that_was_changed_is_refused(trained, registry):
    version = registry.version(NAME, "1")
    registry.tag(version, {"mlops.lineage": "sha256:" + "0" * 64})
    assert "is not the one that registration made" in refused(registry, "staging")
    registry.tag(registry.version(NAME, "1"), {"mlops.lineage": None})
    assert "has no lineage record" in refused(registry, "staging")


def test_an_incomplete_version_is_refused(trained, registry):
    registry.tag(registry.version(NAME, "1"), {"validation_status": "pending"})
    assert "was not completely registered" in refused(registry, "staging")


def test_all_faults_at_once(trained, registry):
    registry.tag(registry.version(NAME, "1"), {"validation_status": "failed", "mlops.data": None})
    said = refused(registry, "production", now=datetime(2026, 1, 10, tzinfo=UTC))
    assert len(said.splitlines()) == 4


def test_unknown_places_and_versions(trained, registry):
    assert "is not promoted to dev" in refused(registry, "dev")
    assert "has no version 7" in refused(registry, "staging", version="7")
    registry.set_alias(NAME, "challenger", None)
    assert "has no alias challenger" in refused(registry, "staging")


def test_a_missing_pin_is_written_anew(trained, registry):
    (trained.root / STAGING).unlink()
    to(registry, "staging")
    text = trained.read(STAGING)
    assert 'config.kubernetes.io/local-config: "true"' in text
    assert text.startswith("apiVersion: v1\nkind: ConfigMap\n")
    assert to(registry, "staging") == []


def test_the_program_and_its_exit_codes(trained, registry, capsys):
    arguments = ["--model", str(trained.model), "--environment"]
    assert promote.main([*arguments, "staging"]) == 0
    out = capsys.readouterr().out
    assert f"promoted: {NAME} version 1 to staging" in out
    assert "passed: auc_roc is 0.98973, must be >= 0.92" in out
    assert promote.main([*arguments, "staging"]) == 0
    assert f"unchanged: staging already has {NAME} version 1" in capsys.readouterr().out
    assert promote.main([*arguments, "dev"]) == 4
    assert "refused: fraud-detector is not promoted to dev" in capsys.readouterr().err
    trained.configure(lambda model: model["gates"][0].update(threshold="0.99"))
    trained.write(STAGING, trained.read(STAGING).replace('version: "1"', 'version: "0"'))
    assert promote.main([*arguments, "staging"]) == 3
    assert "rejected: auc_roc is 0.98973" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        promote.main([*arguments, "staging", "--version", "one"])
    assert stop.value.code == 2


def test_champion_follows_the_pin(trained, registry, train, capsys):
    arguments = ["--model", str(trained.model)]
    assert champion.main(arguments) == 4
    assert "pins no version yet" in capsys.readouterr().err
    to(registry, "staging")
    to(registry, "production")
    assert champion.main(arguments) == 0
    assert registry.aliases(NAME) == {"challenger": "1", "champion": "1"}
    assert registry.version(NAME, "1").tags["mlops.deployed"] == "production"
    train("--param", "learning_rate=0.1")
    to(registry, "staging")
    to(registry, "production")
    assert champion.main(arguments) == 0
    assert registry.aliases(NAME) == {"challenger": "2", "champion": "2", "previous": "1"}
    assert "mlops.deployed" not in registry.version(NAME, "1").tags
    assert champion.main(arguments) == 0
    assert "unchanged" in capsys.readouterr().out
    assert champion.main([*arguments, "--rollback"]) == 0
    assert registry.aliases(NAME) == {"challenger": "2", "champion": "1"}
    assert champion.main([*arguments, "--rollback"]) == 4


def test_champion_refuses_a_pin_that_the_registry_does_not_know(trained, registry, capsys):
    to(registry, "staging")
    to(registry, "production")
    registry.tag(registry.version(NAME, "1"), {"mlops.digest": "sha256:" + "0" * 64})
    assert champion.main(["--model", str(trained.model)]) == 4
    assert "champion" not in registry.aliases(NAME)


def test_champion_never_overwrites_in_silence(trained, registry, train):
    train("--param", "learning_rate=0.1")
    registry.set_alias(NAME, "champion", "1")
    with pytest.raises(Refused, match="became version 1 meanwhile"):
        champion.move(registry, NAME, "2", None)
    assert registry.aliases(NAME)["champion"] == "1"


def test_a_champion_that_another_job_moves_is_left_alone(trained, registry, train, monkeypatch):
    version = registry.version(NAME, "1")
    with registry.alone(NAME), pytest.raises(Refused, match=rf"is being moved by process .*{NAME}_promotion"):
        champion.crown(registry, NAME, version, "production")
    assert registry.aliases(NAME) == {"challenger": "1"}
    with pytest.raises(Refused, match=f"the lock of {NAME} was taken over meanwhile"), registry.alone(NAME) as mine:
        monkeypatch.setattr("mlops.registry_mlflow.LEASE", 0)
        champion.crown(registry, NAME, version, "production")
        mine()
    assert registry.aliases(NAME) == {"challenger": "1", "champion": "1"}
    assert [found.name for found in registry._client.search_registered_models()] == [NAME]


def pinned(project, registry, train):
    """Have version 1 as champion and version 2 after it, both through Git."""
    project.commit()
    for args in ((), ("--param", "learning_rate=0.1")):
        if args:
            train(*args)
        to(registry, "staging")
        to(registry, "production")
        project.commit()
        assert champion.main(["--model", str(project.model)]) == 0
    assert registry.aliases(NAME) == {"challenger": "2", "champion": "2", "previous": "1"}


def test_roll_back_by_command_then_revert(trained, registry, train, capsys):
    pinned(trained, registry, train)
    arguments = ["--model", str(trained.model)]
    assert champion.main([*arguments, "--rollback"]) == 0
    assert "champion: fraud-detector version 1, back from version 2" in capsys.readouterr().out
    trained.git("revert", "--no-edit", "HEAD")
    assert 'version: "1"' in trained.read(PRODUCTION)
    assert champion.main(arguments) == 0
    assert registry.aliases(NAME) == {"challenger": "2", "champion": "1"}
    assert registry.version(NAME, "1").tags["mlops.deployed"] == "production"
    assert "mlops.deployed" not in registry.version(NAME, "2").tags


def test_roll_back_by_revert_alone(trained, registry, train, capsys):
    pinned(trained, registry, train)
    arguments = ["--model", str(trained.model)]
    trained.git("revert", "--no-edit", "HEAD")
    assert champion.main(arguments) == 0
    assert registry.aliases(NAME) == {"challenger": "2", "champion": "1"}
    assert champion.main([*arguments, "--rollback"]) == 4
    assert "has no previous champion" in capsys.readouterr().err
    assert registry.aliases(NAME)["champion"] == "1"


def test_a_refused_move_keeps_the_way_back(trained, registry, train, monkeypatch):
    pinned(trained, registry, train)
    train("--param", "learning_rate=0.2")
    real = registry.aliases

    def other(model):
        monkeypatch.setattr(registry, "aliases", real)
        found = real(model)
        registry.set_alias(NAME, "champion", "1")
        return found

    monkeypatch.setattr(registry, "aliases", other)
    with pytest.raises(Refused, match="became version 1 meanwhile"):
        champion.crown(registry, NAME, registry.version(NAME, "3"), "production")
    assert registry.aliases(NAME)["champion"] == "1"
    assert registry.aliases(NAME)["previous"] == "1"


def test_a_freeze_is_exit_code_4(trained, registry, capsys, monkeypatch):
    to(registry, "staging")

    class Friday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 9, 20, tzinfo=UTC)

    monkeypatch.setattr(promote, "datetime", Friday)
    assert promote.main(["--model", str(trained.model), "--environment", "production"]) == 4
    assert "refused: production is frozen until 2026-01-12 08:00 Europe/Paris" in capsys.readouterr().err
