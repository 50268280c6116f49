package argoworkflows

import "github.com/gitops-ml/terraform-provider-mlops/internal/spec"

const (
	argoAPI      = "argoproj.io/v1alpha1"
	rbacAPI      = "rbac.authorization.k8s.io/v1"
	kustomizeAPI = "kustomize.config.k8s.io/v1beta1"
)

// The part of argoproj.io/v1alpha1 this package writes, in output order.
type (
	workflow struct {
		APIVersion string       `yaml:"apiVersion"`
		Kind       string       `yaml:"kind"`
		Metadata   metadata     `yaml:"metadata"`
		Spec       workflowSpec `yaml:"spec"`
	}
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	objectMeta struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	workflowSpec struct {
		Entrypoint         string             `yaml:"entrypoint"`
		Arguments          *parameters        `yaml:"arguments,omitempty"`
		ServiceAccountName string             `yaml:"serviceAccountName"`
		Automount          *bool              `yaml:"automountServiceAccountToken"`
		SecurityContext    podSecurityContext `yaml:"securityContext"`
		PriorityClassName  string             `yaml:"podPriorityClassName"`
		Deadline           int64              `yaml:"activeDeadlineSeconds,omitempty"`
		Synchronization    *synchronization   `yaml:"synchronization,omitempty"`
		PodGC              podGC              `yaml:"podGC"`
		TTL                ttl                `yaml:"ttlStrategy"`
		WorkflowMetadata   objectMeta         `yaml:"workflowMetadata"`
		PodMetadata        objectMeta         `yaml:"podMetadata"`
		Volumes            []volume           `yaml:"volumes,omitempty"`
		Templates          []any              `yaml:"templates"`
	}
	synchronization struct {
		Mutexes []named `yaml:"mutexes"`
	}
	named struct {
		Name string `yaml:"name"`
	}
	podGC struct {
		Strategy string `yaml:"strategy"`
	}
	ttl struct {
		Success int64 `yaml:"secondsAfterSuccess"`
		Failure int64 `yaml:"secondsAfterFailure"`
	}
	parameters struct {
		Parameters []parameter `yaml:"parameters"`
	}
	parameter struct {
		Name        string     `yaml:"name"`
		Description string     `yaml:"description,omitempty"`
		Enum        []string   `yaml:"enum,omitempty"`
		Value       *string    `yaml:"value,omitempty"`
		ValueFrom   *valueFrom `yaml:"valueFrom,omitempty"`
	}
	valueFrom struct {
		Path string `yaml:"path"`
	}
	dagTemplate struct {
		Name string `yaml:"name"`
		DAG  dag    `yaml:"dag"`
	}
	dag struct {
		Tasks []task `yaml:"tasks"`
	}
	task struct {
		Name      string      `yaml:"name"`
		Template  string      `yaml:"template"`
		Depends   string      `yaml:"depends,omitempty"`
		Arguments *parameters `yaml:"arguments,omitempty"`
	}
	template struct {
		Name                  string            `yaml:"name"`
		Inputs                *parameters       `yaml:"inputs,omitempty"`
		Outputs               *parameters       `yaml:"outputs,omitempty"`
		ActiveDeadlineSeconds int64             `yaml:"activeDeadlineSeconds,omitempty"`
		RetryStrategy         *retryStrategy    `yaml:"retryStrategy,omitempty"`
		Memoize               *memoize          `yaml:"memoize,omitempty"`
		NodeSelector          map[string]string `yaml:"nodeSelector,omitempty"`
		Tolerations           []spec.Toleration `yaml:"tolerations,omitempty"`
		Container             container         `yaml:"container"`
	}
	retryStrategy struct {
		Limit       string  `yaml:"limit"`
		RetryPolicy string  `yaml:"retryPolicy"`
		Backoff     backoff `yaml:"backoff"`
	}
	backoff struct {
		Duration string `yaml:"duration"`
		Factor   string `yaml:"factor"`
		Cap      string `yaml:"cap"`
	}
	memoize struct {
		Key    string `yaml:"key"`
		MaxAge string `yaml:"maxAge"`
		Cache  cache  `yaml:"cache"`
	}
	cache struct {
		ConfigMap named `yaml:"configMap"`
	}
	cronWorkflow struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       cronSpec `yaml:"spec"`
	}
	cronSpec struct {
		Schedules                  []string         `yaml:"schedules"`
		Timezone                   string           `yaml:"timezone"`
		ConcurrencyPolicy          string           `yaml:"concurrencyPolicy"`
		StartingDeadlineSeconds    int64            `yaml:"startingDeadlineSeconds"`
		SuccessfulJobsHistoryLimit int64            `yaml:"successfulJobsHistoryLimit"`
		FailedJobsHistoryLimit     int64            `yaml:"failedJobsHistoryLimit"`
		WorkflowSpec               cronWorkflowSpec `yaml:"workflowSpec"`
	}
	cronWorkflowSpec struct {
		Ref templateRef `yaml:"workflowTemplateRef"`
	}
	templateRef struct {
		Name string `yaml:"name"`
	}
)

// The part of Kubernetes' core/v1 and rbac.authorization.k8s.io/v1 this package writes.
type (
	podSecurityContext struct {
		RunAsNonRoot        bool    `yaml:"runAsNonRoot"`
		RunAsUser           int64   `yaml:"runAsUser"`
		RunAsGroup          int64   `yaml:"runAsGroup"`
		FSGroup             int64   `yaml:"fsGroup"`
		FSGroupChangePolicy string  `yaml:"fsGroupChangePolicy"`
		SeccompProfile      seccomp `yaml:"seccompProfile"`
	}
	seccomp struct {
		Type string `yaml:"type"`
	}
	volume struct {
		Name      string       `yaml:"name"`
		Claim     *claimSource `yaml:"persistentVolumeClaim,omitempty"`
		ConfigMap *named       `yaml:"configMap,omitempty"`
		EmptyDir  *emptyDir    `yaml:"emptyDir,omitempty"`
	}
	claimSource struct {
		ClaimName string `yaml:"claimName"`
	}
	emptyDir struct {
		SizeLimit string `yaml:"sizeLimit"`
	}
	container struct {
		Image           string          `yaml:"image"`
		Command         []string        `yaml:"command"`
		Args            []string        `yaml:"args,omitempty"`
		Env             []envVar        `yaml:"env,omitempty"`
		Resources       *resources      `yaml:"resources,omitempty"`
		SecurityContext securityContext `yaml:"securityContext"`
		VolumeMounts    []volumeMount   `yaml:"volumeMounts,omitempty"`
	}
	envVar struct {
		Name      string     `yaml:"name"`
		Value     string     `yaml:"value,omitempty"`
		ValueFrom *envSource `yaml:"valueFrom,omitempty"`
	}
	envSource struct {
		SecretKeyRef secretKeyRef `yaml:"secretKeyRef"`
	}
	secretKeyRef struct {
		Name string `yaml:"name"`
		Key  string `yaml:"key"`
	}
	resources struct {
		Requests map[string]string `yaml:"requests,omitempty"`
		Limits   map[string]string `yaml:"limits,omitempty"`
	}
	securityContext struct {
		AllowPrivilegeEscalation bool         `yaml:"allowPrivilegeEscalation"`
		Capabilities             capabilities `yaml:"capabilities"`
		ReadOnlyRootFilesystem   bool         `yaml:"readOnlyRootFilesystem,omitempty"`
	}
	capabilities struct {
		Drop []string `yaml:"drop"`
	}
	volumeMount struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly,omitempty"`
	}
	serviceAccount struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Automount  *bool    `yaml:"automountServiceAccountToken"`
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
)

// The part of kustomize.config.k8s.io/v1beta1 this package writes.
type (
	kustomization struct {
		APIVersion string               `yaml:"apiVersion"`
		Kind       string               `yaml:"kind"`
		Namespace  string               `yaml:"namespace"`
		Resources  []string             `yaml:"resources"`
		Generators []configMapGenerator `yaml:"configMapGenerator,omitempty"`
	}
	configMapGenerator struct {
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
