"""Who may approve: people by name, teams through each forge's API, nobody by assertion."""

import pytest

from mlops import approval, promote
from mlops.config import Environment

TEAM = "@acme/ml-leads"


def lacks(project, approvers, approved_by, approvals=2):
    return approval.faults(
        Environment(approvals=approvals, approvers=approvers), "production", approved_by, project.root
    )


def test_nobody_is_asked_for(project):
    assert lacks(project, (), (), 0) == []
    assert lacks(project, (TEAM,), (), 0) == []


def test_anybody_counts_where_no_approvers_are_named(project):
    assert lacks(project, (), ("alice", "bob")) == []
    assert lacks(project, (), ("alice", "@Alice", " alice")) == [
        "production needs 2 approvals and has 1: name each with --approved-by"
    ]
    assert "needs 1 approval and has 0" in lacks(project, (), (), 1)[0]


def test_only_named_people_count(project):
    said = lacks(project, ("@alice", "bob"), ("ALICE", "mallory"))
    assert said[0] == "mallory is not an approver of production: those are @alice, bob"
    assert "has 1" in said[1]
    assert lacks(project, ("@alice", "bob"), ("ALICE", "@bob")) == []


def test_a_team_is_its_members(forge, project):
    forge.teams = {"acme/ml-leads": ["Alice", "bob", "carol"]}
    assert lacks(project, (TEAM,), ("alice", "carol")) == []
    assert lacks(project, (TEAM, "dave"), ("dave", "bob")) == []
    said = lacks(project, (TEAM,), ("alice", "mallory"))
    assert said[0] == f"mallory is not an approver of production: those are {TEAM}"
    assert "has 1" in said[1]


@pytest.mark.parametrize("forge", ["gitlab"], indirect=True)  # the others list no former members
def test_a_member_who_left_is_none(forge, project):
    forge.teams = {"acme/ml-leads": ["alice"]}
    assert "left is not an approver" in lacks(project, (TEAM,), ("left",), 1)[0]


def test_a_team_that_the_token_may_not_see(forge, project):
    forge.teams = {"acme/ml-leads": ["alice", "bob"]}
    forge.may_read_teams = False
    said = lacks(project, (TEAM,), ("alice", "bob"))
    assert "does not say who is in @acme/ml-leads" in said[0]
    assert "MLOPS_FORGE_TOKEN" in said[0]
    assert "has 0" in said[1]


def test_no_forge_is_asked_when_the_people_suffice(forge, project):
    assert lacks(project, (TEAM, "alice", "bob"), ("alice", "bob")) == []
    assert forge.log == []


def test_a_team_without_a_forge(project):
    said = lacks(project, (TEAM,), ("alice", "bob"))
    assert "no forge is known here" in said[0]
    assert len(said) == 2


def test_the_program_refuses(project, registry, train, forge, capsys):
    def change(model):
        model["promotion"].update(mode="direct", to=["production"])
        model["promotion"].pop("soak")
        model["environments"]["production"].update(promote_from=None, freeze=[])

    project.configure(change)
    assert train()[0] == 0
    arguments = ["--model", str(project.model), "--environment", "production"]
    assert promote.main([*arguments, "--approved-by", "alice", "--approved-by", "bob"]) == 4
    assert "refused: " in capsys.readouterr().err
    forge.teams = {"acme/ml-leads": ["alice", "bob"]}
    assert promote.main([*arguments, "--approved-by", "alice"]) == 4
    assert "needs 2 approvals and has 1" in capsys.readouterr().err
    assert promote.main([*arguments, "--approved-by", "alice", "--approved-by", "bob"]) == 0
    assert '"approved_by": [\n        "alice",\n        "bob"' in project.read("lineage/fraud-detector/1.json")
