package kubernetes

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func (w *writer) hostFolder() string { return "/var/lib/mlops/" + w.p.Platform.Name }

// uses reports whether pods of a namespace read or write a bucket: pipelines all of
// them, an environment those of its models, where its monitors record requests too.
func (w *writer) uses(namespace string, b *spec.Bucket) bool {
	if namespace == w.p.TrainingNamespace() {
		return true
	}
	for _, environment := range w.p.Platform.EnvironmentNames() {
		if namespace != w.p.Namespace(environment) {
			continue
		}
		return slices.ContainsFunc(w.served(environment), func(e *spec.Endpoint) bool {
			return w.p.ModelStore(e.Model) == b
		})
	}
	return false
}

// storage makes the buckets' folders and gives them to the user of all pods: what
// the kubelet makes belongs to root, and fsGroup does not reach a folder of a node.
// This one pod must be root and see the node, so it has a namespace of its own. A
// Job cannot be changed, so a change of what it does is a new Job.
func (w *writer) storage() []any {
	user := strconv.Itoa(spec.PodUser)
	command := []string{"install", "-d", "-o", user, "-g", user, "-m", "0775"}
	for _, b := range w.p.Buckets {
		command = append(command, "/storage/"+b.Name)
	}
	namespace := w.p.StorageNamespace()
	pod := podSpec{
		Restart: "Never", Security: podSecurity{User: new(int), Seccomp: seccomp{"RuntimeDefault"}},
		Containers: []container{{
			Name: "install", Image: catalog.ProgramsImage, Command: command, Resources: little(),
			Security: security{ReadOnly: true, Capabilities: capabilities{Drop: []string{"ALL"}, Add: []string{"CHOWN", "FOWNER"}}},
			Mounts:   []mount{{Name: "storage", Path: "/storage"}},
		}},
		Volumes: []volume{{Name: "storage", HostPath: &hostPath{Path: w.hostFolder(), Type: "DirectoryOrCreate"}}},
	}
	name := "storage-" + spec.Hash(strings.Join(append(command, w.hostFolder(), catalog.ProgramsImage), "\n"))[:8]
	return []any{
		w.namespace(namespace, "privileged"),
		job{APIVersion: "batch/v1", Kind: "Job", Metadata: w.metadata(name, namespace), Spec: jobSpec{Backoff: 6, Deadline: 600, Template: w.template("storage", pod)}},
	}
}

func (w *writer) template(name string, pod podSpec) podTemplate {
	return podTemplate{Metadata: templateMetadata{Labels: w.p.Labels(name), Annotations: w.p.Annotations()}, Spec: pod}
}

func little() resources {
	return resources{Requests: map[string]string{"cpu": "50m", "memory": "64Mi"}, Limits: map[string]string{"memory": "256Mi"}}
}

// The part of v1 and batch/v1 this package writes for pods, in output order.
type (
	job struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       jobSpec  `yaml:"spec"`
	}
	jobSpec struct {
		Backoff  int         `yaml:"backoffLimit"`
		Deadline int         `yaml:"activeDeadlineSeconds"`
		Template podTemplate `yaml:"template"`
	}
	podTemplate struct {
		Metadata templateMetadata `yaml:"metadata"`
		Spec     podSpec          `yaml:"spec"`
	}
	templateMetadata struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	podSpec struct {
		Restart        string      `yaml:"restartPolicy"`
		AutomountToken bool        `yaml:"automountServiceAccountToken"`
		Priority       string      `yaml:"priorityClassName,omitempty"`
		Security       podSecurity `yaml:"securityContext"`
		Containers     []container `yaml:"containers"`
		Volumes        []volume    `yaml:"volumes"`
	}
	podSecurity struct {
		NonRoot bool    `yaml:"runAsNonRoot,omitempty"`
		User    *int    `yaml:"runAsUser"`
		Group   *int    `yaml:"runAsGroup,omitempty"`
		Seccomp seccomp `yaml:"seccompProfile"`
	}
	seccomp struct {
		Type string `yaml:"type"`
	}
	container struct {
		Name      string    `yaml:"name"`
		Image     string    `yaml:"image"`
		Command   []string  `yaml:"command"`
		Args      []string  `yaml:"args,omitempty"`
		Env       []envVar  `yaml:"env,omitempty"`
		Resources resources `yaml:"resources"`
		Security  security  `yaml:"securityContext"`
		Mounts    []mount   `yaml:"volumeMounts"`
	}
	envVar struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	}
	resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	}
	security struct {
		Escalation   bool         `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool         `yaml:"readOnlyRootFilesystem"`
		Capabilities capabilities `yaml:"capabilities"`
	}
	capabilities struct {
		Drop []string `yaml:"drop"`
		Add  []string `yaml:"add,omitempty"`
	}
	mount struct {
		Name     string `yaml:"name"`
		Path     string `yaml:"mountPath"`
		ReadOnly bool   `yaml:"readOnly,omitempty"`
	}
	volume struct {
		Name      string       `yaml:"name"`
		HostPath  *hostPath    `yaml:"hostPath,omitempty"`
		ConfigMap *nameRef     `yaml:"configMap,omitempty"`
		Claim     *claimVolume `yaml:"persistentVolumeClaim,omitempty"`
	}
	nameRef struct {
		Name string `yaml:"name"`
	}
	claimVolume struct {
		Claim string `yaml:"claimName"`
	}
)
