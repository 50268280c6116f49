"""Stand-ins for the REST APIs of GitHub, GitLab and Gitea: one repository, acme/fraud, in their documented shapes."""

import re
import threading
import urllib.parse

from servers import Reply

SIZE = 2  # items on a page, so that lists have several


class Standin:
    """What the three have in common: pull requests in memory, a token, and faults on demand."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests = []
        self.teams = {}  # "acme/ml-leads" -> logins
        self.may_read_teams = True
        self.faults = []  # (method, Reply or None, after the work was done?)
        self.url = ""

    def __call__(self, asked):
        fault = next((f for f in self.faults if f[0] == asked.method), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault[2]:
                self.answer(asked)
            return fault[1]
        if self.given(asked) != "s3cret":
            return self.unauthorized
        with self.lock:
            return self.answer(asked)

    def given(self, asked):
        return asked.headers.get("authorization", "").removeprefix("Bearer ")

    def page(self, asked, items, headers=()):
        number = int(asked.query.get("page", "1"))
        part = items[(number - 1) * SIZE : number * SIZE]
        more = number * SIZE < len(items)
        if self.next_page:
            return Reply(200, part, {"X-Next-Page": str(number + 1) if more else ""})
        link = {"Link": f'<{self.url}{asked.path}?page={number + 1}>; rel="next"'} if more else {}
        return Reply(200, part, link)

    next_page = False

    def open(self, branch, base="main", title="t", body="b", fork=False):
        made = {"n": len(self.requests) + 1, "branch": branch, "base": base, "title": title, "body": body, "fork": fork}
        self.requests.append({**made, "open": True})
        return self.requests[-1]

    def alive(self, branch):
        return [r for r in self.requests if r["open"] and r["branch"] == branch and not r["fork"]]


class GitHub(Standin):
    unauthorized = Reply(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
    missing = Reply(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
    environment = (("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "acme/fraud"), ("GH_TOKEN", "s3cret"))

    def address(self):
        return {"GITHUB_API_URL": self.url, "GITHUB_SERVER_URL": self.url}

    def answer(self, asked):
        if asked.path == "/repos/acme/fraud/pulls" and asked.method == "GET":
            owner, _, branch = asked.query.get("head", "").partition(":")
            assert owner == "acme"
            return self.page(asked, [self.shape(r) for r in self.requests if r["open"] and r["branch"] == branch])
        if asked.path == "/repos/acme/fraud/pulls" and asked.method == "POST":
            body = asked.body
            if self.alive(body["head"]):
                said = f"A pull request already exists for acme:{body['head']}."
                error = {"resource": "PullRequest", "code": "custom", "message": said}
                return Reply(422, {"message": "Validation Failed", "errors": [error]})
            return Reply(201, self.shape(self.open(body["head"], body["base"], body["title"], body["body"])))
        if match := re.fullmatch(r"/repos/acme/fraud/pulls/(\d+)", asked.path):
            self.requests[int(match[1]) - 1].update(asked.body)
            return Reply(200, self.shape(self.requests[int(match[1]) - 1]))
        if match := re.fullmatch(r"/orgs/([^/]+)/teams/([^/]+)/members", asked.path):
            if not self.may_read_teams:
                return Reply(403, {"message": "Resource not accessible by integration"})
            team = self.teams.get(f"{match[1]}/{match[2]}")
            return self.missing if team is None else self.page(asked, [{"login": n, "id": 1} for n in team])
        return self.missing

    def shape(self, r):
        name = "mallory/fraud" if r["fork"] else "acme/fraud"
        return {
            "number": r["n"],
            "html_url": f"https://github.com/acme/fraud/pull/{r['n']}",
            "state": "open",
            "title": r["title"],
            "body": r["body"].replace("\n", "\r\n") or None,
            "head": {"ref": r["branch"], "repo": {"full_name": name}},
            "base": {"ref": r["base"], "repo": {"full_name": "acme/fraud"}},
        }


class GitLab(Standin):
    unauthorized = Reply(401, {"message": "401 Unauthorized"})
    missing = Reply(404, {"message": "404 Not found"})
    environment = (("GITLAB_CI", "true"), ("CI_PROJECT_ID", "42"), ("GITLAB_TOKEN", "s3cret"))
    next_page = True

    def address(self):
        return {"CI_API_V4_URL": f"{self.url}/api/v4", "CI_PROJECT_URL": f"{self.url}/acme/fraud"}

    def given(self, asked):
        return asked.headers.get("private-token")

    def answer(self, asked):
        path = asked.path.removeprefix("/api/v4")
        if path == "/projects/42/merge_requests" and asked.method == "GET":
            branch = asked.query["source_branch"]
            found = [r for r in self.requests if r["open"] and r["branch"] == branch]
            return self.page(asked, [self.shape(r) for r in found])
        if path == "/projects/42/merge_requests":
            body = asked.body
            if alive := self.alive(body["source_branch"]):
                said = f"Another open merge request already exists for this source branch: !{alive[0]['n']}"
                return Reply(409, {"message": [said]})
            made = self.open(body["source_branch"], body["target_branch"], body["title"], body["description"])
            return Reply(201, self.shape(made))
        if match := re.fullmatch(r"/projects/42/merge_requests/(\d+)", path):
            assert asked.method == "PUT"
            self.requests[int(match[1]) - 1].update(title=asked.body["title"], body=asked.body["description"])
            return Reply(200, self.shape(self.requests[int(match[1]) - 1]))
        if match := re.fullmatch(r"/groups/([^/]+)/members/all", path):
            team = self.teams.get(urllib.parse.unquote(match[1])) if self.may_read_teams else None
            gone = [{"id": 9, "username": "left", "state": "blocked", "access_level": 50}]
            people = [{"id": 1, "username": n, "state": "active", "access_level": 30} for n in team or []]
            return self.missing if team is None else self.page(asked, gone + people)
        return self.missing

    def shape(self, r):
        return {
            "id": 1000 + r["n"],
            "iid": r["n"],
            "project_id": 42,
            "web_url": f"https://gitlab.com/acme/fraud/-/merge_requests/{r['n']}",
            "state": "opened",
            "title": r["title"],
            "description": r["body"],
            "source_branch": r["branch"],
            "target_branch": r["base"],
            "source_project_id": 43 if r["fork"] else 42,
            "target_project_id": 42,
        }


class Gitea(Standin):
    unauthorized = Reply(401, {"message": "invalid username, password or token", "url": "http://git/api/swagger"})
    missing = Reply(404, {"errors": [], "message": "not found", "url": "http://git/api/swagger"})
    environment = (
        ("GITHUB_ACTIONS", "true"),
        ("GITEA_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "acme/fraud"),
        ("GITEA_TOKEN", "s3cret"),
    )

    def address(self):
        return {"GITHUB_SERVER_URL": self.url}

    def answer(self, asked):
        path = asked.path.removeprefix("/api/v1")
        if path == "/repos/acme/fraud/pulls" and asked.method == "GET":
            return self.page(asked, [self.shape(r) for r in reversed(self.requests) if r["open"]])
        if path == "/repos/acme/fraud/pulls":
            body = asked.body
            if alive := self.alive(body["head"]):
                said = f"pull request already exists for these targets [id: {alive[0]['n']}, issue_id: 1]"
                return Reply(409, {"message": said, "url": "http://git/api/swagger"})
            return Reply(201, self.shape(self.open(body["head"], body["base"], body["title"], body["body"])))
        if match := re.fullmatch(r"/repos/acme/fraud/pulls/(\d+)", path):
            assert asked.method == "PATCH"
            self.requests[int(match[1]) - 1].update(asked.body)
            return Reply(201, self.shape(self.requests[int(match[1]) - 1]))
        if match := re.fullmatch(r"/orgs/([^/]+)/teams", path):
            if not self.may_read_teams:
                return Reply(403, {"message": "token does not have at least one of required scope(s)"})
            names = [name for name in self.teams if name.startswith(f"{match[1]}/")]
            teams = [{"id": 100 + i, "name": name.partition("/")[2]} for i, name in enumerate(names)]
            return self.page(asked, [{"id": 1, "name": "Owners"}, {"id": 2, "name": "others"}, *teams])
        if match := re.fullmatch(r"/teams/(\d+)/members", path):
            team = list(self.teams.values())[int(match[1]) - 100]
            return self.page(asked, [{"id": 1, "login": n} for n in team])
        return self.missing

    def shape(self, r):
        return {
            "number": r["n"],
            "html_url": f"https://git.example.com/acme/fraud/pulls/{r['n']}",
            "state": "open",
            "title": r["title"],
            "body": r["body"],
            "head": {"ref": r["branch"], "repo_id": 8 if r["fork"] else 7},
            "base": {"ref": r["base"], "repo_id": 7},
        }


KINDS = {"github": GitHub, "gitlab": GitLab, "gitea": Gitea}
