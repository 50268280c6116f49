"""Collections of a server of Weights & Biases, and the artifacts in them.

A collection is a sequence, which artifacts are logged to, or a portfolio, which they are linked to. Not kept: tags,
time to live, other layouts of storage than the second.
"""

import base64
import hashlib
import itertools
import json

NOW = "2026-01-02T03:04:05Z"
_numbers = itertools.count(1)


def identity(kind):
    """Make a global id, as the server's: base64 of Kind:number."""
    return base64.b64encode(f"{kind}:{next(_numbers)}".encode()).decode()


def page(nodes, first=None, after=None):
    """Give a connection: one page of nodes."""
    start = int(after or 0)
    stop = min(start + (first or 50), len(nodes))
    more = stop < len(nodes)
    info = {"__typename": "PageInfo", "endCursor": str(stop) if nodes else None, "hasNextPage": more}
    return {"totalCount": len(nodes), "pageInfo": info, "edges": [{"node": node} for node in nodes[start:stop]]}


class Collection:
    """A sequence or a portfolio: artifacts by number, and aliases."""

    def __init__(self, project, name, kind, type):
        self.project, self.name, self.kind, self.type = project, name, kind, type
        self.id, self.description, self.next = identity(kind), None, 0
        self.members, self.aliases = {}, {}

    def add(self, artifact):
        """Give an artifact its number here, which it keeps, and the alias latest."""
        for number, each in self.members.items():
            if each is artifact:
                return number
        number, self.next = self.next, self.next + 1
        self.members[number] = artifact
        self.aliases["latest"] = number
        return number

    def remove(self, artifact):
        """Take an artifact out; its number is not given again."""
        gone = [number for number, each in self.members.items() if each is artifact]
        for number in gone:
            del self.members[number]
            self.aliases = {name: at for name, at in self.aliases.items() if at != number}
        if gone and self.members:
            self.aliases.setdefault("latest", max(self.members))

    def alias_nodes(self, number):
        """Give the aliases of a version, its number's among them."""
        names = [f"v{number}", *(name for name, at in self.aliases.items() if at == number)]
        return [
            {"__typename": "ArtifactAlias", "id": f"{self.id}:{name}", "alias": name, "artifactCollection": self.node()}
            for name in names
        ]

    def membership(self, number):
        """Give a version as a member of this collection."""
        return {
            "__typename": "ArtifactCollectionMembership",
            "id": f"{self.id}:{number}",
            "versionIndex": number,
            "createdAt": NOW,
            "aliases": self.alias_nodes(number),
            "artifactCollection": self.node(),
            "artifact": self.members[number].node(),
        }

    def artifacts(self, first, after, order, filters):
        """Give a page of the versions in a state, the newest first, with their numbers in the edges."""
        state = json.loads(filters or "{}").get("state")
        numbers = [n for n in sorted(self.members, reverse=True) if state in (None, self.members[n].state)]
        found = page(numbers, first, after)
        found["edges"] = [{"version": f"v{e['node']}", "node": self.members[e["node"]].node()} for e in found["edges"]]
        return found

    def node(self):
        """Give the object that requests see."""
        return {
            "__typename": self.kind,
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "createdAt": NOW,
            "updatedAt": NOW,
            "project": self.project.node(),
            "defaultArtifactType": {"name": self.type},
            "tags": {"edges": []},
            "artifacts": self.artifacts,
            "latestArtifact": self.latest,
        }

    def named(self, aliasName):
        """Give the member with an alias or number."""
        number = self.aliases.get(aliasName)
        if number is None and aliasName[1:].isdecimal():
            number = int(aliasName[1:])
        return self.membership(number) if number in self.members else None

    def latest(self):
        """Give the newest version, or None."""
        return self.members[max(self.members)].node() if self.members else None


class Artifact:
    """A version: it is pending until it is committed, and then has a number in its sequence."""

    def __init__(self, store, sequence, given):
        self.store, self.sequence, self.state, self.index = store, sequence, "PENDING", None
        self.id, self.digest = identity("Artifact"), given["digest"]
        self.metadata, self.description = given.get("metadata"), given.get("description")
        self.step, self.manifest, self.stored = given.get("historyStep"), None, {}

    def commit(self):
        """Make it a version."""
        for name, entry in self.entries().items():
            content = self.store.files.get(self.stored.get(name), b"")
            if base64.b64encode(hashlib.md5(content).digest()).decode() != entry["digest"]:
                raise ValueError(f"file {name} was not uploaded as the manifest says")
        self.state, self.index = "COMMITTED", self.sequence.add(self)

    def entries(self):
        """Read the manifest that the client stored."""
        return json.loads(self.store.files[self.manifest])["contents"]

    def current(self):
        """Give the manifest with the address of its file."""
        return {"file": {"directUrl": f"{self.store.address}{self.manifest}"}} if self.manifest else None

    def node(self):
        """Give the object that requests see."""
        done = self.state == "COMMITTED"
        entries = self.entries() if done else {}
        return {
            "__typename": "Artifact",
            "id": self.id,
            "artifactSequence": self.sequence.node(),
            "versionIndex": self.index,
            "artifactType": {"name": self.sequence.type},
            "description": self.description,
            "metadata": self.metadata,
            "ttlDurationSeconds": -2,
            "ttlIsInherited": True,
            "tags": [],
            "historyStep": self.step,
            "state": self.state,
            "size": sum(each.get("size", 0) for each in entries.values()),
            "digest": self.digest,
            "digestAlgorithm": "MANIFEST_MD5",
            "commitHash": self.id if done else None,
            "fileCount": len(entries),
            "createdAt": NOW,
            "updatedAt": NOW,
            "aliases": lambda: self.store.aliases(self),
            "currentManifest": self.current,
        }
