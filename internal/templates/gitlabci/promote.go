package gitlabci

import (
	"fmt"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// promote pins a version when somebody asks. The environment is protected in GitLab:
// who may deploy to it may run the job.
func (w writer) promote(m *spec.Model) job {
	program := `.venv/bin/python -m mlops.promote --model models/` + m.Name + `/model.json --environment "$ENVIRONMENT" ${VERSION:+--version "$VERSION"}`
	j := w.python("promote", `git config user.name "$GITLAB_USER_NAME"`, `git config user.email "$GITLAB_USER_EMAIL"`)
	if m.Promotion.Mode == "direct" {
		to := w.p.Destinations(m)
		j.Script = append(j.Script, fmt.Sprintf(pushPin, program, to[len(to)-1], m.Name))
	} else {
		j.Script = append(j.Script, program+` --open-pull-request --base "$CI_COMMIT_BRANCH"`)
	}
	j.Rules = []rule{{If: `$CI_PIPELINE_SOURCE == "web" && $` + promoteChoice + ` == "` + m.Name + `" && $CI_COMMIT_BRANCH == ` + text(w.p.Repository.Branch)}}
	j.Timeout, j.Group = "30 minutes", "promote-"+m.Name
	j.Environment = &environment{Name: "$ENVIRONMENT", Action: "prepare"}
	j.Variables = append(j.Variables, encode.Pair{Key: "GIT_DEPTH", Value: "0"}) // the soak time is read from the history
	return j
}

// Who runs a job in a protected environment was allowed to: GitLab asked for the
// approvals before it started. The job's own token may not push.
const pushPin = `%s --approved-by "$GITLAB_USER_LOGIN"
if test -n "$(git status --porcelain -- models lineage)"; then
  git add -- models lineage
  git commit --quiet --message "Promote to $ENVIRONMENT"
  git -c credential.helper='!f() { echo username=mlops; echo "password=$GITLAB_TOKEN"; }; f' push "$CI_SERVER_URL/$CI_PROJECT_PATH.git" "HEAD:refs/heads/$CI_COMMIT_BRANCH"
fi
if test "$ENVIRONMENT" = %s; then
  .venv/bin/python -m mlops.champion --model models/%s/model.json
fi`

// crown moves the alias champion when the pin of the last environment was merged. A pin
// that was only seeded names no version.
func (w writer) crown(m *spec.Model) job {
	to := w.p.Destinations(m)
	pin := "models/" + m.Name + "/" + to[len(to)-1] + ".yaml"
	j := w.python("promote", fmt.Sprintf(moveAlias, pin, "models/"+m.Name+"/model.json"))
	j.Rules = []rule{{If: `$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == ` + text(w.p.Repository.Branch), Changes: []string{w.within(pin)}}}
	j.Timeout, j.Group = "30 minutes", "promote-"+m.Name
	return j
}

const moveAlias = `if grep -q '^  version: "0"$' %s; then
  echo 'nothing is promoted yet'
else
  .venv/bin/python -m mlops.champion --model %s
fi`

// approvals counts the approvals of a merge request that moves a pin, for each
// environment that asks for some. Nil when none does. GitLab's own rules on approvals
// are not part of every edition.
func (w writer) approvals() *job {
	var lines []string
	for _, name := range w.p.Platform.EnvironmentNames() {
		if n := w.p.Platform.Environments[name].Approvals; n > 0 && len(w.p.Models) > 0 {
			lines = append(lines, fmt.Sprintf(countApprovals, name, n, encode.Shell(w.within("models"))))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return &job{
		Stage: "validate", Timeout: "10 minutes", Rules: []rule{{If: `$CI_PIPELINE_SOURCE == "merge_request_event"`}},
		Script: lines, Variables: encode.Map{{Key: "GIT_DEPTH", Value: "0"}},
	}
}

// The author's own approval does not count. GitLab takes approvals back on a new commit
// when the project says so (Settings, Merge requests, Approval settings).
const countApprovals = `ENVIRONMENT=%s NEEDED=%d FOLDER=%s python3 - <<'END'
import json, os, subprocess, sys, urllib.request
env = os.environ
folder, environment, needed = env["FOLDER"], env["ENVIRONMENT"], int(env["NEEDED"])
base = env["CI_MERGE_REQUEST_DIFF_BASE_SHA"]
changed = subprocess.run(["git", "diff", "--name-only", "-z", base, "HEAD"], check=True, capture_output=True, text=True).stdout.split("\0")
if not any(path.startswith(folder + "/") and path.endswith("/" + environment + ".yaml") for path in changed):
    print("no pin of", environment, "is changed")
    sys.exit()
url = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}/merge_requests/{env['CI_MERGE_REQUEST_IID']}"
def get(path):
    request = urllib.request.Request(url + path, headers={"PRIVATE-TOKEN": env.get("GITLAB_TOKEN", "")})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)
author = get("")["author"]["username"]
given = {one["user"]["username"] for one in get("/approvals")["approved_by"]} - {author}
print(environment, "needs", needed, "approvals and has", len(given))
sys.exit(len(given) < needed)
END`

// text writes a literal of GitLab's rules, which have no escapes: faults refuses what
// would need one.
func text(s string) string { return `"` + s + `"` }
