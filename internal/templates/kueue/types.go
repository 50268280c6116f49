package kueue

const apiVersion = "kueue.x-k8s.io/v1beta2"

// The part of kueue.x-k8s.io/v1beta2 this package writes, in output order. What the API
// server would fill in stands there: what it added would be a difference for ever.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace,omitempty"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	resourceFlavor struct {
		APIVersion string     `yaml:"apiVersion"`
		Kind       string     `yaml:"kind"`
		Metadata   metadata   `yaml:"metadata"`
		Spec       flavorSpec `yaml:"spec"`
	}
	flavorSpec struct {
		NodeLabels  map[string]string `yaml:"nodeLabels,omitempty"`
		NodeTaints  []taint           `yaml:"nodeTaints,omitempty"`
		Tolerations []toleration      `yaml:"tolerations,omitempty"`
	}
	taint struct {
		Key    string `yaml:"key"`
		Value  string `yaml:"value,omitempty"`
		Effect string `yaml:"effect"`
	}
	toleration struct {
		Key      string `yaml:"key"`
		Operator string `yaml:"operator"`
		Value    string `yaml:"value,omitempty"`
		Effect   string `yaml:"effect"`
	}
	clusterQueue struct {
		APIVersion string           `yaml:"apiVersion"`
		Kind       string           `yaml:"kind"`
		Metadata   metadata         `yaml:"metadata"`
		Spec       clusterQueueSpec `yaml:"spec"`
	}
	clusterQueueSpec struct {
		Namespaces  selector        `yaml:"namespaceSelector"`
		Strategy    string          `yaml:"queueingStrategy"`
		Groups      []resourceGroup `yaml:"resourceGroups"`
		Fungibility fungibility     `yaml:"flavorFungibility"`
		Preemption  preemption      `yaml:"preemption"`
		StopPolicy  string          `yaml:"stopPolicy"`
	}
	selector struct {
		Labels map[string]string `yaml:"matchLabels"`
	}
	resourceGroup struct {
		Covered []string       `yaml:"coveredResources"`
		Flavors []flavorQuotas `yaml:"flavors"`
	}
	flavorQuotas struct {
		Name      string          `yaml:"name"`
		Resources []resourceQuota `yaml:"resources"`
	}
	resourceQuota struct {
		Name    string `yaml:"name"`
		Nominal string `yaml:"nominalQuota"`
	}
	fungibility struct {
		WhenCanBorrow  string `yaml:"whenCanBorrow"`
		WhenCanPreempt string `yaml:"whenCanPreempt"`
	}
	preemption struct {
		Borrow  borrowing `yaml:"borrowWithinCohort"`
		Reclaim string    `yaml:"reclaimWithinCohort"`
		Within  string    `yaml:"withinClusterQueue"`
	}
	borrowing struct {
		Policy string `yaml:"policy"`
	}
	localQueue struct {
		APIVersion string         `yaml:"apiVersion"`
		Kind       string         `yaml:"kind"`
		Metadata   metadata       `yaml:"metadata"`
		Spec       localQueueSpec `yaml:"spec"`
	}
	localQueueSpec struct {
		ClusterQueue string `yaml:"clusterQueue"`
		StopPolicy   string `yaml:"stopPolicy"`
	}
)
