// Package promotion writes the programs that gate, register and promote models,
// with their tests, and the JSON files that tell the programs what a project
// asks for. It knows the shapes that programs/mlops/config.py reads, and the
// form of the model pin that pins.py edits; it knows no orchestrator. The pin is
// a v1 ConfigMap, and lists are those of kustomize.config.k8s.io/v1beta1.
package promotion

import (
	"embed"
	"io/fs"
	"path"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// The programs are real files, so that they are linted, typed and tested as they
// are emitted.
//
//go:embed programs/mlops programs/mlops/__init__.py programs/tests
var programs embed.FS

// Target writes the programs, and one JSON file for each model and each pipeline
// that trains.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "promotion" }

// Render returns the files. A project without pipelines and models needs none.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if len(p.Models) == 0 && len(p.Pipelines) == 0 {
		return nil, nil
	}
	w := writer{p: p}
	w.programs()
	w.yaml("mlops/kustomization.yaml", tree.Managed, w.programMap())
	for _, pl := range p.Pipelines {
		w.json("pipelines/"+pl.Name+"/pipeline.json", w.pipeline(pl))
	}
	for _, m := range p.Models {
		folder := "models/" + m.Name + "/"
		w.json(folder+"model.json", struct {
			Version int `json:"version"`
			model
		}{1, modelOf(p, m)})
		w.yaml(folder+"kustomization.yaml", tree.Managed, pinList(p, m))
		for _, environment := range p.Destinations(m) {
			w.yaml(folder+environment+".yaml", tree.Seeded, newPin(p, m.Name, environment))
		}
	}
	return w.files, w.err
}

// writer gathers files and the first error.
type writer struct {
	p     *spec.Project
	files []tree.File
	err   error
}

func (w *writer) add(name string, data []byte, class tree.Class, err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: name, Data: data, Class: class})
}

func (w *writer) json(name string, v any) {
	data, err := encode.JSON(v)
	w.add(name, data, tree.Managed, err)
}

func (w *writer) yaml(name string, class tree.Class, v any) {
	data, err := encode.YAMLWith(encode.Options{Header: class == tree.Managed}, v)
	w.add(name, data, class, err)
}

func (w *writer) programs() {
	err := fs.WalkDir(programs, "programs", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := programs.ReadFile(name)
		if path.Ext(name) == ".yaml" {
			data = append([]byte(encode.Header+"\n"), data...)
		}
		w.add(strings.TrimPrefix(name, "programs/"), data, tree.Managed, err)
		return err
	})
	if err != nil && w.err == nil {
		w.err = err
	}
}

// modules lists the programs themselves, sorted.
func (w *writer) modules() []string {
	var out []string
	for _, f := range w.files {
		if folder, name := path.Split(f.Path); folder == "mlops/" && strings.HasSuffix(name, ".py") {
			out = append(out, name)
		}
	}
	return out
}

// programMap is the ConfigMap that pods run the programs from. Its name carries no
// hash, since objects of several folders refer to it; who includes the folder sets
// the namespace.
func (w *writer) programMap() kustomization {
	return kustomization{
		APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization",
		Generators: []generator{{Name: "mlops-programs", Files: w.modules()}},
		Options:    &options{NoHash: true, Labels: w.p.Labels("mlops-programs"), Annotations: w.p.Annotations()},
	}
}

// pinList lets the overlays of endpoints read all pins of a model.
func pinList(p *spec.Project, m *spec.Model) kustomization {
	k := kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization"}
	for _, environment := range p.Destinations(m) {
		k.Resources = append(k.Resources, environment+".yaml")
	}
	return k
}

// newPin pins nothing. It carries no labels: it is never applied to a cluster, and
// as a seeded file it would not follow a change of them.
func newPin(p *spec.Project, model, environment string) configMap {
	return configMap{
		APIVersion: "v1", Kind: "ConfigMap",
		Metadata: metadata{Name: model + "-" + environment, Annotations: map[string]string{"config.kubernetes.io/local-config": "true"}},
		Data:     pinData{Model: model, Environment: environment, Version: "0", URI: p.ModelURI(model, "0"), Stop: "true"},
	}
}

// The part of kustomize.config.k8s.io/v1beta1 and v1 this package writes, in output order.
type (
	kustomization struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Resources  []string    `yaml:"resources,omitempty"`
		Generators []generator `yaml:"configMapGenerator,omitempty"`
		Options    *options    `yaml:"generatorOptions,omitempty"`
	}
	generator struct {
		Name  string   `yaml:"name"`
		Files []string `yaml:"files"`
	}
	options struct {
		NoHash      bool              `yaml:"disableNameSuffixHash"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	configMap struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Data       pinData  `yaml:"data"`
	}
	metadata struct {
		Name        string            `yaml:"name"`
		Annotations map[string]string `yaml:"annotations,omitempty"`
	}
	pinData struct {
		Model       string `yaml:"model"`
		Environment string `yaml:"environment"`
		Version     string `yaml:"version"`
		URI         string `yaml:"uri"`
		RunID       string `yaml:"run_id"`
		Digest      string `yaml:"digest"`
		Stop        string `yaml:"stop"`
	}
)
