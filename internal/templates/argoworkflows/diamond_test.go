package argoworkflows

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestDiamond: Argo takes the pipeline that orchestrators differ in, and its pods have
// the pool's place, the identity's account and the secret's object.
func TestDiamond(t *testing.T) {
	p, faults := templatestest.Diamond(t).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render([]templates.Target{Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	realtools.ArgoLint(t, ".", workflows(t, files)...).Accept(t, "argo lint")
	var wf struct {
		Spec struct {
			Account   string `yaml:"serviceAccountName"`
			Templates []struct {
				Name        string            `yaml:"name"`
				Selector    map[string]string `yaml:"nodeSelector"`
				Tolerations []map[string]any  `yaml:"tolerations"`
				Container   struct {
					Env []map[string]any `yaml:"env"`
				} `yaml:"container"`
			} `yaml:"templates"`
		} `yaml:"spec"`
	}
	for _, f := range files.Files() {
		if strings.HasSuffix(f.Path, "/serviceaccount.yaml") {
			t.Errorf("%s: the identity's service account is not written here", f.Path)
		}
		if strings.HasSuffix(f.Path, "/workflowtemplate.yaml") {
			if err := yaml.Unmarshal(f.Data, &wf); err != nil {
				t.Fatal(err)
			}
		}
	}
	if wf.Spec.Account != "trainer" {
		t.Errorf("the pods run as %q, want the identity's service account", wf.Spec.Account)
	}
	placed := 0
	for _, tmpl := range wf.Spec.Templates {
		if len(tmpl.Selector) == 0 {
			continue
		}
		placed++
		selector, tolerations := p.Place(p.Pipelines[0].Steps["train"].Resources, "train-l4")
		if tmpl.Name != "train" || !reflect.DeepEqual(tmpl.Selector, selector) || len(tmpl.Tolerations) != len(tolerations) || tmpl.Tolerations[1]["value"] != "training" {
			t.Errorf("%s is placed on %v %v, want %v %v", tmpl.Name, tmpl.Selector, tmpl.Tolerations, selector, tolerations)
		}
		ref := map[string]any{"name": "API_KEY", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "tracker-credentials", "key": "api_key"}}}
		found := false
		for _, env := range tmpl.Container.Env {
			found = found || reflect.DeepEqual(env, ref)
		}
		if !found {
			t.Errorf("%s has no %v in %v", tmpl.Name, ref, tmpl.Container.Env)
		}
	}
	if placed != 1 {
		t.Errorf("%d pods are placed, want one", placed)
	}
}
