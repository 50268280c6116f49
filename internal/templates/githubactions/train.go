package githubactions

import (
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// train is the workflow that starts a pipeline in its orchestrator, or runs it where the
// workflow runs when no server is named. It is nil when neither a person nor a push may
// start it.
func (r *renderer) train(pl *spec.Pipeline) *workflow {
	t := pl.Triggers
	w := workflow{Concurrency: group(pl)}
	if t.Manual != nil && *t.Manual {
		w.On.Dispatch = &dispatch{Inputs: inputs(pl)}
	}
	if t.Push != nil {
		w.On.Push = &push{Branches: t.Push.Branches, Paths: r.paths(t.Push.Paths)}
	}
	if w.On.Dispatch == nil && w.On.Push == nil {
		return nil
	}
	starter := taskgraph.StarterOf(r.p, pl)
	j := job{
		RunsOn: hosted, Timeout: minutes(pl), Env: append(r.tracking(r.p.TrackerOf(pl), pl.Name), server(starter)...),
		Permissions: &permissions{Contents: "read", IDToken: "write"},
	}
	j.Env = append(j.Env, keys(starter)...)
	for _, name := range names(taskgraph.DataSecrets(r.p, pl)) {
		j.Env = append(j.Env, encode.Pair{Key: name, Value: "${{ secrets." + name + " }}"})
	}
	if labels := accelerators(pl); len(labels) > 0 {
		j.RunsOn = append([]string{"self-hosted", "linux"}, labels...)
	}
	whole := 0
	j.Steps = append([]step{r.checkout(&whole)}, r.python()...)
	j.Steps = append(j.Steps, login(starter)...)
	j.Steps = append(j.Steps,
		r.begin(pl, starter),
		step{Name: "Keep the results", If: "${{ !cancelled() }}", Uses: uses(catalog.UploadArtifact), With: encode.Map{
			{Key: "name", Value: "train-" + pl.Name},
			{Key: "path", Value: strings.Join([]string{
				r.within(path.Join("runs", pl.Name, "*", "*.json")), r.within(path.Join("pipelines", pl.Name, "dvc.lock")),
			}, "\n") + "\n"},
			{Key: "if-no-files-found", Value: "ignore"},
		}})
	w.Jobs = encode.Map{{Key: "train", Value: j}}
	return &w
}

// group is the concurrency group of a pipeline: forbid queues a run, replace stops
// the one before, allow knows no group.
func group(pl *spec.Pipeline) *concurrency {
	if pl.Concurrency == "allow" {
		return nil
	}
	return &concurrency{"train-" + pl.Name, pl.Concurrency == "replace"}
}

// hostedMinutes is how long GitHub's own runners let a job run.
const hostedMinutes = 360

func minutes(pl *spec.Pipeline) int64 {
	wanted := (pl.Timeout.Seconds() + 59) / 60
	if wanted == 0 || (wanted > hostedMinutes && len(accelerators(pl)) == 0) {
		return hostedMinutes
	}
	return wanted
}

// accelerators are the labels that a self-hosted runner must have.
func accelerators(pl *spec.Pipeline) []string {
	var labels []string
	for _, s := range pl.Steps {
		if s.Resources != nil && s.Resources.Accelerator != nil {
			labels = append(labels, s.Resources.Accelerator.Type)
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// inputs ask for the parameters. Numbers are asked for as text, because GitHub
// would print 1e-3 in another way than it was written.
func inputs(pl *spec.Pipeline) encode.Map {
	var out encode.Map
	for _, name := range names(pl.Parameters) {
		given := pl.Parameters[name]
		in := input{Description: given.Type, Required: given.Default == nil, Type: "string"}
		if given.Default != nil {
			in.Default = *given.Default
		}
		if given.Type == "boolean" {
			in.Type, in.Default = "boolean", given.Value()
		}
		out = append(out, encode.Pair{Key: name, Value: in})
	}
	return out
}

// begin starts the run. Inputs reach the shell as variables only. A server that is named
// gets a token that GitHub issues for this job: no key is kept anywhere.
func (r *renderer) begin(pl *spec.Pipeline, starter taskgraph.Starter) step {
	folder := "pipelines/" + pl.Name
	s := step{Name: "Train"}
	lines := []string{"set --"}
	if *pl.Triggers.Manual && len(pl.Parameters) > 0 {
		s.Env = encode.Map{{Key: "EVENT", Value: "${{ github.event_name }}"}}
		lines = append(lines, `if test "$EVENT" = workflow_dispatch; then`)
		for _, name := range names(pl.Parameters) {
			variable := "PARAM_" + strings.ReplaceAll(name, "-", "_")
			s.Env = append(s.Env, encode.Pair{Key: variable, Value: "${{ inputs." + name + " }}"})
			lines = append(lines, `  set -- "$@" --param "`+name+`=$`+variable+`"`)
		}
		lines = append(lines, "fi")
	}
	lines = append(lines,
		`if test -n "$`+starter.Server+`"; then`,
		"  .venv/bin/python -m "+starter.Module+" --pipeline "+folder+`/pipeline.json --wait "$@"`,
		"else",
		"  if test $# -gt 0; then .venv/bin/python -m mlops.params --pipeline "+folder+"/pipeline.json --file "+folder+`/params.yaml "$@"; fi`,
		"  make train-"+pl.Name,
		"fi",
	)
	s.Run = strings.Join(lines, "\n") + "\n"
	return s
}

// login trades GitHub's token for the cloud's own, when the orchestrator is a cloud's.
func login(starter taskgraph.Starter) []step {
	s := step{Name: "Sign in", If: "${{ vars." + starter.Server + " != '' }}"}
	vars := func(with string, name string) encode.Pair {
		return encode.Pair{Key: with, Value: "${{ vars." + name + " }}"}
	}
	switch starter.Cloud {
	case "aws":
		s.Uses, s.With = uses(catalog.AWSCredentials), encode.Map{vars("role-to-assume", "AWS_ROLE_ARN"), vars("aws-region", "AWS_REGION")}
	case "azure":
		s.Uses, s.With = uses(catalog.AzureLogin), encode.Map{vars("client-id", "AZURE_CLIENT_ID"), vars("tenant-id", "AZURE_TENANT_ID"), vars("subscription-id", "AZURE_SUBSCRIPTION_ID")}
	case "google":
		s.Uses, s.With = uses(catalog.GoogleAuth), encode.Map{vars("workload_identity_provider", "GOOGLE_WORKLOAD_IDENTITY_PROVIDER"), vars("service_account", "GOOGLE_SERVICE_ACCOUNT")}
	default:
		return nil
	}
	return []step{s}
}

// paths prefixes the patterns with the folder of the repository.
func (r *renderer) paths(patterns []string) []string {
	var out []string
	for _, pattern := range patterns {
		plain, negated := strings.CutPrefix(pattern, "!")
		if r.p.Repository.Path != "" {
			plain = r.p.Repository.Path + "/" + plain
		}
		if negated {
			plain = "!" + plain
		}
		out = append(out, plain)
	}
	return out
}

// keys are credentials of servers that take no token of GitHub's: empty unless somebody
// sets them.
func keys(starter taskgraph.Starter) encode.Map {
	var env encode.Map
	for _, name := range starter.Keys {
		env = append(env, encode.Pair{Key: name, Value: "${{ secrets." + name + " }}"})
	}
	return env
}

// server hands over the variables that say where the orchestrator is.
func server(starter taskgraph.Starter) encode.Map {
	var env encode.Map
	for _, name := range append([]string{starter.Server}, starter.Settings...) {
		env = append(env, encode.Pair{Key: name, Value: "${{ vars." + name + " }}"})
	}
	return env
}

// deploy is the workflow that brings definitions and schedules to orchestrators that read
// no Git, after each change of the branch. Nil when there are none.
func (r *renderer) deploy() *workflow {
	jobs, together := encode.Map{}, map[string]bool{}
	for _, pl := range r.p.Pipelines {
		starter := taskgraph.StarterOf(r.p, pl)
		if starter.Deploy == "" || (starter.Lock != "" && together[starter.Deploy]) {
			continue
		}
		together[starter.Deploy] = true
		steps := append([]step{r.checkout(nil)}, r.python()...)
		steps = append(steps, login(starter)...)
		steps = append(steps, step{Name: "Deploy", Run: strings.Join(starter.DeployLines(pl), "\n") + "\n"})
		jobs = append(jobs, encode.Pair{Key: pl.Name, Value: job{
			If: "${{ vars." + starter.Server + " != '' }}", RunsOn: hosted, Timeout: 30, Env: append(server(starter), keys(starter)...),
			Permissions: &permissions{Contents: "read", IDToken: "write"}, Steps: steps,
		}})
	}
	if len(jobs) == 0 {
		return nil
	}
	return &workflow{
		On:          events{Push: &push{Branches: []string{r.p.Repository.Branch}, Paths: []string{r.within("mlops/**"), r.within("pipelines/**")}}},
		Concurrency: &concurrency{"deploy", false}, Jobs: jobs,
	}
}
