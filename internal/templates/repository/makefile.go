package repository

import (
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
)

func makefileOf(p *spec.Project) makefile {
	m := makefile{Header: encode.Header, Samples: samples(p), Workflows: p.Platform.CI == "github_actions"}
	for _, client := range trackers.Locks(p) {
		m.Locks = append(m.Locks, "requirements-"+client+".txt")
	}
	for _, pl := range p.Pipelines {
		m.Pipelines = append(m.Pipelines, trainingOf(p, pl))
	}
	m.Pins = pins(p)
	for _, model := range p.Models {
		m.Models = append(m.Models, promotingOf(p, model))
	}
	return m
}

// pins lists the datasets whose version a file of Git says, each with the first
// pipeline that reads it.
func pins(p *spec.Project) []pinning {
	var out []pinning
	done := map[string]bool{}
	for _, pl := range p.Pipelines {
		for _, d := range p.Reads(pl) {
			if d.Pinned() && !done[d.Name] {
				done[d.Name] = true
				out = append(out, pinning{Name: d.Name, Target: "pin-" + d.Name, Folder: "pipelines/" + pl.Name, Help: "pin its revision to the bytes it means now"})
			}
		}
	}
	return out
}

func trainingOf(p *spec.Project, pl *spec.Pipeline) training {
	t := training{Name: pl.Name, Target: "train-" + pl.Name, Folder: "pipelines/" + pl.Name, Help: "run its steps"}
	if pl.Trains == nil {
		return t
	}
	step, output, _ := strings.Cut(pl.Trains.Artifact, ".")
	t.Trains, t.Model = true, pl.Trains.Model
	t.Help = fmt.Sprintf("train %s, apply its gates, register it", pl.Trains.Model)
	t.Artifact = produced(pl, step, output)
	t.Verdict = produced(pl, "gate", "verdict.json")
	for _, d := range p.Reads(pl) {
		if d.Local == nil {
			t.Versions += " --data-versions " + produced(pl, "mlops-data", d.Name+".version.json")
		}
	}
	if pl.Trains.Metrics != "" {
		t.Metrics = " --metrics " + produced(pl, pl.Trains.Metrics, "metrics.json")
	}
	return t
}

// produced is where a local run leaves an output, as in the dvc.yaml that target dvc writes.
func produced(pl *spec.Pipeline, step, output string) string {
	return "runs/" + pl.Name + "/" + step + "/" + output
}

func promotingOf(p *spec.Project, m *spec.Model) promoting {
	out := promoting{Name: m.Name, Target: "promote-" + m.Name, Folder: "models/" + m.Name}
	out.Rollback, out.RollbackHelp = "rollback-"+m.Name, "make the previous champion the champion again"
	if to := p.Destinations(m); len(to) > 0 {
		out.First = to[0]
		out.Help = fmt.Sprintf("pin a version: ENVIRONMENT=%s [VERSION=7]", strings.Join(to, "|"))
	}
	return out
}

// samples lists the files that a fresh clone needs to train at once, with the seeded
// module that writes them: CSV files that pipelines read.
func samples(p *spec.Project) []sample {
	if p.Repository.Starter != "sklearn" {
		return nil
	}
	var out []sample
	done := map[string]bool{}
	for _, pl := range p.Pipelines {
		from := packageOf(pl)
		for _, name := range datasetsOf(pl) {
			d := p.Dataset(name)
			if from == "" || done[name] || d.Local == nil || !strings.HasSuffix(d.Local.Path, ".csv") {
				continue
			}
			done[name] = true
			out = append(out, sample{d.Local.Path, from + ".example_data"})
		}
	}
	return out
}

// packageOf is the package of the first step that runs the team's code.
func packageOf(pl *spec.Pipeline) string {
	for _, name := range pl.StepNames() {
		if module, sound := pl.Steps[name].Module(); sound {
			return module[:strings.LastIndexByte(module, '.')]
		}
	}
	return ""
}

// What Makefile.tmpl and README.md.tmpl take.
type (
	makefile struct {
		Header    string
		Samples   []sample
		Pipelines []training
		Models    []promoting
		Workflows bool
		Pins      []pinning
		Locks     []string // of the clients of trackers, beside requirements.txt
	}
	training struct {
		Name, Target, Folder, Help string

		Trains                            bool
		Model, Artifact, Metrics, Verdict string
		Versions                          string
	}
	pinning   struct{ Name, Target, Folder, Help string }
	promoting struct {
		Name, Target, Folder, First, Help string
		Rollback, RollbackHelp            string
	}
	sample struct{ Path, Module string }
)
