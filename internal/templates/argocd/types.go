package argocd

const apiVersion = "argoproj.io/v1alpha1"

// The part of argoproj.io/v1alpha1 this package writes, in output order.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
		Finalizers  []string          `yaml:"finalizers,omitempty"`
	}
	application struct {
		APIVersion string          `yaml:"apiVersion"`
		Kind       string          `yaml:"kind"`
		Metadata   metadata        `yaml:"metadata"`
		Spec       applicationSpec `yaml:"spec"`
	}
	applicationSpec struct {
		Project     string      `yaml:"project"`
		Destination destination `yaml:"destination"`
		Source      *source     `yaml:"source,omitempty"`
		Sources     []source    `yaml:"sources,omitempty"`
		SyncPolicy  syncPolicy  `yaml:"syncPolicy"`
		Ignore      []ignored   `yaml:"ignoreDifferences,omitempty"`
	}
	destination struct {
		Server    string `yaml:"server,omitempty"`
		Name      string `yaml:"name,omitempty"`
		Namespace string `yaml:"namespace"`
	}
	source struct {
		RepoURL   string     `yaml:"repoURL"`
		Chart     string     `yaml:"chart,omitempty"`
		Revision  string     `yaml:"targetRevision"`
		Path      string     `yaml:"path,omitempty"`
		Ref       string     `yaml:"ref,omitempty"`
		Helm      *helm      `yaml:"helm,omitempty"`
		Directory *directory `yaml:"directory,omitempty"`
	}
	helm struct {
		ReleaseName string   `yaml:"releaseName"`
		ValueFiles  []string `yaml:"valueFiles,omitempty"`
	}
	directory struct {
		Recurse bool `yaml:"recurse"`
	}
	syncPolicy struct {
		Automated *automation `yaml:"automated"`
		Options   []string    `yaml:"syncOptions"`
		Retry     *retry      `yaml:"retry"`
	}
	automation struct {
		Prune    bool `yaml:"prune"`
		SelfHeal bool `yaml:"selfHeal"`
	}
	retry struct {
		Limit   int     `yaml:"limit"`
		Backoff backoff `yaml:"backoff"`
	}
	backoff struct {
		Duration    string `yaml:"duration"`
		Factor      int    `yaml:"factor"`
		MaxDuration string `yaml:"maxDuration"`
	}
	ignored struct {
		Group       string   `yaml:"group"`
		Kind        string   `yaml:"kind"`
		Expressions []string `yaml:"jqPathExpressions"`
	}
	project struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Metadata   metadata    `yaml:"metadata"`
		Spec       projectSpec `yaml:"spec"`
	}
	projectSpec struct {
		Description  string        `yaml:"description"`
		SourceRepos  []string      `yaml:"sourceRepos"`
		Destinations []destination `yaml:"destinations"`
		Cluster      []kind        `yaml:"clusterResourceWhitelist,omitempty"`
		Namespaced   []kind        `yaml:"namespaceResourceWhitelist,omitempty"`
		Windows      []window      `yaml:"syncWindows,omitempty"`
	}
	kind struct {
		Group string `yaml:"group"`
		Kind  string `yaml:"kind"`
	}
	window struct {
		Kind         string   `yaml:"kind"`
		Schedule     string   `yaml:"schedule"`
		Duration     string   `yaml:"duration"`
		Zone         string   `yaml:"timeZone"`
		Applications []string `yaml:"applications"`
		Manual       bool     `yaml:"manualSync"`
	}
	applicationSet struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       setSpec  `yaml:"spec"`
	}
	setSpec struct {
		GoTemplate bool        `yaml:"goTemplate"`
		Options    []string    `yaml:"goTemplateOptions"`
		Generators []generator `yaml:"generators"`
		Policy     *setPolicy  `yaml:"syncPolicy,omitempty"`
		Template   template    `yaml:"template"`
	}
	generator struct {
		Git gitGenerator `yaml:"git"`
	}
	gitGenerator struct {
		RepoURL     string        `yaml:"repoURL"`
		Revision    string        `yaml:"revision"`
		Directories []pathPattern `yaml:"directories"`
	}
	pathPattern struct {
		Path string `yaml:"path"`
	}
	setPolicy struct {
		Preserve bool `yaml:"preserveResourcesOnDeletion"`
	}
	template struct {
		Metadata templateMetadata `yaml:"metadata"`
		Spec     applicationSpec  `yaml:"spec"`
	}
	templateMetadata struct {
		Name        string            `yaml:"name"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
)
