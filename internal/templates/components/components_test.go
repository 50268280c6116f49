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

// TestOf_full: what secrets and a queue need is deployed unless it is there.
func TestOf_full(t *testing.T) {
	for existing, want := range map[bool]string{false: "prometheus cert-manager external-secrets kueue argo-workflows kserve mlflow opencost", true: "prometheus cert-manager argo-workflows kserve mlflow opencost"} {
		c := templatestest.Full(t)
		c.Object(t, spec.KindPlatform, "fraud")["packages"] = map[string]any{
			"keda": map[string]any{"existing": true}, "kueue": map[string]any{"existing": existing}, "external_secrets": map[string]any{"existing": existing},
		}
		p, faults := c.Link()
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, component := range Of(p) {
			got = append(got, component.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("existing %t: %v, want %s", existing, got, want)
		}
	}
}

// TestFolders: each is there for what needs it, and for nothing else.
func TestFolders(t *testing.T) {
	names := func(p *spec.Project) string {
		var out []string
		for _, f := range Folders(p) {
			out = append(out, f.Name)
		}
		return strings.Join(out, " ")
	}
	p := linked(t, nil)
	if got := names(p); got != "" {
		t.Errorf("the quickstart has %s", got)
	}
	karpenter := &spec.AWSPool{Provisioner: "karpenter"}
	for _, tt := range []struct {
		cloud, queueing, sharing string
		capacity                 []string
		aws                      *spec.AWSPool
		want                     string
	}{
		{"local", "none", "none", []string{"spot", "on_demand"}, nil, ""},
		{"local", "kueue", "mps", nil, nil, "queues gpu-sharing"},
		{"kubernetes", "none", "mig", nil, nil, "queues"},
		{"aws", "none", "none", []string{"spot", "on_demand"}, nil, "cluster-autoscaler"},
		{"aws", "none", "none", []string{"spot"}, nil, ""},
		{"aws", "none", "time_slicing", []string{"spot", "on_demand"}, karpenter, "karpenter gpu-sharing"},
		{"google", "none", "time_slicing", []string{"spot", "on_demand"}, nil, ""},
		{"azure", "none", "time_slicing", []string{"spot", "on_demand"}, nil, "gpu-sharing cluster-autoscaler"},
	} {
		p.Platform.Cloud, p.Platform.Queueing = tt.cloud, tt.queueing
		capacity := tt.capacity
		if capacity == nil {
			capacity = []string{"on_demand"}
		}
		p.GPUPools = []*spec.GPUPool{{Name: "l4", Capacity: capacity, Sharing: &spec.Sharing{Strategy: tt.sharing}, AWS: tt.aws}}
		if got := names(p); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
	p.Platform.Cloud, p.GPUPools = "local", nil
	for _, tt := range []struct {
		secret spec.Secret
		want   string
	}{
		{spec.Secret{Name: "a"}, ""},
		{spec.Secret{Name: "a", Sync: &spec.Sync{}}, ""},
		{spec.Secret{Name: "a", Existing: "b", Sync: &spec.Sync{Namespaces: []string{"x"}}}, ""},
		{spec.Secret{Name: "a", Sync: &spec.Sync{Namespaces: []string{"x"}}}, "secrets"},
	} {
		p.Secrets = []*spec.Secret{&tt.secret}
		if got := names(p); got != tt.want {
			t.Errorf("%+v: %q", tt.secret, got)
		}
	}
}

// TestFaults: words on charts that this platform never deploys.
func TestFaults(t *testing.T) {
	for name, want := range map[string]string{"external_secrets": "there is no secret_store", "kueue": "queueing is \"none\""} {
		p := linked(t, func(s map[string]any) { s["packages"] = map[string]any{name: map[string]any{"version": "9.9.9"}} })
		if err := Faults(p).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		p.Platform.SecretStore, p.Platform.Queueing = "vault", "kueue"
		if err := Faults(p).Err(); err != nil {
			t.Errorf("%s: %v", name, err)
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
