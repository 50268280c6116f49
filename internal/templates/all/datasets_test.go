package all_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// reading is the README's example with data of a kind, in an orchestrator.
func reading(t *testing.T, kind, orchestrator string) *templatestest.Case {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Object(t, spec.KindPlatform, "fraud")["orchestrator"] = orchestrator
	delete(c.Object(t, spec.KindEndpoint, "fraud-score"), "monitors")
	d := c.Object(t, spec.KindDataset, "transactions")
	delete(d, "local")
	d[kind] = map[string]map[string]any{
		"bucket": {"name": "fraud-artifacts", "prefix": "transactions/"},
		"dvc":    {"bucket": "fraud-artifacts", "path": "transactions", "revision": "v1.4"},
		"lakefs": {"endpoint": "https://lakefs.example.com", "repository": "payments", "ref": "main", "path": "transactions/"},
	}[kind]
	return c
}

// TestDatasets: every orchestrator of the cluster reads data of every kind, and what is
// emitted for it stands in the file that starts the run.
func TestDatasets(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"bucket", "dvc", "lakefs"} {
		for _, orchestrator := range []string{"argo_workflows", "kubeflow_pipelines", "prefect", "dagster"} {
			files := render(t, reading(t, kind, orchestrator))
			text := ""
			for _, f := range files.Files() {
				if strings.HasPrefix(f.Path, "pipelines/train/") && !strings.HasSuffix(f.Path, "pipeline.json") && !strings.HasSuffix(f.Path, "dvc.yaml") {
					text += string(f.Data)
				}
			}
			if !strings.Contains(text, "transactions=") && !strings.Contains(text, "mlops-data") {
				t.Errorf("%s does not fetch data of kind %s", orchestrator, kind)
			}
			if orchestrator != "argo_workflows" {
				continue
			}
			dir := checkout(t, files)
			realtools.Yamllint(t, dir).Accept(t, "yamllint")
			realtools.Ruff(t, dir).Accept(t, "ruff")
			realtools.Kustomize(t, filepath.Join(dir, "platform", "base")).Accept(t, "kustomize build platform/base")
			help := realtools.Run(t, "make", dir, nil, "make", "help")
			help.Accept(t, "make help")
			if pinned := kind != "bucket"; strings.Contains(help.Out, "make pin-transactions") != pinned {
				t.Errorf("%s: there is a target pin-transactions, or there is none: %s", kind, help.Out)
			}
		}
	}
}

// TestDatasets_drift: the drift job reads files of the repository only, and says so.
func TestDatasets_drift(t *testing.T) {
	t.Parallel()
	c := reading(t, "dvc", "argo_workflows")
	c.Object(t, spec.KindEndpoint, "fraud-score")["monitors"] = map[string]any{"drift": map[string]any{"dataset": "transactions"}}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, p, "must be a local CSV file")
}

func expectRefusal(t *testing.T, p *spec.Project, text string) {
	t.Helper()
	if _, err := templates.Render(all.Targets(), p); err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error is %v, want %q", err, text)
	}
}
