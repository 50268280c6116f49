"""The mutations and the queries of a server of Weights & Biases, by the names of their fields.

Logging contents that the latest version of a sequence has gives that version, as the client's documentation says of
the real server. An alias is held once in a collection: adding it takes it from its holder.
"""

from wandb.proto.wandb_internal_pb2 import ServerFeature

from wandb_artifacts import Artifact, identity
from wandb_graphql import Wrong
from wandb_store import ORGANIZATION, TEAM, USER


class Actions:
    """What can be done."""

    def __init__(self, store):
        self.__store = store

    def upsertBucket(self, input):
        """Start a run, or say more of one."""
        project = self.__store.project(input["entityName"], input["modelName"])
        if project is None:
            raise Wrong(f"entity {input['entityName']} not found during upsertBucket")
        inserted = input["name"] not in project.runs
        run = project.run(input["name"])
        run.given |= {key: value for key, value in input.items() if value is not None}
        return {"bucket": run.node(), "inserted": inserted}

    def createRunFiles(self, input):
        """Say where files of a run are uploaded to."""
        run = self.__store.projects[input["entityName"], input["projectName"]].runs[input["runName"]]
        files = [{"name": name, "uploadUrl": self.__store.address + self.__store.place()} for name in input["files"]]
        return {"runID": run.id, "uploadHeaders": [], "files": files}

    def createArtifact(self, input):
        """Begin a version, or give the latest when it has the same contents."""
        project = self.__store.project(input["entityName"], input["projectName"])
        sequence = project.collection(input["artifactCollectionName"], "ArtifactSequence", input["artifactTypeName"])
        if sequence.type != input["artifactTypeName"]:
            raise Wrong(f"collection {sequence.name} is of type {sequence.type}")
        latest = sequence.members.get(max(sequence.members, default=None))
        if latest is not None and latest.digest == input["digest"] and input["enableDigestDeduplication"]:
            return {"artifact": latest.node()}
        made = Artifact(self.__store, sequence, input)
        self.__store.artifacts[made.id] = made
        project.run(input["runName"]).logged.append(made)
        return {"artifact": made.node()}

    def createArtifactManifest(self, input):
        """Say where the list of an artifact's files is uploaded to; the last one counts."""
        place = self.__store.place()
        self.__store.artifacts[input["artifactID"]].manifest = place
        file = {"id": identity("File"), "uploadUrl": self.__store.address + place, "uploadHeaders": []}
        return {"artifactManifest": {"id": identity("ArtifactManifest"), "file": file}}

    def createArtifactFiles(self, input):
        """Say where the files of an artifact are uploaded to."""
        edges = []
        for each in input["artifactFiles"]:
            made, place = self.__store.artifacts[each["artifactID"]], self.__store.place()
            made.stored[each["name"]] = place
            file = {"storagePath": place, "uploadUrl": self.__store.address + place, "uploadHeaders": []}
            edges.append({"node": {**file, "uploadMultipartUrls": None, "artifact": made.node()}})
        return {"files": {"edges": edges}}

    def commitArtifact(self, input):
        """End the upload of a version."""
        made = self.__store.artifacts[input["artifactID"]]
        made.commit()
        return {"artifact": made.node()}

    def updateArtifact(self, input):
        """Write the metadata of a version, which all its links share."""
        made = self.__store.artifacts[input["artifactID"]]
        made.metadata, made.description = input.get("metadata"), input.get("description")
        return {"artifact": made.node()}

    def linkArtifact(self, input):
        """Make a version a member of a portfolio, which is made when it is not there."""
        made = self.__store.artifacts[input["artifactID"]]
        if made.state != "COMMITTED":
            raise Wrong("an artifact is linked when it is committed")
        project = self.__store.projects[input["entityName"], input["projectName"]]
        portfolio = project.collection(input["artifactPortfolioName"], "ArtifactPortfolio", made.sequence.type)
        number = portfolio.add(made)
        portfolio.aliases |= {each["alias"]: number for each in input.get("aliases") or []}
        return {"versionIndex": number, "artifactMembership": portfolio.membership(number)}

    def unlinkArtifact(self, input):
        """Take a version out of a portfolio."""
        self.__store.collection(input["artifactPortfolioID"]).remove(self.__store.artifacts[input["artifactID"]])
        return {"success": True}

    def addAliases(self, input):
        """Give a version aliases."""
        for collection, number, alias in self.__named(input):
            collection.aliases[alias] = number
        return {"success": True}

    def deleteAliases(self, input):
        """Take aliases from a version."""
        for collection, number, alias in self.__named(input):
            if collection.aliases.get(alias) != number:
                raise Wrong(f"alias {alias} is not of this version")
            del collection.aliases[alias]
        return {"success": True}

    def updateArtifactPortfolio(self, input):
        """Describe a portfolio."""
        found = self.__store.collection(input["artifactPortfolioID"])
        found.description = input.get("description")
        return {"artifactCollection": found.node()}

    def __named(self, input):
        made = self.__store.artifacts[input["artifactID"]]
        for each in input["aliases"]:
            project = self.__store.projects[each["entityName"], each["projectName"]]
            collection = project.collections[each["artifactCollectionName"]]
            (number,) = (number for number, member in collection.members.items() if member is made)
            yield collection, number, each["alias"]


class Queries:
    """What can be asked."""

    def __init__(self, store):
        self.__store = store
        teams = {"edges": [{"node": {"name": TEAM}}]}
        user = {"id": "U", "username": USER, "entity": TEAM, "flags": "{}", "email": "", "teams": teams}
        features = [{"name": name, "isEnabled": True} for name in ServerFeature.keys()[1:]]
        self.viewer = {"__typename": "User", **user}
        self.serverInfo = {"__typename": "ServerInfo", "features": features}

    def entity(self, name):
        """Give the team with its organization."""
        organization = {"name": "Acme", "orgEntity": {"name": ORGANIZATION}, "coreWeaveOrganizationId": None}
        return (
            {"__typename": "Entity", "name": name, "organization": organization, "user": None} if name == TEAM else None
        )

    def project(self, name, entityName):
        """Give a project, or None."""
        found = self.__store.projects.get((entityName, name))
        return found and found.node()

    def artifact(self, id):
        """Give an artifact, or None."""
        found = self.__store.artifacts.get(id)
        return found and found.node()


def fields(kind):
    """Give the fields of an operation by name."""
    return {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}
