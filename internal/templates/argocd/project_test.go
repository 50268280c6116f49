package argocd

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestDuration(t *testing.T) {
	for d, want := range map[spec.Duration]string{"62h": "62h", "2d": "48h", "1w": "168h", "90m": "1h30m0s", "45s": "45s"} {
		if got := duration(d); got != want {
			t.Errorf("duration(%q) = %q, want %q", d, got, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{"{{ x }}": `{{ "{{" }} x }}`, "}}": "}}", "{{{": `{{ "{{" }}{`} {
		if got := literal(text); got != want {
			t.Errorf("literal(%q) = %q, want %q", text, got, want)
		}
	}
}

// rendered joins all files of the quickstart after a change of its platform.
func rendered(t *testing.T, change func(*templatestest.Case, map[string]any)) (string, error) {
	t.Helper()
	c := templatestest.Quickstart(t)
	for _, s := range c.Specs {
		if s["kind"] == "platform" {
			change(c, s)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Target{}.Render(p)
	var b strings.Builder
	for _, f := range files {
		b.WriteString("== " + f.Path + "\n" + string(f.Data))
	}
	return b.String(), err
}

func TestMonorepo(t *testing.T) {
	text, err := rendered(t, func(c *templatestest.Case, _ map[string]any) { c.Repository.Path = "teams/fraud" })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"path: teams/fraud/clusters\n", "path: teams/fraud/platform/base\n", "path: teams/fraud/pipelines\n", "path: teams/fraud/monitoring/*\n",
		"path: teams/fraud/endpoints/*/overlays/staging\n", "name: fraud-staging.{{ index .path.segments 3 }}.endpoint", "- $values/teams/fraud/platform/mlflow/values.yaml",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q", want)
		}
	}
}

func TestPackages(t *testing.T) {
	for _, c := range []struct {
		packages map[string]any
		want     string // in the files
		fault    string
	}{
		{map[string]any{"mlflow": map[string]any{"values": "replicaCount: 1 # one\n"}}, "DO NOT EDIT.\nreplicaCount: 1 # one\n", ""},
		{map[string]any{"mlflow": map[string]any{"values": "- a\n"}}, "", `packages["mlflow"].values: must be one YAML mapping`},
		{map[string]any{"mlflow": map[string]any{"values": "a: 1\n---\nb: 2\n"}}, "", "more than one document"},
		{map[string]any{"mlflow": map[string]any{"values": "a: [\n"}}, "", "must be one YAML mapping"},
		{map[string]any{"kserve": map[string]any{"version": "v0.21.0"}}, "chart: kserve-runtime-configs\n      targetRevision: v0.21.0\n", ""},
		{map[string]any{"argo_cd": map[string]any{"version": "10.1.2"}}, "", `packages["argo_cd"]: Argo CD is what deploys this repository`},
		{map[string]any{"grafana": map[string]any{"values": "{}"}}, "", "Grafana comes with the chart of prometheus"},
	} {
		text, err := rendered(t, func(_ *templatestest.Case, s map[string]any) { s["packages"] = c.packages })
		if (err == nil) != (c.fault == "") || (err != nil && !strings.Contains(err.Error(), c.fault)) || !strings.Contains(text, c.want) {
			t.Errorf("%v: %v, want fault %q and %q", c.packages, err, c.fault, c.want)
		}
	}
}

// TestFolders: what stands between the charts and the pipelines is deployed, its project
// lets it, and it goes when it is no longer written.
func TestFolders(t *testing.T) {
	c := templatestest.Full(t)
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, f := range files {
		text[f.Path] = string(f.Data)
	}
	for file, wants := range map[string][]string{
		"clusters/platform/queues.yaml":      {"path: platform/queues\n", "finalizers:\n    - resources-finalizer.argocd.argoproj.io\n", "argocd.argoproj.io/sync-wave: \"0\"\n"},
		"clusters/platform/secrets.yaml":     {"path: platform/secrets\n"},
		"clusters/platform/gpu-sharing.yaml": {"path: platform/gpu-sharing\n"},
		"clusters/platform/project.yaml":     {"namespace: gpu-operator\n", "group: kueue.x-k8s.io\n      kind: ClusterQueue\n", "- https://charts.external-secrets.io\n", "- registry.k8s.io/kueue/charts\n"},
		"clusters/platform/packages.yaml":    {"chart: external-secrets\n", "chart: kueue\n", "$values/platform/kueue/values.yaml\n"},
	} {
		for _, want := range wants {
			if !strings.Contains(text[file], want) {
				t.Errorf("%s lacks %q:\n%s", file, want, text[file])
			}
		}
	}
}

func TestExistingComponent(t *testing.T) {
	text, err := rendered(t, func(_ *templatestest.Case, s map[string]any) {
		s["packages"] = map[string]any{"mlflow": map[string]any{"existing": true}, "cert_manager": map[string]any{"existing": true}}
	})
	for _, gone := range []string{"chart: mlflow", "chart: cert-manager", "platform/cert-manager"} {
		if err != nil || strings.Contains(text, gone) {
			t.Errorf("still holds %q: %v", gone, err)
		}
	}
}
