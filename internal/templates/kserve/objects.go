package kserve

import "github.com/gitops-ml/terraform-provider-mlops/internal/spec"

// The part of serving.kserve.io/v1beta1 this package writes, in output order.
type (
	inferenceService struct {
		APIVersion string        `yaml:"apiVersion"`
		Kind       string        `yaml:"kind"`
		Metadata   metadata      `yaml:"metadata"`
		Spec       inferenceSpec `yaml:"spec"`
	}
	inferenceSpec struct {
		Predictor predictor `yaml:"predictor"`
	}
	predictor struct {
		MinReplicas    int64             `yaml:"minReplicas,omitempty"`
		MaxReplicas    int64             `yaml:"maxReplicas,omitempty"`
		AutoScaling    *autoScaling      `yaml:"autoScaling,omitempty"`
		Logger         *logger           `yaml:"logger,omitempty"`
		Strategy       *strategy         `yaml:"deploymentStrategy,omitempty"`
		Priority       string            `yaml:"priorityClassName,omitempty"`
		AutomountToken *bool             `yaml:"automountServiceAccountToken,omitempty"`
		Security       *podSecurity      `yaml:"securityContext,omitempty"`
		NodeSelector   map[string]string `yaml:"nodeSelector,omitempty"`
		Tolerations    []spec.Toleration `yaml:"tolerations,omitempty"`
		Spread         []spread          `yaml:"topologySpreadConstraints,omitempty"`
		Model          *model            `yaml:"model,omitempty"`
		Containers     []server          `yaml:"containers,omitempty"`
	}

	autoScaling struct {
		Metrics []metric `yaml:"metrics"`
	}
	metric struct {
		Type     string          `yaml:"type"`
		Resource *resourceMetric `yaml:"resource,omitempty"`
		External *externalMetric `yaml:"external,omitempty"`
	}
	resourceMetric struct {
		Name   string       `yaml:"name"`
		Target metricTarget `yaml:"target"`
	}
	externalMetric struct {
		Metric externalSource `yaml:"metric"`
		Target metricTarget   `yaml:"target"`
	}
	externalSource struct {
		Backend       string `yaml:"backend"`
		ServerAddress string `yaml:"serverAddress"`
		Query         string `yaml:"query"`
	}
	metricTarget struct {
		Type               string `yaml:"type"`
		Value              string `yaml:"value,omitempty"`
		AverageUtilization int64  `yaml:"averageUtilization,omitempty"`
	}
	logger struct {
		Mode string `yaml:"mode"`
		URL  string `yaml:"url"`
	}

	strategy struct {
		Type          string        `yaml:"type"`
		RollingUpdate rollingUpdate `yaml:"rollingUpdate"`
	}
	rollingUpdate struct {
		MaxSurge       int `yaml:"maxSurge"`
		MaxUnavailable int `yaml:"maxUnavailable"`
	}
	podSecurity struct {
		NonRoot bool    `yaml:"runAsNonRoot"`
		Seccomp seccomp `yaml:"seccompProfile"`
	}
	seccomp struct {
		Type string `yaml:"type"`
	}
	spread struct {
		MaxSkew           int           `yaml:"maxSkew"`
		TopologyKey       string        `yaml:"topologyKey"`
		WhenUnsatisfiable string        `yaml:"whenUnsatisfiable"`
		Selector          labelSelector `yaml:"labelSelector"`
	}

	model struct {
		Format     *format `yaml:"modelFormat,omitempty"`
		Runtime    string  `yaml:"runtime,omitempty"`
		Protocol   string  `yaml:"protocolVersion,omitempty"`
		StorageURI string  `yaml:"storageUri,omitempty"`
		server     `yaml:",inline"`
	}
	format struct {
		Name string `yaml:"name"`
	}
	server struct {
		Name      string     `yaml:"name,omitempty"`
		Image     string     `yaml:"image,omitempty"`
		Command   []string   `yaml:"command,omitempty"`
		Env       []envVar   `yaml:"env,omitempty"`
		Ports     []port     `yaml:"ports,omitempty"`
		Resources *resources `yaml:"resources,omitempty"`
		Startup   *probe     `yaml:"startupProbe,omitempty"`
		Readiness *probe     `yaml:"readinessProbe,omitempty"`
		Liveness  *probe     `yaml:"livenessProbe,omitempty"`
		Security  *security  `yaml:"securityContext,omitempty"`
	}
	envVar struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	}
	port struct {
		Name     string `yaml:"name"`
		Port     int64  `yaml:"containerPort"`
		Protocol string `yaml:"protocol"`
	}
	resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	}
	probe struct {
		HTTP     *httpGet   `yaml:"httpGet,omitempty"`
		TCP      *tcpSocket `yaml:"tcpSocket,omitempty"`
		Timeout  int        `yaml:"timeoutSeconds"`
		Period   int        `yaml:"periodSeconds"`
		Failures int        `yaml:"failureThreshold"`
	}
	httpGet struct {
		Path string `yaml:"path"`
		Port int64  `yaml:"port"`
	}
	tcpSocket struct {
		Port int64 `yaml:"port"`
	}
	security struct {
		User         int          `yaml:"runAsUser,omitempty"`
		Escalation   *bool        `yaml:"allowPrivilegeEscalation"`
		Capabilities capabilities `yaml:"capabilities"`
	}
	capabilities struct {
		Drop []string `yaml:"drop"`
	}
)
