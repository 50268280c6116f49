package githubactions

import (
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// train is the workflow that runs a pipeline where the workflow runs, or nil when
// neither a person nor a push may start it.
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
	j := job{RunsOn: hosted, Timeout: minutes(pl), Env: encode.Map{tracking}}
	if labels := accelerators(pl); len(labels) > 0 {
		j.RunsOn = append([]string{"self-hosted", "linux"}, labels...)
	}
	whole := 0
	j.Steps = append([]step{r.checkout(&whole)}, r.python()...)
	if w.On.Dispatch != nil && len(pl.Parameters) > 0 {
		j.Steps = append(j.Steps, choose(pl))
	}
	j.Steps = append(j.Steps,
		step{Name: "Train", Run: "make train-" + pl.Name},
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

// choose writes the inputs into params.yaml. They reach the shell as variables only.
func choose(pl *spec.Pipeline) step {
	folder := "pipelines/" + pl.Name
	s := step{Name: "Choose parameters", If: "${{ github.event_name == 'workflow_dispatch' }}"}
	run := []string{".venv/bin/python -m mlops.params --pipeline " + folder + "/pipeline.json --file " + folder + "/params.yaml"}
	for _, name := range names(pl.Parameters) {
		variable := "PARAM_" + strings.ReplaceAll(name, "-", "_")
		s.Env = append(s.Env, encode.Pair{Key: variable, Value: "${{ inputs." + name + " }}"})
		run = append(run, `--param "`+name+`=$`+variable+`"`)
	}
	s.Run = strings.Join(run, " \\\n  ") + "\n"
	return s
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
