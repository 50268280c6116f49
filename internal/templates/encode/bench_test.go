package encode_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

type (
	benchDoc struct {
		APIVersion string    `json:"apiVersion" yaml:"apiVersion"`
		Kind       string    `json:"kind" yaml:"kind"`
		Metadata   benchMeta `json:"metadata" yaml:"metadata"`
		Spec       benchSpec `json:"spec" yaml:"spec"`
	}
	benchMeta struct {
		Name   string            `json:"name" yaml:"name"`
		Labels map[string]string `json:"labels,omitempty" yaml:"labels,omitempty"`
	}
	benchSpec struct {
		Entrypoint string          `json:"entrypoint" yaml:"entrypoint"`
		Templates  []benchTemplate `json:"templates" yaml:"templates"`
	}
	benchTemplate struct {
		Name      string         `json:"name" yaml:"name"`
		Image     string         `json:"image" yaml:"image"`
		Command   []string       `json:"command,omitempty" yaml:"command,omitempty"`
		Retries   int            `json:"retries,omitempty" yaml:"retries,omitempty"`
		Resources benchResources `json:"resources,omitempty" yaml:"resources,omitempty"`
		Env       []benchEnv     `json:"env,omitempty" yaml:"env,omitempty"`
	}
	benchResources struct {
		Limits map[string]string `json:"limits,omitempty" yaml:"limits,omitempty"`
	}
	benchEnv struct {
		Name  string `json:"name" yaml:"name"`
		Value string `json:"value" yaml:"value"`
	}
)

// benchmarked is a workflow of about 2.6 KB.
func benchmarked() benchDoc {
	doc := benchDoc{
		APIVersion: "argoproj.io/v1alpha1", Kind: "WorkflowTemplate",
		Metadata: benchMeta{"train", map[string]string{"app.kubernetes.io/name": "train", "app.kubernetes.io/managed-by": "terraform-provider-mlops", "mlops.dev/owner": "team-a"}},
		Spec:     benchSpec{Entrypoint: "main"},
	}
	for i := range 7 {
		doc.Spec.Templates = append(doc.Spec.Templates, benchTemplate{
			Name: fmt.Sprintf("step-%d", i), Image: "ghcr.io/example/train:1.2.3@sha256:0123456789abcdef",
			Command: []string{"python", "-m", "train", "--epochs", "10"}, Retries: i,
			Resources: benchResources{map[string]string{"cpu": "500m", "memory": "2Gi"}},
			Env:       []benchEnv{{"MLFLOW_TRACKING_URI", "http://mlflow.mlflow:5000"}, {"LEARNING_RATE", "0.10"}},
		})
	}
	return doc
}

func BenchmarkDocument(b *testing.B) {
	doc := benchmarked()
	for _, c := range []struct {
		name    string
		marshal func(any) ([]byte, error)
	}{
		{"encode.YAML", func(v any) ([]byte, error) { return encode.YAML(v) }},
		{"encode.JSON", encode.JSON},
		{"encoding/json", json.Marshal},
		{"yaml.v3", yaml.Marshal},
	} {
		b.Run(c.name, func(b *testing.B) {
			var size int
			b.ReportAllocs()
			for b.Loop() {
				data, err := c.marshal(doc)
				if err != nil {
					b.Fatal(err)
				}
				size = len(data)
			}
			b.ReportMetric(float64(size), "bytes/doc")
		})
	}
}
