package cluster

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) { templatestest.Run(t, Target{}, templatestest.Options{}) }

// TestObjects asks Kubernetes what it says to the objects of each orchestrator.
func TestObjects(t *testing.T) {
	written := map[string]string{}
	for orchestrator, want := range map[string]string{
		"airflow": "name: airflow-worker", "dagster": "name: dagster", "prefect": "name: prefect-worker", "kubeflow_pipelines": "", "argo_workflows": "", "vertex_pipelines": "",
	} {
		c := templatestest.Quickstart(t)
		c.Specs[0]["orchestrator"] = orchestrator
		if orchestrator == "vertex_pipelines" {
			c.Specs[0]["cloud"], c.Specs[0]["region"] = "google", "europe-west1"
		}
		p, faults := c.Link()
		if err := faults.Err(); err != nil {
			t.Logf("%s: %v", orchestrator, err) // linking may refuse it: then nothing is written
			continue
		}
		files, err := Target{}.Render(p)
		if err != nil {
			t.Fatal(err)
		}
		if orchestrator == "vertex_pipelines" && files != nil {
			t.Errorf("%s runs nothing in the cluster, but %d files are written", orchestrator, len(files))
		}
		all := ""
		for _, f := range files {
			all += string(f.Data)
			if !strings.HasSuffix(f.Path, "kustomization.yaml") {
				written[orchestrator+"/"+f.Path] = string(f.Data)
			}
		}
		if !strings.Contains(all, want) {
			t.Errorf("%s: lacks %q:\n%s", orchestrator, want, all)
		}
	}
	realtools.KubeValidate(t, realtools.WriteFiles(t, written)).Accept(t, "the objects")
}
