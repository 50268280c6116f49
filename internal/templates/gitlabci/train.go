package gitlabci

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// train starts a pipeline in its orchestrator, or runs it on the runner when no server
// is named. It is nil when neither a person nor a push may start it.
func (w writer) train(pl *spec.Pipeline) *job {
	rules := w.pushRules(pl)
	if *pl.Triggers.Manual {
		rules = append(rules, rule{If: `$CI_PIPELINE_SOURCE == "web" && $` + trainChoice + ` == "` + pl.Name + `"`})
	}
	if len(rules) == 0 {
		return nil
	}
	starter := taskgraph.StarterOf(w.p, pl)
	j := w.python("train", append(signIn(starter), w.choose(pl), w.begin(pl, starter))...)
	j.Rules, j.Tags, j.Timeout = rules, accelerators(pl), w.timeout(pl)
	if pl.Concurrency == "forbid" {
		j.Group = "train-" + pl.Name
	}
	j.Tokens = tokens(starter)
	j.Artifacts = &artifacts{When: "always", Expire: "30 days", Paths: []string{
		w.within(path.Join("runs", pl.Name, "*", "*.json")), w.within(path.Join("pipelines", pl.Name, "dvc.lock")),
	}}
	return &j
}

// audiences are those that each cloud's federation expects of a token.
var audiences = map[string]string{"aws": "sts.amazonaws.com", "azure": "api://AzureADTokenExchange", "google": "https://iam.googleapis.com/$GOOGLE_WORKLOAD_IDENTITY_PROVIDER"}

// tokens are GitLab's own for this job, which the server takes: no key is kept anywhere.
func tokens(starter taskgraph.Starter) encode.Map {
	aud := "$" + starter.Server
	if starter.Cloud != "" {
		aud = audiences[starter.Cloud]
	}
	return encode.Map{{Key: "MLOPS_ID_TOKEN", Value: audience{aud}}}
}

// signIn trades GitLab's token for the cloud's own, in the way of the cloud's SDK.
func signIn(starter taskgraph.Starter) []string {
	const save = `printf '%s' "$MLOPS_ID_TOKEN" >"$CI_BUILDS_DIR/.mlops-token"`
	switch starter.Cloud {
	case "aws":
		return []string{save, `export AWS_WEB_IDENTITY_TOKEN_FILE="$CI_BUILDS_DIR/.mlops-token"`}
	case "azure":
		return []string{save, `export AZURE_FEDERATED_TOKEN_FILE="$CI_BUILDS_DIR/.mlops-token"`}
	case "google":
		return []string{save, googleCredentials}
	}
	return nil
}

// The file tells Google's client how to trade the token; it holds no secret.
//
//nolint:gosec // it names where a token lies
const googleCredentials = `printf '{"type":"external_account","audience":"//iam.googleapis.com/%s","subject_token_type":"urn:ietf:params:oauth:token-type:jwt","token_url":"https://sts.googleapis.com/v1/token","service_account_impersonation_url":"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/%s:generateAccessToken","credential_source":{"file":"%s"}}' "$GOOGLE_WORKLOAD_IDENTITY_PROVIDER" "$GOOGLE_SERVICE_ACCOUNT" "$CI_BUILDS_DIR/.mlops-token" >"$CI_BUILDS_DIR/.mlops-google.json"
export GOOGLE_APPLICATION_CREDENTIALS="$CI_BUILDS_DIR/.mlops-google.json"`

// deploy brings a pipeline to an orchestrator that reads no Git, after each change of the
// branch. Nil for one that does.
func (w writer) deploy(pl *spec.Pipeline) *job {
	starter := taskgraph.StarterOf(w.p, pl)
	first := func(other *spec.Pipeline) bool { return taskgraph.StarterOf(w.p, other).Deploy == starter.Deploy }
	together := starter.Lock != "" && w.p.Pipelines[slices.IndexFunc(w.p.Pipelines, first)] != pl
	if starter.Deploy == "" || together {
		return nil
	}
	lines := append(signIn(starter), starter.DeployLines(pl)...)
	j := w.python("deploy", lines...)
	j.Rules = []rule{{If: `$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == ` + text(w.p.Repository.Branch) + ` && $` + starter.Server, Changes: []string{w.within("mlops/**/*"), w.within("pipelines/**/*")}}}
	j.Timeout, j.Group, j.Tokens = "30 minutes", "deploy-"+pl.Name, tokens(starter)
	return &j
}

func (w writer) timeout(pl *spec.Pipeline) string {
	minutes := (pl.Timeout.Seconds() + 59) / 60
	if minutes == 0 {
		minutes = 360
	}
	return fmt.Sprintf("%d minutes", minutes)
}

// choose turns the variables of "Run pipeline" into the arguments of a program. They
// reach the shell as variables only.
func (w writer) choose(pl *spec.Pipeline) string {
	lines := []string{"set --"}
	if !*pl.Triggers.Manual || len(pl.Parameters) == 0 {
		return lines[0]
	}
	lines = append(lines, `if test "$CI_PIPELINE_SOURCE" = web; then`)
	for _, name := range sorted(pl.Parameters) {
		lines = append(lines, `  set -- "$@" --param "`+name+`=$`+parameterVariable(pl, name)+`"`)
	}
	return strings.Join(append(lines, "fi"), "\n")
}

// begin starts the run, here when no server is named.
func (w writer) begin(pl *spec.Pipeline, starter taskgraph.Starter) string {
	folder := "pipelines/" + pl.Name
	return strings.Join([]string{
		`if test -n "${` + starter.Server + `:-}"; then`,
		`  .venv/bin/python -m ` + starter.Module + ` --pipeline ` + folder + `/pipeline.json --wait "$@"`,
		"else",
		`  if test $# -gt 0; then .venv/bin/python -m mlops.params --pipeline ` + folder + `/pipeline.json --file ` + folder + `/params.yaml "$@"; fi`,
		"  make train-" + pl.Name,
		"fi",
	}, "\n")
}

// accelerators are the tags of the runners that have them.
func accelerators(pl *spec.Pipeline) []string {
	var tags []string
	for _, s := range pl.Steps {
		if s.Resources != nil && s.Resources.Accelerator != nil {
			tags = append(tags, s.Resources.Accelerator.Type)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// pushRules start a run when a branch of the trigger moves. What is taken away stands
// first: GitLab takes the first rule that holds.
func (w writer) pushRules(pl *spec.Pipeline) []rule {
	push := pl.Triggers.Push
	if push == nil {
		return nil
	}
	var without, with []rule
	for _, branch := range push.Branches {
		plain, negated := strings.CutPrefix(branch, "!")
		condition := `$CI_PIPELINE_SOURCE == "push" && ` + branchCondition(plain)
		if negated {
			without = append(without, rule{If: condition, When: "never"})
			continue
		}
		with = append(with, rule{If: condition, Changes: w.changes(push.Paths)})
	}
	return append(without, with...)
}

// branchCondition compares the branch with a name, or with a pattern as a regular
// expression of RE2.
func branchCondition(pattern string) string {
	if !strings.Contains(pattern, "*") {
		return `$CI_COMMIT_BRANCH == "` + pattern + `"`
	}
	var b strings.Builder
	for rest := pattern; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString("[^\\/]*")
			rest = rest[1:]
		default:
			end := strings.IndexByte(rest, '*')
			if end < 0 {
				end = len(rest)
			}
			b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(rest[:end]), "/", `\/`))
			rest = rest[end:]
		}
	}
	return "$CI_COMMIT_BRANCH =~ /^" + b.String() + "$/"
}

// changes are the paths of a rule. GitLab's ** is for folders only.
func (w writer) changes(paths []string) []string {
	var out []string
	for _, p := range paths {
		if strings.HasSuffix(p, "/**") {
			p += "/*"
		}
		if p == "**" {
			p = "**/*"
		}
		out = append(out, w.within(p))
	}
	return out
}
