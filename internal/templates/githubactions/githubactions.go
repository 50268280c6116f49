// Package githubactions writes the workflows of GitHub Actions: they check every
// change, train when code is pushed or somebody asks, and promote. It knows the
// workflow syntax of August 2026 and the Makefile's targets; schedules are the
// orchestrator's. Actions are pinned in internal/catalog. Source: GitHub's
// "Workflow syntax" and "Events that trigger workflows".
package githubactions

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes one workflow that checks, one for each pipeline that a person or a
// push may start, and one for the promotion of each model.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "githubactions" }

// Render returns the workflows.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if p.Platform.CI != "github_actions" {
		return nil, nil
	}
	if err := append(triggerFaults(p), promotionFaults(p)...).Err(); err != nil {
		return nil, err
	}
	r := renderer{p: p}
	r.workflow("validate", r.validate())
	if gates := r.approvals(); gates != nil {
		r.workflow("approvals", *gates)
	}
	for _, pl := range p.Pipelines {
		if w := r.train(pl); w != nil {
			r.workflow("train-"+pl.Name, *w)
		}
	}
	if w := r.deploy(); w != nil {
		r.workflow("deploy", *w)
	}
	for _, m := range p.Models {
		r.workflow("promote-"+m.Name, r.promote(m))
	}
	r.labels()
	return r.files, r.err
}

type renderer struct {
	p     *spec.Project
	files []tree.File
	err   error
}

func (r *renderer) workflow(name string, w workflow) {
	w.Name = name
	w.Permissions = permissions{Contents: "read"}
	if r.p.Repository.Path != "" {
		w.Defaults = &defaults{runDefaults{WorkingDirectory: r.p.Repository.Path}}
	}
	r.file(".github/workflows/"+name+".yml", w)
}

func (r *renderer) file(name string, v any) {
	data, err := encode.YAML(v)
	if err != nil && r.err == nil {
		r.err = err
	}
	r.files = append(r.files, tree.File{Path: name, Data: data})
}

// labels tells actionlint which labels the self-hosted runners have.
func (r *renderer) labels() {
	var labels []string
	for _, pl := range r.p.Pipelines {
		labels = append(labels, accelerators(pl)...)
	}
	slices.Sort(labels)
	if labels = slices.Compact(labels); len(labels) > 0 {
		r.file(".github/actionlint.yaml", actionlint{selfHosted{labels}})
	}
}

// within is a path as GitHub sees it: from the root of the whole repository.
func (r *renderer) within(name string) string { return path.Join(r.p.Repository.Path, name) }

func (r *renderer) checkout(depth *int) step {
	with := encode.Map{{Key: "persist-credentials", Value: false}}
	if depth != nil {
		with = append(with, encode.Pair{Key: "fetch-depth", Value: *depth})
	}
	return step{Uses: uses(catalog.Checkout), With: with}
}

// python prepares .venv. The cache is that of pip, keyed by the lock file.
func (r *renderer) python() []step {
	return []step{
		{Uses: uses(catalog.SetupPython), With: encode.Map{
			{Key: "python-version", Value: "3.11"}, {Key: "cache", Value: "pip"},
			{Key: "cache-dependency-path", Value: r.within("requirements.txt")},
		}},
		{Name: "Set up", Run: "make setup"},
	}
}

func uses(a catalog.Action) *encode.Commented {
	return &encode.Commented{Value: a.Ref(), Comment: a.Tag}
}

// tracking hands the registry to a step: MLflow's address, and what the clients of other
// systems read. GitHub gives "" for a variable that is not set, which the Makefile takes
// for a SQLite file.
func (r *renderer) tracking(registry *spec.Registry, subject string) encode.Map {
	env := encode.Map{{Key: "MLFLOW_TRACKING_URI", Value: "${{ vars.MLFLOW_TRACKING_URI }}"}}
	if registry == nil || registry.Type == "mlflow" {
		return env
	}
	plain := trackers.Plain(r.p, registry, subject)
	for _, name := range names(plain) {
		env = append(env, encode.Pair{Key: name, Value: plain[name]})
	}
	for _, name := range names(trackers.Secrets(registry)) {
		env = append(env, encode.Pair{Key: name, Value: "${{ secrets." + name + " }}"})
	}
	return env
}

// ofModel hands over the registry of a model.
func (r *renderer) ofModel(m *spec.Model) encode.Map {
	return r.tracking(r.p.Registry(string(m.Registry)), m.Name)
}

const hosted = "ubuntu-24.04"

func (r *renderer) validate() workflow {
	check := append([]step{r.checkout(nil)}, r.python()...)
	check = append(check, step{Name: "Validate", Run: "make validate"}, step{Name: "Test", Run: "make test"})
	jobs := encode.Map{
		{Key: "validate", Value: job{RunsOn: hosted, Timeout: 30, Steps: check}},
		{Key: "scan", Value: job{RunsOn: hosted, Timeout: 30, Permissions: r.scanRights(), Steps: r.scans()}},
	}
	return workflow{
		On:          events{PullRequest: &empty{}, Push: &push{Branches: []string{r.p.Repository.Branch}}},
		Concurrency: &concurrency{"validate-${{ github.ref }}", true},
		Jobs:        jobs,
	}
}

var severities = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}

// scans look for wrong settings in the manifests, and for known holes in the images
// that steps and servers run.
func (r *renderer) scans() []step {
	least := max(0, slices.Index(severities, r.p.Platform.Security.ScanSeverity))
	scan := func(name string, with ...encode.Pair) step {
		with = append(with, encode.Pair{Key: "severity", Value: strings.Join(severities[least:], ",")}, encode.Pair{Key: "exit-code", Value: "1"})
		return step{Name: name, Uses: uses(catalog.Trivy), With: with}
	}
	steps := []step{r.checkout(nil), scan("Scan manifests",
		encode.Pair{Key: "scan-type", Value: "config"}, encode.Pair{Key: "scan-ref", Value: path.Clean(r.within("."))})}
	for i, image := range r.images() {
		s := scan(fmt.Sprintf("Scan image %d", i+1), encode.Pair{Key: "scan-type", Value: "image"},
			encode.Pair{Key: "image-ref", Value: image}, encode.Pair{Key: "ignore-unfixed", Value: true})
		if strings.HasPrefix(image, "ghcr.io/") {
			s.Env = encode.Map{{Key: "TRIVY_USERNAME", Value: "${{ github.actor }}"}, {Key: "TRIVY_PASSWORD", Value: "${{ github.token }}"}}
		}
		steps = append(steps, s)
	}
	return steps
}

func (r *renderer) scanRights() *permissions {
	rights := &permissions{Contents: "read"}
	if slices.ContainsFunc(r.images(), func(image string) bool { return strings.HasPrefix(image, "ghcr.io/") }) {
		rights.Packages = "read"
	}
	return rights
}

func (r *renderer) images() []string {
	var images []string
	for _, pl := range r.p.Pipelines {
		for name := range pl.Steps {
			images = append(images, pl.ImageOf(name))
		}
	}
	for _, e := range r.p.Endpoints {
		if e.Custom != nil {
			images = append(images, e.Custom.Image)
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}
