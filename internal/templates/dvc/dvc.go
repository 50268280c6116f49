// Package dvc writes the local, versioned run of a pipeline's steps: dvc.yaml and
// params.yaml for each pipeline, and the settings of the repository, with the buckets
// that datasets of DVC are in as its remotes. It knows nothing of clusters, registries
// or what the steps do. Format: dvc.yaml as of DVC
// 3.67 (treeverse/dvc; treeverse/dvcyaml-schema).
package dvc

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes what `dvc repro` reads.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "dvc" }

const (
	// A file that Python writes beside the code must not make the code look changed.
	ignore = encode.Header + `
__pycache__/
*.pyc
`
	local = encode.Header + `
/config.local
/tmp
/cache
`
)

// Render writes pipelines/<pipeline>/{dvc,params}.yaml and the settings of DVC.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if len(p.Pipelines) == 0 {
		return nil, nil
	}
	files := []tree.File{
		{Path: ".dvc/.gitignore", Data: []byte(local)},
		{Path: ".dvc/config", Data: []byte(config(p))},
		{Path: ".dvcignore", Data: []byte(ignore)},
	}
	if len(remotes(p)) > 0 {
		files = append(files, tree.File{Path: "docs/dvc.md", Data: guide(p)})
	}
	var refused spec.Faults
	for _, pl := range p.Pipelines {
		if bad := append(faults(pl), taken(p, pl)...); len(bad) > 0 {
			refused = append(refused, bad...)
			continue
		}
		w := writer{p: p, pl: pl}
		stages, err := encode.YAML(w.stages())
		if err != nil {
			return nil, err
		}
		values, err := encode.YAML(params(pl))
		if err != nil {
			return nil, err
		}
		files = append(files,
			tree.File{Path: "pipelines/" + pl.Name + "/dvc.yaml", Data: stages},
			tree.File{Path: paramsFile(pl), Data: values},
		)
	}
	if err := refused.Err(); err != nil {
		return nil, err
	}
	return files, nil
}

func paramsFile(pl *spec.Pipeline) string { return "pipelines/" + pl.Name + "/params.yaml" }

// writer turns the steps of one pipeline into stages.
type writer struct {
	p  *spec.Project
	pl *spec.Pipeline
}

func (w writer) stages() document {
	var out document
	for _, d := range w.fetched() {
		out.Stages = append(out.Stages, encode.Pair{Key: dataStage(d), Value: w.fetch(d)})
	}
	for _, name := range w.pl.StepNames() {
		out.Stages = append(out.Stages, encode.Pair{Key: name, Value: w.stage(name)})
	}
	return out
}

func (w writer) stage(name string) stage {
	s := w.pl.Steps[name]
	out := stage{Cmd: w.commands(name), Wdir: "../..", Deps: w.deps(name), AlwaysChanged: !*s.Cache}
	if read := s.Reads(); len(read) > 0 {
		out.Params = []any{encode.Map{{Key: paramsFile(w.pl), Value: read}}}
	}
	for _, output := range s.Outputs {
		out.Outs = append(out.Outs, w.path(name, output))
	}
	switch {
	case s.WritesMetrics():
		out.Metrics = []any{encode.Map{{Key: w.path(name, metrics), Value: uncached{}}}}
	case len(s.Outputs) == 0:
		out.Outs = []string{w.path(name, marker)}
	}
	return out
}

const (
	metrics = "metrics.json"
	marker  = ".done" // what a step without outputs leaves for those that need it
)

func (w writer) path(step, output string) string {
	return w.dir(step) + "/" + output
}

func (w writer) dir(step string) string { return "runs/" + w.pl.Name + "/" + step }

// leaves lists what a step leaves behind.
func (w writer) leaves(step string) []string {
	var out []string
	s := w.pl.Steps[step]
	for _, output := range s.Outputs {
		out = append(out, w.path(step, output))
	}
	if s.WritesMetrics() {
		out = append(out, w.path(step, metrics))
	}
	if len(out) == 0 {
		out = append(out, w.path(step, marker))
	}
	return out
}

// deps are the code, the inputs and what the needed steps leave.
func (w writer) deps(name string) []string {
	s := w.pl.Steps[name]
	var out []string
	if module, _ := s.Module(); module != "" {
		top, _, _ := strings.Cut(module, ".")
		out = append(out, "src/"+top)
	}
	for _, from := range s.Inputs {
		out = append(out, w.input(from))
	}
	for _, need := range s.Needs {
		out = append(out, w.leaves(need)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// input is the path of an input, "STEP.OUTPUT" or "dataset.NAME".
func (w writer) input(from string) string {
	source, output, _ := strings.Cut(from, ".")
	if source == "dataset" {
		return w.data(w.p.Dataset(output))
	}
	return w.path(source, output)
}

// The part of dvc.yaml this package writes, in output order.
type (
	document struct {
		Stages encode.Map `yaml:"stages"`
	}
	stage struct {
		Cmd           []string `yaml:"cmd"`
		Wdir          string   `yaml:"wdir"`
		Deps          []string `yaml:"deps,omitempty"`
		Params        []any    `yaml:"params,omitempty"`
		Outs          []string `yaml:"outs,omitempty"`
		Metrics       []any    `yaml:"metrics,omitempty"`
		AlwaysChanged bool     `yaml:"always_changed,omitempty"`
	}
	uncached struct {
		Cache bool `yaml:"cache"`
	}
)
