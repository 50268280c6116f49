package kubeflow

import (
	"maps"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

func platformOf(p *spec.Project, pl *spec.Pipeline, g *taskgraph.Graph) platform {
	executors, pods := map[string]executor{}, podMetadata{p.RunLabels(pl.Name), p.Annotations()}
	for i := range g.Tasks {
		executors[kfpir.Executable(&g.Tasks[i])] = executorOf(p, pl, &g.Tasks[i], pods)
	}
	return platform{platforms{kubernetes{deployment{executors}}}}
}

func executorOf(p *spec.Project, pl *spec.Pipeline, t *taskgraph.Task, pods podMetadata) executor {
	e := executor{
		PodMetadata: pods,
		PullPolicy:  "IfNotPresent",
		Deadline:    t.Timeout.Seconds(),
		// One user of all pods, whatever their image: they share files.
		Security: security{User: spec.PodUser, Group: spec.PodUser, NonRoot: true},
		Secrets:  secrets(p, t),
		Fields:   []fieldPath{{runVariable, "metadata.labels['pipeline/runid']"}},
	}
	selector, tolerations := p.Place(t.Resources, t.Pool)
	if len(selector) > 0 {
		e.NodeSelector = &nodeSelector{selector}
	}
	for _, from := range tolerations {
		e.Tolerations = append(e.Tolerations, toleration{from.Key, from.Operator, from.Value, from.Effect})
	}
	if !t.Program() {
		return e
	}
	e.ConfigMaps = []configMap{
		{"mlops-programs", constant{runtime{"mlops-programs"}}, "/opt/mlops/mlops"},
		{"pipeline-" + pl.Name, constant{runtime{"pipeline-" + pl.Name}}, "/opt/mlops/pipelines/" + pl.Name},
	}
	e.EmptyDirs = []emptyDir{{"mlops-tmp", "/tmp", "1Gi"}}
	if b := p.Store(pl.Artifacts); b != nil {
		claim, mount := p.Claim(b.Name)
		e.Claims = []claimMount{{claim, constant{runtime{claim}}, mount}}
	}
	return e
}

// secrets refers to keys of secrets; a secret stands once, with all its keys.
func secrets(p *spec.Project, t *taskgraph.Task) []secretEnv {
	bySecret := map[string][]keyEnv{}
	for _, variable := range slices.Sorted(maps.Keys(t.Secrets)) {
		from := t.Secrets[variable]
		name := p.SecretObject(from.Secret)
		bySecret[name] = append(bySecret[name], keyEnv{from.Key, variable})
	}
	var out []secretEnv
	for _, name := range slices.Sorted(maps.Keys(bySecret)) {
		out = append(out, secretEnv{name, constant{runtime{name}}, bySecret[name]})
	}
	return out
}

// The part of kfp_kubernetes.KubernetesExecutorConfig that is written, in output order.
// Names of objects stand twice: backends up to 2.4 read the first form only.
type (
	platform struct {
		Platforms platforms `yaml:"platforms"`
	}
	platforms struct {
		Kubernetes kubernetes `yaml:"kubernetes"`
	}
	kubernetes struct {
		Deployment deployment `yaml:"deploymentSpec"`
	}
	deployment struct {
		Executors map[string]executor `yaml:"executors"`
	}
	executor struct {
		PodMetadata  podMetadata   `yaml:"podMetadata"`
		PullPolicy   string        `yaml:"imagePullPolicy"`
		Deadline     int64         `yaml:"activeDeadlineSeconds,omitempty"`
		NodeSelector *nodeSelector `yaml:"nodeSelector,omitempty"`
		Tolerations  []toleration  `yaml:"tolerations,omitempty"`
		Security     security      `yaml:"securityContext"`
		Secrets      []secretEnv   `yaml:"secretAsEnv,omitempty"`
		Fields       []fieldPath   `yaml:"fieldPathAsEnv"`
		Claims       []claimMount  `yaml:"pvcMount,omitempty"`
		ConfigMaps   []configMap   `yaml:"configMapAsVolume,omitempty"`
		EmptyDirs    []emptyDir    `yaml:"emptyDirMounts,omitempty"`
	}
	podMetadata struct {
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	nodeSelector struct {
		Labels map[string]string `yaml:"labels"`
	}
	toleration struct {
		Key      string `yaml:"key"`
		Operator string `yaml:"operator"`
		Value    string `yaml:"value,omitempty"`
		Effect   string `yaml:"effect,omitempty"`
	}
	security struct {
		User    int64 `yaml:"runAsUser"`
		Group   int64 `yaml:"runAsGroup"`
		NonRoot bool  `yaml:"runAsNonRoot"`
	}
	constant struct {
		Runtime runtime `yaml:"runtimeValue"`
	}
	runtime struct {
		Constant string `yaml:"constant"`
	}
	secretEnv struct {
		Name      string   `yaml:"secretName"`
		Parameter constant `yaml:"secretNameParameter"`
		Keys      []keyEnv `yaml:"keyToEnv"`
	}
	keyEnv struct {
		Key      string `yaml:"secretKey"`
		Variable string `yaml:"envVar"`
	}
	fieldPath struct {
		Name string `yaml:"name"`
		Path string `yaml:"fieldPath"`
	}
	claimMount struct {
		Name      string   `yaml:"constant"`
		Parameter constant `yaml:"pvcNameParameter"`
		Path      string   `yaml:"mountPath"`
	}
	configMap struct {
		Name      string   `yaml:"configMapName"`
		Parameter constant `yaml:"configMapNameParameter"`
		Path      string   `yaml:"mountPath"`
	}
	emptyDir struct {
		Name string `yaml:"volumeName"`
		Path string `yaml:"mountPath"`
		Size string `yaml:"sizeLimit"`
	}
)
