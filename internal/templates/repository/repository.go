// Package repository writes what every emitted repository has at its root: the
// README, the Makefile, code owners, and the settings of the tools that check the
// files. It knows what the other targets write only as paths of the layout in
// DESIGN.md. Sources: POSIX.1-2017 make, GitHub's CODEOWNERS, Renovate 41
// (managerFilePatterns), yamllint 1.37, pre-commit 4.
package repository

import (
	"bytes"
	"embed"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

//go:embed *.tmpl requirements*.in requirements*.txt pyproject.toml gitignore
var sources embed.FS

var texts = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"md": encode.Markdown, "code": encode.MarkdownCode, "mermaid": encode.Mermaid, "sh": makeWord,
	}).ParseFS(sources, "*.tmpl"))
})

// makeWord writes one word of a shell inside a recipe.
func makeWord(text string) (string, error) { return encode.Make(encode.Shell(text)) }

// Target writes the files at the repository's root.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "repository" }

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	w := writer{}
	w.text("README.md", "README.md.tmpl", readmeOf(p))
	w.text("Makefile", "Makefile.tmpl", makefileOf(p))
	if owners := ownersOf(p); len(owners) > 0 {
		w.text("CODEOWNERS", "CODEOWNERS.tmpl", owners)
	}
	w.embedded("requirements.in", "requirements.in")
	w.embedded("requirements.txt", "requirements.txt")
	for _, client := range trackers.Locks(p) {
		w.embedded("requirements-"+client+".in", "requirements-"+client+".in")
		w.embedded("requirements-"+client+".txt", "requirements-"+client+".txt")
	}
	for _, lock := range deployers(p) {
		w.embedded(strings.TrimSuffix(lock, ".txt")+".in", strings.TrimSuffix(lock, ".txt")+".in")
		w.embedded(lock, lock)
	}
	w.embedded("pyproject.toml", "pyproject.toml")
	w.embedded(".gitignore", "gitignore")
	w.data("renovate.json", encode.JSON, renovateOf())
	w.data(".yamllint.yaml", func(v any) ([]byte, error) { return encode.YAML(v) }, yamllint())
	w.data(".pre-commit-config.yaml", func(v any) ([]byte, error) { return encode.YAML(v) }, hooks())
	return w.files, w.err
}

// deployers are the locks of what CI deploys pipelines with in an environment of its own.
func deployers(p *spec.Project) []string {
	var out []string
	for _, pl := range p.Pipelines {
		if lock := taskgraph.StarterOf(p, pl).Lock; lock != "" {
			out = append(out, lock)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// writer gathers files and the first error.
type writer struct {
	files []tree.File
	err   error
}

func (w *writer) add(path string, data []byte, err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: path, Data: data})
}

func (w *writer) text(path, name string, data any) {
	var out bytes.Buffer
	err := texts().ExecuteTemplate(&out, name, data)
	w.add(path, append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), err)
}

func (w *writer) embedded(path, name string) {
	data, err := sources.ReadFile(name)
	w.add(path, data, err)
}

func (w *writer) data(path string, encoder func(any) ([]byte, error), v any) {
	data, err := encoder(v)
	w.add(path, data, err)
}
