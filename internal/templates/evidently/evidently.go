// Package evidently writes what watches the data of endpoints: the programs that
// keep requests and compare them with a reference, their tests, and for each
// endpoint and environment a collector and a job. It writes v1 (Service), apps/v1
// (Deployment), batch/v1 (CronJob) and kustomize.config.k8s.io/v1beta1, and the
// config.json that programs/mlops_monitor/config.py reads. It knows no alerts: what
// is too much is for who reads the metrics. Evidently 0.7 is called by drift.py.
package evidently

import (
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// The programs are real files, so that they are linted, typed and tested as they
// are emitted.
//
//go:embed programs/mlops_monitor programs/mlops_monitor/__init__.py programs/tests
var programs embed.FS

// Target writes the programs, and a collector and a job for each monitored endpoint
// in each environment.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "evidently" }

// Render returns the files. A project without monitors needs none.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if !slices.Contains(p.Platform.Observability.Drift, "evidently") {
		return nil, nil
	}
	if faults := refuse(p); len(faults) > 0 {
		return nil, faults
	}
	monitored := slices.DeleteFunc(slices.Clone(p.Endpoints), func(e *spec.Endpoint) bool { return !signals.Monitored(e) })
	if len(monitored) == 0 {
		return nil, nil
	}
	w := writer{p: p}
	w.programs()
	for _, e := range monitored {
		for _, environment := range p.EnvironmentsOf(e) {
			w.monitor(e, environment)
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

func (w *writer) add(name string, data []byte, err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
	w.files = append(w.files, tree.File{Path: name, Data: data})
}

func (w *writer) yaml(name string, docs ...any) {
	data, err := encode.YAML(docs...)
	w.add(name, data, err)
}

const module = "mlops_monitor"

func (w *writer) programs() {
	for _, folder := range []string{module, "tests"} {
		for _, name := range names(folder) {
			data, err := programs.ReadFile(path.Join("programs", folder, name))
			w.add(path.Join(folder, name), data, err)
		}
	}
	w.yaml(module+"/kustomization.yaml", kustomization{
		APIVersion: kustomizeVersion, Kind: "Kustomization",
		Generators: []generator{{Name: programsMap, Files: names(module)}},
		Options:    &options{Labels: w.p.Labels(programsMap), Annotations: w.p.Annotations()},
	})
}

// names lists the embedded programs of a folder; ReadDir sorts them.
func names(folder string) []string {
	entries, err := programs.ReadDir(path.Join("programs", folder))
	if err != nil {
		return nil // only possible when the embed directive above is wrong, which the goldens show
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".py") {
			out = append(out, e.Name())
		}
	}
	return out
}

func (w *writer) monitor(e *spec.Endpoint, environment string) {
	folder := "monitoring/" + e.Name + "/drift/" + environment + "/"
	m := monitor{p: w.p, e: e, environment: environment, name: e.Name + "-monitor", namespace: w.p.Namespace(environment), bucket: w.p.ModelStore(e.Model).Name}
	w.yaml(folder+"monitor.yaml", m.deployment(), m.service())
	w.yaml(folder+"cronjob.yaml", m.cronJob())
	data, err := encode.JSON(m.config())
	w.add(folder+"config.json", data, err)
	w.yaml(folder+"kustomization.yaml", kustomization{
		APIVersion: kustomizeVersion, Kind: "Kustomization", Namespace: m.namespace,
		Resources:  []string{"monitor.yaml", "cronjob.yaml", "programs"},
		Generators: []generator{{Name: m.name + "-config", Files: []string{"config.json"}}},
		Options:    &options{Labels: w.p.Labels(m.name), Annotations: w.p.Annotations()},
	})
	// The endpoint's name in front keeps two endpoints of a namespace from owning
	// one object, and lets each restart when the programs change.
	w.yaml(folder+"programs/kustomization.yaml", kustomization{
		APIVersion: kustomizeVersion, Kind: "Kustomization", Prefix: e.Name + "-",
		Resources: []string{strings.Repeat("../", 5) + module},
	})
}

const (
	kustomizeVersion = "kustomize.config.k8s.io/v1beta1"
	programsMap      = "monitor-programs"
)

// The part of kustomize.config.k8s.io/v1beta1 this package writes, in output order.
type (
	kustomization struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Namespace  string      `yaml:"namespace,omitempty"`
		Prefix     string      `yaml:"namePrefix,omitempty"`
		Resources  []string    `yaml:"resources,omitempty"`
		Generators []generator `yaml:"configMapGenerator,omitempty"`
		Options    *options    `yaml:"generatorOptions,omitempty"`
	}
	generator struct {
		Name  string   `yaml:"name"`
		Files []string `yaml:"files"`
	}
	options struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
)
