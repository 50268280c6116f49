package promotion

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
)

// pipeline is pipelines/<p>/pipeline.json.
func (w *writer) pipeline(pl *spec.Pipeline) pipeline {
	encoded, err := spec.Encode(pl)
	if err != nil && w.err == nil {
		w.err = err
	}
	out := pipeline{
		Version: 1, Pipeline: pl.Name, Spec: "sha256:" + spec.Hash(encoded), Orchestrator: w.p.Orchestrator(pl), Concurrency: pl.Concurrency, Image: pl.Image,
		Parameters: map[string]parameter{}, Datasets: map[string]dataset{}, Source: Source(pl), Steps: map[string]step{},
	}
	for name, given := range pl.Parameters {
		out.Parameters[name] = parameter{given.Type, given.Default}
	}
	for name, s := range pl.Steps {
		out.Steps[name] = step{s.Image, s.Command, s.Args, s.Env, s.Inputs, s.Outputs, s.Needs}
		for _, from := range s.Inputs {
			if source, read, _ := strings.Cut(from, "."); source == "dataset" {
				out.Datasets[read] = datasetOf(w.p, w.p.Dataset(read))
			}
		}
	}
	if t := pl.Trains; t != nil {
		from, output, _ := strings.Cut(t.Artifact, ".")
		m := modelOf(w.p, w.p.Model(t.Model))
		out.Metrics, out.Artifact, out.Model = t.Metrics, &artifact{from, output}, &m
	}
	return out
}

// Source lists the folders below src/ that hold the packages a pipeline's steps run.
func Source(pl *spec.Pipeline) []string {
	folders := []string{}
	for _, s := range pl.Steps {
		if module, sound := s.Module(); sound {
			top, _, _ := strings.Cut(module, ".")
			folders = append(folders, "src/"+top)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

func datasetOf(p *spec.Project, d *spec.Dataset) dataset {
	out := dataset{Kind: d.Source(), URI: p.Address(d), Prefix: d.Place(), Columns: map[string]column{}}
	out.Bucket, _ = d.Store()
	switch {
	case d.Local != nil:
		out.Path = d.Local.Path
	case d.DVC != nil:
		out.Path, out.Revision = "data/"+d.DVC.Path, d.DVC.Revision
	case d.LakeFS != nil:
		out.Revision, out.Endpoint, out.Repository = d.LakeFS.Ref, d.LakeFS.Endpoint, d.LakeFS.Repository
	}
	for name, c := range d.Columns {
		out.Columns[name] = column{c.Type, string(c.Min), string(c.Max), c.Nullable != nil && *c.Nullable, c.Values}
	}
	return out
}

func modelOf(p *spec.Project, m *spec.Model) model {
	out := model{
		Name: m.Name, Description: m.Description, Tags: m.Tags, Gates: []gate{},
		Promotion:    promotion{To: p.Destinations(m), Mode: m.Promotion.Mode, Soak: string(m.Promotion.Soak)},
		Environments: map[string]environment{}, Lineage: lineage{Require: m.Lineage.Require},
	}
	if r := p.Registry(string(m.Registry)); r != nil {
		out.Registry = registry{Name: r.Name, Type: r.Type}
		if r.MLflow != nil {
			out.Registry.TrackingURI = r.MLflow.TrackingURI
		}
		out.Registry.Settings = trackers.Settings(p, r)
	}
	for _, g := range m.Gates {
		out.Gates = append(out.Gates, gate{
			Metric: g.Metric, Op: g.Op, Threshold: string(g.Threshold), Min: string(g.Min), Max: string(g.Max),
			Baseline: g.Baseline, Tolerance: string(g.Tolerance), Required: g.Required == nil || *g.Required,
		})
	}
	for name, e := range p.Platform.Environments {
		out.Environments[name] = environmentOf(e)
	}
	if b := p.ModelStore(m.Name); b != nil {
		out.Artifacts = &store{URI: "pvc://" + b.Name}
	}
	return out
}

func environmentOf(e spec.Environment) environment {
	out := environment{PromoteFrom: e.PromoteFrom, Approvals: e.Approvals, Approvers: e.Approvers}
	for _, f := range e.Freeze {
		zone := f.Timezone
		if zone == "" {
			zone = "UTC"
		}
		out.Freeze = append(out.Freeze, freeze{f.Cron, string(f.Duration), zone})
	}
	return out
}

// The files that programs/mlops/config.py reads, in output order. Numbers that are
// compared are texts: a reader that takes them for floats would round them.
type (
	pipeline struct {
		Version      int                  `json:"version"`
		Pipeline     string               `json:"pipeline"`
		Spec         string               `json:"spec"`
		Orchestrator string               `json:"orchestrator"`
		Concurrency  string               `json:"concurrency"`
		Image        string               `json:"image,omitempty"`
		Parameters   map[string]parameter `json:"parameters"`
		Datasets     map[string]dataset   `json:"datasets"`
		Source       []string             `json:"source"`
		Steps        map[string]step      `json:"steps"`
		Metrics      string               `json:"metrics,omitempty"`
		Artifact     *artifact            `json:"artifact,omitempty"`
		Model        *model               `json:"model,omitempty"`
	}
	parameter struct {
		Type    string  `json:"type"`
		Default *string `json:"default,omitempty"`
	}
	dataset struct {
		Kind       string            `json:"kind"`
		Path       string            `json:"path,omitempty"`
		URI        string            `json:"uri,omitempty"`
		Revision   string            `json:"revision,omitempty"`
		Endpoint   string            `json:"endpoint,omitempty"`
		Repository string            `json:"repository,omitempty"`
		Bucket     string            `json:"bucket,omitempty"`
		Prefix     string            `json:"prefix,omitempty"`
		Columns    map[string]column `json:"columns"`
	}
	column struct {
		Type     string   `json:"type"`
		Min      string   `json:"min,omitempty"`
		Max      string   `json:"max,omitempty"`
		Nullable bool     `json:"nullable"`
		Values   []string `json:"values,omitempty"`
	}
	step struct { // what decides a step's result; resources, retries and timeouts do not
		Image   string            `json:"image,omitempty"`
		Command []string          `json:"command"`
		Args    []string          `json:"args,omitempty"`
		Env     map[string]string `json:"env,omitempty"`
		Inputs  map[string]string `json:"inputs,omitempty"`
		Outputs []string          `json:"outputs,omitempty"`
		Needs   []string          `json:"needs,omitempty"`
	}
	artifact struct {
		Step   string `json:"step"`
		Output string `json:"output"`
	}
	model struct {
		Name         string                 `json:"name"`
		Description  string                 `json:"description,omitempty"`
		Tags         map[string]string      `json:"tags,omitempty"`
		Registry     registry               `json:"registry"`
		Gates        []gate                 `json:"gates"`
		Promotion    promotion              `json:"promotion"`
		Environments map[string]environment `json:"environments"`
		Lineage      lineage                `json:"lineage"`
		Artifacts    *store                 `json:"artifacts,omitempty"`
	}
	registry struct {
		Name        string `json:"name"`
		Type        string `json:"type"`
		TrackingURI string `json:"tracking_uri,omitempty"`

		Settings map[string]string `json:"settings,omitempty"`
	}
	gate struct {
		Metric    string `json:"metric"`
		Op        string `json:"op"`
		Threshold string `json:"threshold,omitempty"`
		Min       string `json:"min,omitempty"`
		Max       string `json:"max,omitempty"`
		Baseline  string `json:"baseline,omitempty"`
		Tolerance string `json:"tolerance,omitempty"`
		Required  bool   `json:"required"`
	}
	promotion struct {
		To   []string `json:"to"`
		Mode string   `json:"mode"`
		Soak string   `json:"soak,omitempty"`
	}
	environment struct {
		PromoteFrom string   `json:"promote_from,omitempty"`
		Approvals   int64    `json:"approvals"`
		Approvers   []string `json:"approvers,omitempty"`
		Freeze      []freeze `json:"freeze,omitempty"`
	}
	freeze struct {
		Cron     string `json:"cron"`
		Duration string `json:"duration"`
		Timezone string `json:"timezone"`
	}
	lineage struct {
		Require []string `json:"require"`
	}
	store struct {
		URI string `json:"uri"`
	}
)
