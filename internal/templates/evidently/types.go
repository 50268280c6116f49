package evidently

// The part of v1, apps/v1 and batch/v1 this package writes, in output order.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	deployment struct {
		APIVersion string         `yaml:"apiVersion"`
		Kind       string         `yaml:"kind"`
		Metadata   metadata       `yaml:"metadata"`
		Spec       deploymentSpec `yaml:"spec"`
	}
	deploymentSpec struct {
		Replicas int         `yaml:"replicas"`
		Strategy strategy    `yaml:"strategy"`
		Selector selector    `yaml:"selector"`
		Template podTemplate `yaml:"template"`
	}
	strategy struct {
		Type string `yaml:"type"`
	}
	selector struct {
		Labels map[string]string `yaml:"matchLabels"`
	}
	service struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Metadata   metadata    `yaml:"metadata"`
		Spec       serviceSpec `yaml:"spec"`
	}
	serviceSpec struct {
		Selector map[string]string `yaml:"selector"`
		Ports    []servicePort     `yaml:"ports"`
	}
	servicePort struct {
		Name       string `yaml:"name"`
		Port       int    `yaml:"port"`
		TargetPort string `yaml:"targetPort"`
		Protocol   string `yaml:"protocol"`
	}
	cronJob struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Metadata   metadata    `yaml:"metadata"`
		Spec       cronJobSpec `yaml:"spec"`
	}
	cronJobSpec struct {
		Schedule         string      `yaml:"schedule"`
		TimeZone         string      `yaml:"timeZone"`
		Concurrency      string      `yaml:"concurrencyPolicy"`
		StartingDeadline int         `yaml:"startingDeadlineSeconds"`
		Successful       int         `yaml:"successfulJobsHistoryLimit"`
		Failed           int         `yaml:"failedJobsHistoryLimit"`
		Template         jobTemplate `yaml:"jobTemplate"`
	}
	jobTemplate struct {
		Spec jobSpec `yaml:"spec"`
	}
	jobSpec struct {
		BackoffLimit   int         `yaml:"backoffLimit"`
		ActiveDeadline int         `yaml:"activeDeadlineSeconds"`
		Template       podTemplate `yaml:"template"`
	}
	podTemplate struct {
		Metadata podMetadata `yaml:"metadata"`
		Spec     podSpec     `yaml:"spec"`
	}
	podMetadata struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	podSpec struct {
		Restart    string      `yaml:"restartPolicy,omitempty"`
		Token      bool        `yaml:"automountServiceAccountToken"`
		Links      bool        `yaml:"enableServiceLinks"`
		Security   podSecurity `yaml:"securityContext"`
		Containers []container `yaml:"containers"`
		Volumes    []volume    `yaml:"volumes"`
	}
	podSecurity struct {
		NonRoot bool    `yaml:"runAsNonRoot"`
		User    int64   `yaml:"runAsUser"`
		Group   int64   `yaml:"runAsGroup"`
		FSGroup int64   `yaml:"fsGroup"`
		Seccomp seccomp `yaml:"seccompProfile"`
	}
	seccomp struct {
		Type string `yaml:"type"`
	}
	container struct {
		Name       string            `yaml:"name"`
		Image      string            `yaml:"image"`
		PullPolicy string            `yaml:"imagePullPolicy"`
		Command    []string          `yaml:"command"`
		Env        []envVar          `yaml:"env"`
		Ports      []containerPort   `yaml:"ports,omitempty"`
		Readiness  *probe            `yaml:"readinessProbe,omitempty"`
		Liveness   *probe            `yaml:"livenessProbe,omitempty"`
		Resources  resources         `yaml:"resources"`
		Security   containerSecurity `yaml:"securityContext"`
		Mounts     []volumeMount     `yaml:"volumeMounts"`
	}
	envVar struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	}
	containerPort struct {
		Name     string `yaml:"name"`
		Port     int    `yaml:"containerPort"`
		Protocol string `yaml:"protocol"`
	}
	probe struct {
		HTTP httpGet `yaml:"httpGet"`
	}
	httpGet struct {
		Path string `yaml:"path"`
		Port string `yaml:"port"`
	}
	resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	}
	containerSecurity struct {
		Escalation   bool         `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool         `yaml:"readOnlyRootFilesystem"`
		Capabilities capabilities `yaml:"capabilities"`
	}
	capabilities struct {
		Drop []string `yaml:"drop"`
	}
	volumeMount struct {
		Name     string `yaml:"name"`
		Path     string `yaml:"mountPath"`
		ReadOnly bool   `yaml:"readOnly,omitempty"`
	}
	volume struct {
		Name      string    `yaml:"name"`
		ConfigMap *nameRef  `yaml:"configMap,omitempty"`
		Claim     *claimRef `yaml:"persistentVolumeClaim,omitempty"`
		Empty     *struct{} `yaml:"emptyDir,omitempty"`
	}
	nameRef struct {
		Name string `yaml:"name"`
	}
	claimRef struct {
		Name string `yaml:"claimName"`
	}
)
