package kserve

import "github.com/gitops-ml/terraform-provider-mlops/internal/catalog"

// chartValues serves both of KServe's charts that take values: kserve-resources and
// kserve-runtime-configs read different keys below `kserve`.
func chartValues() values {
	return values{kserveValues{
		Controller: controller{
			Mode: "Standard", PullPolicy: "IfNotPresent",
			// Callers reach a predictor by its Service: there is no ingress controller.
			Gateway: gateway{DisableIngress: true, DisableVirtualHost: true},
			// The chart's 300Mi are outgrown at some hundred endpoints.
			Resources: resources{Requests: map[string]string{"cpu": "100m", "memory": "300Mi"}, Limits: map[string]string{"cpu": "1", "memory": "1Gi"}},
		},
		Security: tokenValues{},
		Runtimes: runtimeValues{
			Enabled: true, MLServer: imageValues{Tag: catalog.MLServerTag},
			VLLM: vllmValues{Tag: catalog.VLLMTag, SharedMemory: enabled{true}},
		},
	}}
}

// The part of the charts' values.yaml (v0.20.0) this package writes, in output order.
type (
	values struct {
		KServe kserveValues `yaml:"kserve"`
	}
	kserveValues struct {
		Controller controller    `yaml:"controller"`
		Security   tokenValues   `yaml:"security"`
		Runtimes   runtimeValues `yaml:"servingruntime"`
	}
	controller struct {
		Mode       string    `yaml:"deploymentMode"`
		PullPolicy string    `yaml:"imagePullPolicy"`
		Gateway    gateway   `yaml:"gateway"`
		Resources  resources `yaml:"resources"`
	}
	gateway struct {
		DisableIngress     bool `yaml:"disableIngressCreation"`
		DisableVirtualHost bool `yaml:"disableIstioVirtualHost"`
	}
	tokenValues struct {
		Automount bool `yaml:"autoMountServiceAccountToken"`
	}
	runtimeValues struct {
		Enabled  bool        `yaml:"enabled"`
		MLServer imageValues `yaml:"mlserver"`
		VLLM     vllmValues  `yaml:"vllmserver"`
	}
	imageValues struct {
		Tag string `yaml:"tag"`
	}
	vllmValues struct {
		Tag          string  `yaml:"tag"`
		SharedMemory enabled `yaml:"devShm"`
	}
	enabled struct {
		Enabled bool `yaml:"enabled"`
	}
)
