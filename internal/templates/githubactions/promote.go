package githubactions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// promote is the workflow that pins a version when somebody asks, and moves the
// alias champion when the pin of the last environment was merged.
func (r *renderer) promote(m *spec.Model) workflow {
	to := r.p.Destinations(m)
	last := to[len(to)-1]
	branch := r.p.Repository.Branch
	w := workflow{
		On: events{
			Dispatch: &dispatch{Inputs: encode.Map{
				{Key: "environment", Value: input{Description: "where to", Required: true, Type: "choice", Options: to}},
				{Key: "version", Value: input{Description: "version number; empty: the challenger", Type: "string", Default: ""}},
			}},
			Push: &push{Branches: []string{branch}, Paths: []string{r.within("models/" + m.Name + "/" + last + ".yaml")}},
		},
		Concurrency: &concurrency{"promote-" + m.Name, false},
	}
	w.Jobs = encode.Map{
		{Key: "promote", Value: r.pin(m, last)},
		{Key: "champion", Value: r.crown(m, last)},
	}
	return w
}

func (r *renderer) pin(m *spec.Model, last string) job {
	direct := m.Promotion.Mode == "direct"
	whole := 0 // the soak time is read from the history
	steps := append([]step{r.checkout(&whole)}, r.python()...)
	program := ".venv/bin/python -m mlops.promote --model models/" + m.Name + `/model.json --environment "$ENVIRONMENT" ${VERSION:+--version "$VERSION"}`
	env := encode.Map{
		{Key: "ENVIRONMENT", Value: "${{ inputs.environment }}"}, {Key: "VERSION", Value: "${{ inputs.version }}"},
		{Key: "BRANCH", Value: "${{ github.ref_name }}"}, {Key: "MLOPS_FORGE_TOKEN", Value: "${{ secrets.MLOPS_FORGE_TOKEN }}"}, {Key: "GH_TOKEN", Value: "${{ github.token }}"},
	}
	env = append(env, r.ofModel(m)...)
	j := job{
		If:     fmt.Sprintf("${{ github.event_name == 'workflow_dispatch' && github.ref_name == %s }}", text(r.p.Repository.Branch)),
		RunsOn: hosted, Timeout: 30, Environment: "${{ inputs.environment }}",
	}
	if direct {
		j.Permissions = &permissions{Actions: "read", Contents: "write"}
		j.Steps = slices.Concat(steps, []step{{Name: "Promote", Env: env, Run: fmt.Sprintf(pushPin, program, last, m.Name)}})
		return j
	}
	j.Permissions = &permissions{Contents: "write", PullRequests: "write"}
	j.Steps = slices.Concat(steps, []step{{Name: "Open the pull request", Env: env, Run: fmt.Sprintf(openRequest, program)}})
	return j
}

// The credential helper is set up here, so that the token is in no file.
const openRequest = `gh auth setup-git
git config user.name 'github-actions[bot]'
git config user.email '41898282+github-actions[bot]@users.noreply.github.com'
%s \
  --open-pull-request --base "$BRANCH"
`

// Who approved is what GitHub knows of this very run, not what somebody typed. What
// GITHUB_TOKEN pushes starts no workflow, so the alias moves here.
const pushPin = `set --
for name in $(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals" --jq '.[] | select(.state == "approved") | .user.login'); do
  set -- "$@" --approved-by "$name"
done
%s "$@"
if test -n "$(git status --porcelain -- models lineage)"; then
  gh auth setup-git
  git config user.name 'github-actions[bot]'
  git config user.email '41898282+github-actions[bot]@users.noreply.github.com'
  git add -- models lineage
  git commit --quiet --message "Promote to $ENVIRONMENT"
  git push origin "HEAD:refs/heads/$BRANCH"
fi
if test "$ENVIRONMENT" = %s; then
  .venv/bin/python -m mlops.champion --model models/%s/model.json
fi
`

// The merge was the approval. A pin that was only seeded names no version.
const moveAlias = `if grep -q '^  version: "0"$' %s; then
  echo 'nothing is promoted yet'
else
  .venv/bin/python -m mlops.champion --model %s
fi
`

func (r *renderer) crown(m *spec.Model, last string) job {
	steps := append([]step{r.checkout(nil)}, r.python()...)
	return job{
		If: "${{ github.event_name == 'push' }}", RunsOn: hosted, Timeout: 30,
		Steps: append(steps, step{
			Name: "Move the alias champion", Env: r.ofModel(m),
			Run: fmt.Sprintf(moveAlias, "models/"+m.Name+"/"+last+".yaml", "models/"+m.Name+"/model.json"),
		}),
	}
}

// text writes a literal of GitHub's expression language.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// approvals counts reviews of pull requests that move a pin, for each environment
// that asks for approvals. GitHub's rulesets know one number for all files. Nil when
// no environment asks.
func (r *renderer) approvals() *workflow {
	j := job{RunsOn: hosted, Timeout: 10, Permissions: &permissions{PullRequests: "read"}}
	for _, name := range r.p.Platform.EnvironmentNames() {
		e := r.p.Platform.Environments[name]
		if e.Approvals == 0 || len(r.p.Models) == 0 {
			continue
		}
		j.Steps = append(j.Steps, step{Name: fmt.Sprintf("Approvals for %s", name), Run: countApprovals, Env: encode.Map{
			{Key: "ENVIRONMENT", Value: name}, {Key: "NEEDED", Value: fmt.Sprint(e.Approvals)},
			{Key: "FOLDER", Value: r.within("models")},
			{Key: "NUMBER", Value: "${{ github.event.pull_request.number }}"}, {Key: "HEAD", Value: "${{ github.event.pull_request.head.sha }}"},
			{Key: "AUTHOR", Value: "${{ github.event.pull_request.user.login }}"}, {Key: "GH_TOKEN", Value: "${{ github.token }}"},
		}})
	}
	if len(j.Steps) == 0 {
		return nil
	}
	return &workflow{
		On:   events{PullRequest: &empty{}, Review: &review{[]string{"submitted", "edited", "dismissed"}}},
		Jobs: encode.Map{{Key: "approvals", Value: j}},
	}
}

// Only the last word of each person on the newest commit counts, and never the author's.
const countApprovals = `request="repos/$GITHUB_REPOSITORY/pulls/$NUMBER"
changed=$(gh api --paginate --slurp "$request/files" | jq --arg folder "$FOLDER/" --arg file "/$ENVIRONMENT.yaml" \
  '[add[].filename | select(startswith($folder) and endswith($file))] | length')
if test "$changed" -eq 0; then
  echo "no pin of $ENVIRONMENT is changed"
  exit 0
fi
given=$(gh api --paginate --slurp "$request/reviews" | jq --arg author "$AUTHOR" --arg head "$HEAD" \
  '[add[] | select(.state != "COMMENTED" and .user.login != $author)] | group_by(.user.login) | map(last | select(.state == "APPROVED" and .commit_id == $head)) | length')
echo "$ENVIRONMENT needs $NEEDED approvals and has $given"
test "$given" -ge "$NEEDED"
`
