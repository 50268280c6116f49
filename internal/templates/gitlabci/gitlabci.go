// Package gitlabci writes .gitlab-ci.yml: jobs that check every change, train when code
// is pushed or somebody asks, and promote. It knows the keywords of GitLab 18 and the
// Makefile's targets; schedules are the orchestrator's. Source: GitLab's "CI/CD YAML
// syntax reference"; its JSON schema and gitlab-ci-local read the file in the tests.
package gitlabci

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes one pipeline with jobs that check, train and promote.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "gitlabci" }

// Render returns .gitlab-ci.yml.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if p.Platform.CI != "gitlab_ci" {
		return nil, nil
	}
	if err := faults(p).Err(); err != nil {
		return nil, err
	}
	w := writer{p: p}
	data, err := encode.YAML(w.document())
	if err != nil {
		return nil, err
	}
	return []tree.File{{Path: ".gitlab-ci.yml", Data: data}}, nil
}

// What people choose from when they run the pipeline by hand; "none" is the default.
const (
	trainChoice   = "TRAIN"
	promoteChoice = "PROMOTE"
	nothing       = "none"
)

type writer struct{ p *spec.Project }

func (w writer) document() encode.Map {
	jobs := encode.Map{
		{Key: "validate", Value: w.validate()},
		{Key: "scan", Value: w.scan()},
	}
	if approvals := w.approvals(); approvals != nil {
		jobs = append(jobs, encode.Pair{Key: "approvals", Value: *approvals})
	}
	var started []string
	for _, pl := range w.p.Pipelines {
		if j := w.train(pl); j != nil {
			jobs = append(jobs, encode.Pair{Key: "train-" + pl.Name, Value: *j})
		}
		if j := w.deploy(pl); j != nil {
			jobs = append(jobs, encode.Pair{Key: "deploy-" + pl.Name, Value: *j})
		}
		if *pl.Triggers.Manual {
			started = append(started, pl.Name)
		}
	}
	var promoted []string
	for _, m := range w.p.Models {
		jobs = append(jobs, encode.Pair{Key: "promote-" + m.Name, Value: w.promote(m)}, encode.Pair{Key: "champion-" + m.Name, Value: w.crown(m)})
		promoted = append(promoted, m.Name)
	}
	head := encode.Map{
		{Key: "workflow", Value: encode.Map{{Key: "rules", Value: w.sources()}}},
		{Key: "stages", Value: []string{"validate", "deploy", "train", "promote"}},
		{Key: "default", Value: encode.Map{{Key: "image", Value: catalog.PythonImage}, {Key: "interruptible", Value: false}}},
	}
	if v := w.variables(started, promoted); len(v) > 0 {
		head = append(head, encode.Pair{Key: "variables", Value: v})
	}
	return append(head, jobs...)
}

// sources are the events that make a pipeline: a merge request, a push, a person.
// A push to a branch with an open merge request is checked once.
func (w writer) sources() []rule {
	return []rule{
		{If: `$CI_PIPELINE_SOURCE == "merge_request_event"`},
		{If: "$CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS && $CI_PIPELINE_SOURCE == \"push\" && $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH", When: "never"},
		{If: `$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH`},
		{If: `$CI_PIPELINE_SOURCE == "web"`},
	}
}

// variables are what "Run pipeline" asks for. GitLab must not expand their values.
func (w writer) variables(started, promoted []string) encode.Map {
	var out encode.Map
	ask := func(name, value, description string, options []string) {
		out = append(out, encode.Pair{Key: name, Value: variable{Value: value, Description: description, Options: options}})
	}
	if len(started) > 0 {
		ask(trainChoice, nothing, "The pipeline to run", append([]string{nothing}, started...))
	}
	for _, name := range started {
		pl := w.p.Pipeline(name)
		for _, parameter := range sorted(pl.Parameters) {
			from := pl.Parameters[parameter]
			text := ""
			if from.Default != nil {
				text = *from.Default
			}
			off := false
			out = append(out, encode.Pair{Key: parameterVariable(pl, parameter), Value: variable{Value: text, Description: "Parameter " + parameter + " of " + name + ": " + from.Type, Expand: &off}})
		}
	}
	if len(promoted) > 0 {
		ask(promoteChoice, nothing, "The model to promote", append([]string{nothing}, promoted...))
		to := w.p.Platform.EnvironmentNames()
		ask("ENVIRONMENT", to[0], "Where to promote", to)
		ask("VERSION", "", "The version to promote; empty: the challenger", nil)
	}
	return out
}

func parameterVariable(pl *spec.Pipeline, parameter string) string {
	made := func(name string) string {
		return strings.ReplaceAll(strings.ReplaceAll(name, "-", "_"), ".", "_")
	}
	return "PARAM_" + made(pl.Name) + "_" + made(parameter)
}

// in is the command line in the folder of the repository.
func (w writer) in(lines ...string) []string {
	if w.p.Repository.Path == "" {
		return lines
	}
	return append([]string{"cd " + encode.Shell(w.p.Repository.Path)}, lines...)
}

// within is a path from the root of the whole repository.
func (w writer) within(name string) string {
	if w.p.Repository.Path == "" {
		return name
	}
	return w.p.Repository.Path + "/" + name
}

// python is a job that runs make in the prepared environment.
func (w writer) python(stage string, lines ...string) job {
	return job{
		Stage: stage, Script: w.in(append([]string{"make setup"}, lines...)...),
		Variables: encode.Map{{Key: "PIP_CACHE_DIR", Value: "$CI_PROJECT_DIR/.pip"}},
		Cache:     &cache{Key: cacheKey{Files: []string{w.within("requirements.txt")}}, Paths: []string{".pip"}},
	}
}

func (w writer) validate() job {
	on := true
	j := w.python("validate", "make validate", "make test")
	j.Timeout, j.Interruptible = "30 minutes", &on
	return j
}

var severities = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}

// scan looks for wrong settings in the manifests, and for known holes in the images that
// steps run. Images of the project's own registry are read with the job's token.
func (w writer) scan() job {
	on := true
	least := max(0, slices.Index(severities, w.p.Platform.Security.ScanSeverity))
	severity := "--severity " + strings.Join(severities[least:], ",")
	lines := []string{"trivy config --exit-code 1 " + severity + " ."}
	for _, image := range w.images() {
		lines = append(lines, "trivy image --exit-code 1 --ignore-unfixed "+severity+" "+encode.Shell(image))
	}
	return job{
		Stage: "validate", Image: &image{Name: catalog.TrivyImage, Entrypoint: []string{""}}, Script: w.in(lines...), Timeout: "30 minutes", Interruptible: &on,
		Variables: encode.Map{{Key: "TRIVY_USERNAME", Value: "$CI_REGISTRY_USER"}, {Key: "TRIVY_PASSWORD", Value: "$CI_REGISTRY_PASSWORD"}, {Key: "TRIVY_AUTH_URL", Value: "$CI_REGISTRY"}},
	}
}

func (w writer) images() []string {
	var images []string
	for _, pl := range w.p.Pipelines {
		for name := range pl.Steps {
			images = append(images, pl.ImageOf(name))
		}
	}
	for _, e := range w.p.Endpoints {
		if e.Custom != nil {
			images = append(images, e.Custom.Image)
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}
