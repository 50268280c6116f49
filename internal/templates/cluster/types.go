package cluster

const (
	kustomizeAPI = "kustomize.config.k8s.io/v1beta1"
	rbacAPI      = "rbac.authorization.k8s.io/v1"
)

// The objects that this package writes, in output order.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	serviceAccount struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Automount  bool     `yaml:"automountServiceAccountToken"`
	}
	role struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Rules      []rule   `yaml:"rules"`
	}
	rule struct {
		APIGroups []string `yaml:"apiGroups"`
		Resources []string `yaml:"resources"`
		Verbs     []string `yaml:"verbs"`
	}
	roleBinding struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		RoleRef    roleRef   `yaml:"roleRef"`
		Subjects   []subject `yaml:"subjects"`
	}
	roleRef struct {
		APIGroup string `yaml:"apiGroup"`
		Kind     string `yaml:"kind"`
		Name     string `yaml:"name"`
	}
	subject struct {
		Kind      string `yaml:"kind"`
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
	}
	kustomization struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Namespace  string      `yaml:"namespace"`
		Resources  []string    `yaml:"resources,omitempty"`
		Generators []generator `yaml:"configMapGenerator,omitempty"`
	}
	generator struct {
		Name    string           `yaml:"name"`
		Files   []string         `yaml:"files"`
		Options generatorOptions `yaml:"options"`
	}
	generatorOptions struct {
		DisableNameSuffixHash bool              `yaml:"disableNameSuffixHash"`
		Labels                map[string]string `yaml:"labels"`
		Annotations           map[string]string `yaml:"annotations"`
	}
)
