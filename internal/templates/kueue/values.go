package kueue

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// chartValues narrow Kueue to pods of the training namespace: by default its webhooks
// stand before the pods of the whole cluster, and nothing starts while it is away.
func chartValues(p *spec.Project) (values, error) {
	config, err := encode.YAMLWith(encode.Options{}, configuration{
		APIVersion: "config.kueue.x-k8s.io/v1beta2", Kind: "Configuration",
		Health:    health{":8081"},
		Metrics:   metrics{":8443", true},
		Webhook:   webhook{9443},
		Leader:    leader{true, "c1f6bfd2.kueue.x-k8s.io"},
		Namespace: selector{map[string]string{"kubernetes.io/metadata.name": p.TrainingNamespace()}},
		Works:     integrations{[]string{"pod"}},
	})
	return values{
		Prometheus: slices.Contains(p.Platform.Observability.Metrics, "prometheus"),
		Manager:    manager{Replicas: 2, Budget: budget{true, 1}},
		Config:     managerConfig{string(config)},
	}, err
}

// The part of the chart's values.yaml and of config.kueue.x-k8s.io/v1beta2 this package
// writes, in output order.
type (
	values struct {
		Prometheus bool          `yaml:"enablePrometheus"`
		Manager    manager       `yaml:"controllerManager"`
		Config     managerConfig `yaml:"managerConfig"`
	}
	manager struct {
		Replicas int    `yaml:"replicas"`
		Budget   budget `yaml:"podDisruptionBudget"`
	}
	budget struct {
		Enabled      bool `yaml:"enabled"`
		MinAvailable int  `yaml:"minAvailable"`
	}
	managerConfig struct {
		YAML string `yaml:"controllerManagerConfigYaml"`
	}
	configuration struct {
		APIVersion string       `yaml:"apiVersion"`
		Kind       string       `yaml:"kind"`
		Health     health       `yaml:"health"`
		Metrics    metrics      `yaml:"metrics"`
		Webhook    webhook      `yaml:"webhook"`
		Leader     leader       `yaml:"leaderElection"`
		Namespace  selector     `yaml:"managedJobsNamespaceSelector"`
		Works      integrations `yaml:"integrations"`
	}
	health struct {
		Address string `yaml:"healthProbeBindAddress"`
	}
	metrics struct {
		Address string `yaml:"bindAddress"`
		Queues  bool   `yaml:"enableClusterQueueResources"`
	}
	webhook struct {
		Port int `yaml:"port"`
	}
	leader struct {
		Elect    bool   `yaml:"leaderElect"`
		Resource string `yaml:"resourceName"`
	}
	integrations struct {
		Frameworks []string `yaml:"frameworks"`
	}
)
