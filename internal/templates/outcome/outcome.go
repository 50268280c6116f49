// Package outcome gathers what a target writes: files, what it refuses, and the first
// failure. It knows no system.
package outcome

import (
	"io/fs"
	"strings"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Outcome is empty at first.
type Outcome struct {
	Faults spec.Faults
	files  []tree.File
	err    error
}

// Files are what a target's Render returns: all that was added, unless something is
// refused or failed.
func (o *Outcome) Files() ([]tree.File, error) {
	switch {
	case o.Faults.Err() != nil:
		return nil, o.Faults
	case o.err != nil:
		return nil, o.err
	}
	return o.files, nil
}

// Fail keeps the first failure.
func (o *Outcome) Fail(err error) {
	if err != nil && o.err == nil {
		o.err = err
	}
}

// Add adds a file, unless making it failed.
func (o *Outcome) Add(path string, data []byte, err error) {
	o.Fail(err)
	o.files = append(o.files, tree.File{Path: path, Data: data})
}

// YAML adds a file of one document for each value.
func (o *Outcome) YAML(path string, docs ...any) { o.Commented(path, nil, docs...) }

// Commented adds a file of one document for each value, below a comment.
func (o *Outcome) Commented(path string, comment []string, docs ...any) {
	data, err := encode.YAMLWith(encode.Options{Header: true, Comment: comment}, docs...)
	o.Add(path, data, err)
}

// Kustomization adds the file that makes a folder one of kustomize. folder ends with a slash.
func (o *Outcome) Kustomization(folder string, resources ...string) {
	o.YAML(folder+"kustomization.yaml", kustomization{"kustomize.config.k8s.io/v1beta1", "Kustomization", resources})
}

type kustomization struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Resources  []string `yaml:"resources"`
}

// JSON adds a file.
func (o *Outcome) JSON(path string, v any) {
	data, err := encode.JSON(v)
	o.Add(path, data, err)
}

// Template adds what the template called name makes of v.
func (o *Outcome) Template(path string, texts *template.Template, name string, v any) {
	var b strings.Builder
	err := texts.ExecuteTemplate(&b, name, v)
	o.Add(path, []byte(b.String()), err)
}

// Programs adds the Python modules of programs/mlops in a file system, byte for byte.
func (o *Outcome) Programs(from fs.FS) {
	paths, err := fs.Glob(from, "programs/mlops/*.py")
	o.Fail(err)
	for _, path := range paths {
		data, err := fs.ReadFile(from, path)
		o.Add(strings.TrimPrefix(path, "programs/"), data, err)
	}
}

// Python is a literal of Python; "" when v has none, which is a failure.
func (o *Outcome) Python(v any) string {
	text, err := encode.Python(v)
	o.Fail(err)
	return text
}
