package externalsecrets

// chartValues differ from the chart's own where it would give away more than is used:
// stores, secrets and generators of the whole cluster, and secrets that are pushed out.
// Two replicas of what every change of a secret passes through; one of them leads. Azure
// tells only pods that are labelled who their service account is, and in which tenant.
func chartValues(prometheus, azure bool) values {
	var labels map[string]string
	if azure {
		labels = map[string]string{"azure.workload.identity/use": "true"}
	}
	return values{
		Labels:       labels,
		CRDs:         crds{Store: true},
		Replicas:     2,
		LeaderElect:  true,
		Store:        true,
		Budget:       budget{Enabled: true, MinAvailable: 1},
		Monitor:      enabled{prometheus},
		Resources:    resources{Requests: quantities{"50m", "128Mi"}, Limits: quantities{Memory: "512Mi"}},
		Webhook:      part{Replicas: 2, Budget: budget{Enabled: true, MinAvailable: 1}, Resources: small()},
		Certificates: controller{Resources: small()},
	}
}

// small is for what answers rarely.
func small() resources {
	return resources{Requests: quantities{"20m", "64Mi"}, Limits: quantities{Memory: "256Mi"}}
}

// The part of the chart's values.yaml this package writes, in output order.
type (
	values struct {
		CRDs          crds              `yaml:"crds"`
		Replicas      int               `yaml:"replicaCount"`
		LeaderElect   bool              `yaml:"leaderElect"`
		ClusterSecret bool              `yaml:"processClusterExternalSecret"`
		ClusterPush   bool              `yaml:"processClusterPushSecret"`
		ClusterStore  bool              `yaml:"processClusterStore"`
		Store         bool              `yaml:"processSecretStore"`
		Generator     bool              `yaml:"processClusterGenerator"`
		Push          bool              `yaml:"processPushSecret"`
		Labels        map[string]string `yaml:"podLabels,omitempty"`
		Budget        budget            `yaml:"podDisruptionBudget"`
		Monitor       enabled           `yaml:"serviceMonitor"`
		Resources     resources         `yaml:"resources"`
		Webhook       part              `yaml:"webhook"`
		Certificates  controller        `yaml:"certController"`
	}
	crds struct {
		ClusterSecret bool `yaml:"createClusterExternalSecret"`
		ClusterStore  bool `yaml:"createClusterSecretStore"`
		Store         bool `yaml:"createSecretStore"`
		Generator     bool `yaml:"createClusterGenerator"`
		ClusterPush   bool `yaml:"createClusterPushSecret"`
		Push          bool `yaml:"createPushSecret"`
	}
	budget struct {
		Enabled      bool `yaml:"enabled"`
		MinAvailable int  `yaml:"minAvailable"`
	}
	enabled struct {
		Enabled bool `yaml:"enabled"`
	}
	resources struct {
		Requests quantities `yaml:"requests"`
		Limits   quantities `yaml:"limits"`
	}
	quantities struct {
		CPU    string `yaml:"cpu,omitempty"`
		Memory string `yaml:"memory"`
	}
	part struct {
		Replicas  int       `yaml:"replicaCount"`
		Budget    budget    `yaml:"podDisruptionBudget"`
		Resources resources `yaml:"resources"`
	}
	controller struct {
		Resources resources `yaml:"resources"`
	}
)
