// Package lakefs writes what people must know of the lakeFS data that pipelines read:
// docs/lakefs.md. The programs that read it, and the pins, are promotion's; the stages
// of a local run are dvc's. lakeFS keeps hooks in its own repositories, not in Git, so
// none are written. API: /api/v1 of lakeFS 1.80 (api/swagger.yml).
package lakefs

import (
	"bytes"
	_ "embed"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes the document.
type Target struct{}

// Name is the folder of this package.
func (Target) Name() string { return "lakefs" }

//go:embed lakefs.md.tmpl
var text string

var document = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Option("missingkey=error").Funcs(template.FuncMap{"code": encode.MarkdownCode}).Parse(text))
})

// Render returns docs/lakefs.md where a pipeline reads from lakeFS.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	var rows []row
	for _, d := range p.Read() {
		if d.LakeFS != nil {
			rows = append(rows, rowOf(d))
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	var out bytes.Buffer
	if err := document().Execute(&out, struct {
		Rows      []row
		Namespace string
		Variables []string
	}{rows, p.TrainingNamespace(), spec.LakeFSVariables}); err != nil {
		return nil, err
	}
	return []tree.File{{Path: "docs/lakefs.md", Data: out.Bytes()}}, nil
}

func rowOf(d *spec.Dataset) row {
	out := row{Name: d.Name, Server: d.LakeFS.Endpoint, Repository: d.LakeFS.Repository, Ref: d.LakeFS.Ref, Path: d.LakeFS.Path}
	if d.LakeFS.Credentials != nil {
		out.Secret = d.LakeFS.Credentials.Secret
	}
	return out
}

// row is a dataset in the document.
type row struct{ Name, Server, Repository, Ref, Path, Secret string }
