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
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/trackers"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// The programs are real files, so that they are linted, typed and tested as they
// are emitted.
//
//go:embed programs/mlops programs/mlops/__init__.py programs/tests programs/lineage
var programs embed.FS

// GateCases is the conformance table of the gate: JSON, a list of metric files with
// what every orchestrator's gate must do with them. Package gatetest reads it.
//
//go:embed programs/tests/gate_cases.json
var GateCases []byte

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
	w.pins()
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
		if err != nil || d.IsDir() || !w.used(path.Base(name)) {
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

// used tells whether a project needs a file: of the modules for registries, it has
// those of its own systems, and MLflow's for laptops.
func (w *writer) used(name string) bool {
	if kinds, some := kindsOf[name]; some {
		return w.reads(kinds)
	}
	clients := trackers.Clients(w.p)
	if name == "stored.py" { // what the registries share that keep files in buckets
		return slices.Contains(clients, "sagemaker") || slices.Contains(clients, "vertex")
	}
	system, isRegistry := strings.CutPrefix(strings.TrimSuffix(name, ".py"), "registry_")
	return !isRegistry || system == "mlflow" || slices.Contains(clients, system)
}

// kindsOf says which kinds of datasets need a module, or a test of it.
var kindsOf = map[string][]string{
	"pin.py": {"dvc", "lakefs"}, "fetch_bucket.py": {"dvc", "bucket"}, "fetch_dvc.py": {"dvc"}, "fetch_lakefs.py": {"lakefs"}, "lakefs.py": {"lakefs"},
	"test_fetch_bucket.py": {"bucket"}, "test_fetch_dvc.py": {"dvc"}, "test_fetch_lakefs.py": {"lakefs"},
}

// reads reports whether a pipeline reads a dataset of some kinds.
func (w *writer) reads(kinds []string) bool {
	return slices.ContainsFunc(w.p.Read(), func(d *spec.Dataset) bool { return slices.Contains(kinds, d.Source()) })
}

// modules lists the programs that pods run, sorted: a run is started from outside.
func (w *writer) modules() []string {
	var out []string
	for _, f := range w.files {
		if folder, name := path.Split(f.Path); folder == "mlops/" && strings.HasSuffix(name, ".py") && name != "start.py" {
			out = append(out, name)
		}
	}
	return out
}

// programMap is the ConfigMap that pods run the programs from. Its name carries no
// hash, since objects of several folders refer to it; who includes the folder sets
// the namespace.
func (w *writer) programMap() kustomization {
	out := w.configMap(w.modules())
	if w.reads([]string{"dvc", "lakefs"}) {
		out.Resources, out.Generators[0].Behavior = []string{"../data"}, "merge"
	}
	return out
}

func (w *writer) configMap(files []string) kustomization {
	return kustomization{
		APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization",
		Generators: []generator{{Name: "mlops-programs", Files: files}},
		Options:    &options{NoHash: true, Labels: w.p.Labels("mlops-programs"), Annotations: w.p.Annotations()},
	}
}

// pins seeds the file that says which bytes the revision of a dataset is, and brings it
// to the pods beside the programs: kustomize takes files from below a folder only, so
// it stands in data/ as a part of the programs' ConfigMap.
func (w *writer) pins() {
	var files []string
	for _, d := range w.p.Read() {
		if !d.Pinned() {
			continue
		}
		name := d.Name + ".pin.json"
		data, err := encode.JSON(emptyPin(d))
		w.add("data/"+name, data, tree.Seeded, err)
		files = append(files, name)
	}
	if len(files) > 0 {
		w.yaml("data/kustomization.yaml", tree.Managed, w.configMap(files))
	}
}

// emptyPin is refused by every program until `make pin-<dataset>` has filled it.
func emptyPin(d *spec.Dataset) any {
	if d.DVC != nil {
		return dvcPin{Kind: "dvc", Path: "data/" + d.DVC.Path, Revision: d.DVC.Revision, Version: 1}
	}
	return lakeFSPin{Kind: "lakefs", Repository: d.LakeFS.Repository, Revision: d.LakeFS.Ref, Version: 1}
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
		Name     string   `yaml:"name"`
		Behavior string   `yaml:"behavior,omitempty"`
		Files    []string `yaml:"files"`
	}
	dvcPin struct { // as programs/mlops/pin.py writes it
		Commit   string `json:"commit"`
		Kind     string `json:"kind"`
		MD5      string `json:"md5"`
		Path     string `json:"path"`
		Revision string `json:"revision"`
		Size     int    `json:"size"`
		Version  int    `json:"version"`
	}
	lakeFSPin struct {
		Commit     string `json:"commit"`
		Kind       string `json:"kind"`
		Repository string `json:"repository"`
		Revision   string `json:"revision"`
		Version    int    `json:"version"`
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
