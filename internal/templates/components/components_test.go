package components

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// linked is the quickstart without the kinds, after a change of its platform.
func linked(t *testing.T, change func(platform map[string]any), without ...string) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs = slices.DeleteFunc(c.Specs, func(s map[string]any) bool {
		kind, _ := s["kind"].(string)
		return slices.Contains(without, kind)
	})
	for _, s := range c.Specs {
		if s["kind"] == "platform" && change != nil {
			change(s)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// listening is the quickstart with a pipeline that drift starts.
func listening(t *testing.T) *spec.Project {
	t.Helper()
	p := linked(t, nil)
	p.Pipelines[0].Triggers.Drift = &spec.DriftTrigger{Endpoint: "fraud-score"}
	return p
}

func TestOf(t *testing.T) {
	set := func(attr string, v any) func(map[string]any) { return func(s map[string]any) { s[attr] = v } }
	for name, c := range map[string]struct {
		project *spec.Project
		want    string
	}{
		"everything":    {linked(t, nil), "prometheus cert-manager keda argo-workflows kserve mlflow opencost"},
		"no endpoint":   {linked(t, nil, "endpoint"), "prometheus argo-workflows mlflow opencost"},
		"no pipeline":   {linked(t, nil, "endpoint", "pipeline"), "prometheus mlflow opencost"},
		"nothing":       {linked(t, set("observability", map[string]any{"metrics": []any{}, "cost": []any{}}), "endpoint", "pipeline", "registered_model", "model_registry"), ""},
		"one is there":  {linked(t, set("packages", map[string]any{"keda": map[string]any{"existing": true}})), "prometheus cert-manager argo-workflows kserve mlflow opencost"},
		"events":        {listening(t), "prometheus cert-manager keda argo-workflows argo-events kserve mlflow opencost"},
		"other version": {linked(t, set("packages", map[string]any{"opencost": map[string]any{"version": "9.9.9"}})), "prometheus cert-manager keda argo-workflows kserve mlflow opencost"},
	} {
		var got []string
		for _, component := range Of(c.project) {
			got = append(got, component.Name)
			if wanted := c.project.Platform.Packages[component.Package].Version; wanted != "" && component.Charts[0].Version != wanted {
				t.Errorf("%s: %s has version %s, want %s", name, component.Name, component.Charts[0].Version, wanted)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// TestAll keeps the table whole: each component that users may name is deployed, or
// refused by Faults.
func TestAll(t *testing.T) {
	known := map[string]bool{"argo_cd": true, "grafana": true}
	for _, c := range all() {
		known[c.Package] = true
		if !slices.IsSortedFunc(c.Charts, func(a, b Chart) int { return a.Wave - b.Wave }) {
			t.Errorf("%s: charts are not in the order of their waves", c.Name)
		}
	}
	for _, name := range spec.Components {
		if !known[name] {
			t.Errorf("packages.%s is neither deployed nor refused", name)
		}
	}
}
