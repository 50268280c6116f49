package repository

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// picture shows which data trains which model for which endpoint.
func picture(p *spec.Project) ([]node, []edge) {
	g := graph{ids: map[string]string{}}
	for _, pl := range p.Pipelines {
		for _, name := range datasetsOf(pl) {
			g.edge(g.node("d", name, "[(", ")]"), g.node("p", pl.Name, "[", "]"), "")
		}
		id := g.node("p", pl.Name, "[", "]")
		if pl.Trains != nil {
			g.edge(id, g.node("m", pl.Trains.Model, "([", "])"), "gates")
		}
	}
	for _, m := range p.Models {
		g.node("m", m.Name, "([", "])")
	}
	if len(p.Endpoints) > drawable {
		g.fleet(p)
		return g.nodes, g.edges
	}
	for _, e := range p.Endpoints {
		id := g.node("e", e.Name, "{{", "}}")
		g.edge(g.node("m", e.Model, "([", "])"), id, strings.Join(p.EnvironmentsOf(e), ", "))
		if e.Monitors != nil && e.Monitors.Drift != nil && e.Monitors.Drift.Retrain != "" {
			g.edge(id, g.node("p", e.Monitors.Drift.Retrain, "[", "]"), "drift")
		}
	}
	return g.nodes, g.edges
}

// drawable is how many endpoints a picture can show; GitHub draws no more than 500
// edges at all.
const drawable = 30

// fleet draws one node for all endpoints of a model.
func (g *graph) fleet(p *spec.Project) {
	served := map[string]int{}
	for _, e := range p.Endpoints {
		served[e.Model]++
	}
	for _, model := range sorted(served) {
		id := g.node("e", fmt.Sprintf("%d endpoints of %s", served[model], model), "{{", "}}")
		g.edge(g.node("m", model, "([", "])"), id, "")
	}
}

func datasetsOf(pl *spec.Pipeline) []string {
	read := map[string]bool{}
	for _, s := range pl.Steps {
		for _, from := range s.Inputs {
			if source, name, _ := strings.Cut(from, "."); source == "dataset" {
				read[name] = true
			}
		}
	}
	return sorted(read)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

type graph struct {
	ids   map[string]string
	nodes []node
	edges []edge
}

// node returns the id of a node, whose label is user text.
func (g *graph) node(kind, label, open, shut string) string {
	id, known := g.ids[kind+label]
	if !known {
		id = kind + strconv.Itoa(len(g.ids))
		g.ids[kind+label] = id
		g.nodes = append(g.nodes, node{id, open, label, shut})
	}
	return id
}

func (g *graph) edge(from, to, label string) { g.edges = append(g.edges, edge{from, to, label}) }

type (
	node struct{ ID, Open, Label, Close string }
	edge struct{ From, To, Label string }
)
