"""What a server of Weights & Biases keeps: projects with their runs and collections, and files.

It has one team, ``acme``, whose organization is the entity ``acme-org``. Not kept: history, system metrics, members.
"""

import json

from wandb_artifacts import NOW, Collection, identity, page

TEAM, ORGANIZATION, USER = "acme", "acme-org", "dana"


class Run:
    """A run, with what its stream of files said last."""

    def __init__(self, project, name):
        self.project, self.name, self.id = project, name, identity("Run")
        self.given, self.summary, self.exit, self.logged = {}, {}, None, []

    def node(self):
        """Give the object that requests see."""
        state = "running" if self.exit is None else "finished" if self.exit == 0 else "failed"
        return {
            "__typename": "Run",
            "id": self.id,
            "name": self.name,
            "projectId": 1,
            "project": self.project.node(),
            "displayName": self.given.get("displayName"),
            "description": self.given.get("description"),
            "notes": self.given.get("notes"),
            "config": self.given.get("config") or "{}",
            "group": self.given.get("groupName"),
            "jobType": self.given.get("jobType"),
            "commit": None,
            "tags": self.given.get("tags") or [],
            "sweepName": None,
            "state": state,
            "readOnly": False,
            "createdAt": NOW,
            "heartbeatAt": NOW,
            "systemMetrics": "{}",
            "summaryMetrics": json.dumps(self.summary),
            "historyLineCount": 0,
            "historyKeys": None,
            "user": {"name": USER, "username": USER},
            "outputArtifacts": lambda first, after: page([each.node() for each in self.logged], first, after),
        }


class Project:
    """A project of an entity; one of an organization is a registry."""

    def __init__(self, entity, name):
        self.entity, self.name, self.id = entity, name, identity("Project")
        self.runs, self.collections = {}, {}

    def collection(self, name, kind, type):
        """Give a collection, made when it is not there."""
        if name not in self.collections:
            self.collections[name] = Collection(self, name, kind, type)
        return self.collections[name]

    def run(self, name):
        """Give a run, made when it is not there."""
        return self.runs.setdefault(name, Run(self, name))

    def typed(self, name):
        """Give a type of artifacts with its collections."""
        here = {key: each for key, each in self.collections.items() if each.type == name}
        return {
            "__typename": "ArtifactType",
            "name": name,
            "artifactCollection": lambda name: here[name].node() if name in here else None,
        }

    def artifact(self, name):
        """Give the version that COLLECTION:ALIAS names."""
        collection, _, alias = name.partition(":")
        found = self.collections[collection].named(alias) if collection in self.collections else None
        return found and found["artifact"]

    def node(self):
        """Give the object that requests see."""
        return {
            "__typename": "Project",
            "id": self.id,
            "internalId": self.id,
            "name": self.name,
            "entity": {"id": f"E:{self.entity}", "name": self.entity},
            "readOnly": False,
            "artifactType": self.typed,
            "artifact": self.artifact,
            "run": lambda name: self.runs[name].node() if name in self.runs else None,
        }


class Store:
    """Everything that is kept."""

    def __init__(self):
        self.address, self.places, self.files, self.artifacts = "", 0, {}, {}
        registry = Project(ORGANIZATION, "wandb-registry-model")
        self.projects = {(ORGANIZATION, registry.name): registry}

    def project(self, entity, name):
        """Give a project of the team, made when it is not there; None of an entity that is unknown."""
        if entity == TEAM:
            self.projects.setdefault((entity, name), Project(entity, name))
        return self.projects.get((entity, name))

    def place(self):
        """Give a path that a file is uploaded to."""
        self.places += 1
        return f"/storage/{self.places}"

    def collections(self):
        """Give all collections."""
        return [each for project in self.projects.values() for each in project.collections.values()]

    def collection(self, number):
        """Give the collection with an id."""
        return next(each for each in self.collections() if each.id == number)

    def aliases(self, artifact):
        """Give the aliases of an artifact in all collections."""
        return [
            node
            for each in self.collections()
            for number, member in each.members.items()
            if member is artifact
            for node in each.alias_nodes(number)
        ]
