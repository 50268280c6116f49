package prefect

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// prefect.yaml, in output order.
type (
	project struct {
		Name        string       `yaml:"name"`
		Version     string       `yaml:"prefect-version"`
		Pull        []encode.Map `yaml:"pull"`
		Deployments []deployment `yaml:"deployments"`
	}
	deployment struct {
		Name        string     `yaml:"name"`
		Version     string     `yaml:"version"`
		Tags        []string   `yaml:"tags"`
		Description string     `yaml:"description"`
		Entrypoint  string     `yaml:"entrypoint"`
		Parameters  encode.Map `yaml:"parameters"`
		Enforce     bool       `yaml:"enforce_parameter_schema"`
		Schedules   []schedule `yaml:"schedules"`
		Limit       *limit     `yaml:"concurrency_limit,omitempty"`
		WorkPool    workPool   `yaml:"work_pool"`
	}
	schedule struct {
		Slug     string `yaml:"slug"`
		Cron     string `yaml:"cron"`
		Timezone string `yaml:"timezone"`
		Active   bool   `yaml:"active"`
	}
	limit struct {
		Limit    int    `yaml:"limit"`
		Strategy string `yaml:"collision_strategy"`
	}
	workPool struct {
		Name      string       `yaml:"name"`
		Variables jobVariables `yaml:"job_variables"`
	}
	jobVariables struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
)

func (w *writer) deployments(p *spec.Project, pipelines []*spec.Pipeline) project {
	out := project{Name: p.Platform.Name, Version: version, Pull: pull(p)}
	for _, pl := range pipelines {
		encoded, err := spec.Encode(pl)
		w.Fail(err)
		d := deployment{
			// A flow is called like its pipeline; platforms that share a server differ in their deployments.
			Name: p.Platform.Name, Version: "sha256:" + spec.Hash(encoded), Tags: tags(p),
			Description: "Pipeline " + pl.Name + ", written to Git by terraform-provider-mlops.",
			Entrypoint:  "pipelines/" + pl.Name + "/flow.py:pipeline",
			Parameters:  defaults(pl), Enforce: true, Schedules: schedules(pl.Triggers.Schedule),
			WorkPool: workPool{p.Platform.Name, jobVariables{p.Labels(pl.Name), p.Annotations()}},
		}
		if pl.Concurrency == "forbid" {
			d.Limit = &limit{1, "CANCEL_NEW"}
		}
		out.Deployments = append(out.Deployments, d)
	}
	return out
}

// pull is how a run gets the flow: from Git, without credentials of its own.
func pull(p *spec.Project) []encode.Map {
	const steps = "prefect.deployments.steps."
	out := []encode.Map{{{Key: steps + "git_clone", Value: encode.Map{
		{Key: "id", Value: "clone"}, {Key: "repository", Value: p.Repository.URL}, {Key: "branch", Value: p.Repository.Branch},
	}}}}
	if p.Repository.Path != "" {
		out = append(out, encode.Map{{Key: steps + "set_working_directory", Value: encode.Map{
			{Key: "directory", Value: "{{ clone.directory }}/" + p.Repository.Path},
		}}})
	}
	return out
}

// tags find the platform's deployments again; mlops.deploy_prefect removes those whose
// pipeline is gone.
func tags(p *spec.Project) []string {
	out := []string{"managed-by:terraform-provider-mlops", "platform:" + p.Platform.Name, "owner:" + p.Platform.Owner}
	for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
		out = append(out, key+":"+p.Tags[key])
	}
	return out
}

// defaults are the values of a run that names none. A text that Prefect would read as a
// template stands in the flow's own signature only.
func defaults(pl *spec.Pipeline) encode.Map {
	out := encode.Map{}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		from := pl.Parameters[name]
		if from.Default != nil && !strings.Contains(*from.Default, "{{") {
			out = append(out, encode.Pair{Key: ident(name), Value: valueOf(from)})
		}
	}
	return out
}

// schedules is written when there is none as well: mlops.deploy_prefect removes others.
func schedules(s *spec.Schedule) []schedule {
	if s == nil {
		return []schedule{}
	}
	return []schedule{{Slug: "schedule", Cron: plain(s.Cron), Timezone: s.Timezone, Active: true}}
}

// plain writes a field that names all of its numbers as a *. Where both day fields are
// chosen one of them is enough, and to croniter, which Prefect asks, */1 is a choice.
func plain(cron string) string {
	fields := strings.Fields(cron)
	for i, field := range fields {
		every := func(part string) bool { return part == "*" || part == "*/1" }
		if slices.ContainsFunc(strings.Split(field, ","), every) {
			fields[i] = "*"
		}
	}
	return strings.Join(fields, " ")
}
