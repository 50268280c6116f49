package karpenter

// The part of karpenter.sh/v1 and karpenter.k8s.aws/v1 this package writes, in output
// order. What the API server would fill in stands there: what it added would be a
// difference for ever.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	nodePool struct {
		APIVersion string       `yaml:"apiVersion"`
		Kind       string       `yaml:"kind"`
		Metadata   metadata     `yaml:"metadata"`
		Spec       nodePoolSpec `yaml:"spec"`
	}
	nodePoolSpec struct {
		Template   nodeTemplate      `yaml:"template"`
		Disruption disruption        `yaml:"disruption"`
		Limits     map[string]string `yaml:"limits"`
	}
	nodeTemplate struct {
		Metadata templateMetadata `yaml:"metadata"`
		Spec     nodeSpec         `yaml:"spec"`
	}
	templateMetadata struct {
		Labels map[string]string `yaml:"labels"`
	}
	nodeSpec struct {
		Class        classRef      `yaml:"nodeClassRef"`
		Requirements []requirement `yaml:"requirements"`
		Taints       []taint       `yaml:"taints,omitempty"`
		ExpireAfter  string        `yaml:"expireAfter"`
	}
	classRef struct {
		Group string `yaml:"group"`
		Kind  string `yaml:"kind"`
		Name  string `yaml:"name"`
	}
	requirement struct {
		Key      string   `yaml:"key"`
		Operator string   `yaml:"operator"`
		Values   []string `yaml:"values"`
	}
	taint struct {
		Key    string `yaml:"key"`
		Value  string `yaml:"value,omitempty"`
		Effect string `yaml:"effect"`
	}
	disruption struct {
		After   string   `yaml:"consolidateAfter"`
		Policy  string   `yaml:"consolidationPolicy"`
		Budgets []budget `yaml:"budgets"`
	}
	budget struct {
		Nodes string `yaml:"nodes"`
	}
	nodeClass struct {
		APIVersion string        `yaml:"apiVersion"`
		Kind       string        `yaml:"kind"`
		Metadata   metadata      `yaml:"metadata"`
		Spec       nodeClassSpec `yaml:"spec"`
	}
	nodeClassSpec struct {
		Role         string            `yaml:"role"`
		Images       []image           `yaml:"amiSelectorTerms"`
		Subnets      []selector        `yaml:"subnetSelectorTerms"`
		Security     []selector        `yaml:"securityGroupSelectorTerms"`
		Reservations []selector        `yaml:"capacityReservationSelectorTerms,omitempty"`
		Devices      []device          `yaml:"blockDeviceMappings"`
		Metadata     metadataOptions   `yaml:"metadataOptions"`
		Tags         map[string]string `yaml:"tags"`
	}
	image struct {
		Alias string `yaml:"alias"`
	}
	selector struct {
		ID   string            `yaml:"id,omitempty"`
		Tags map[string]string `yaml:"tags,omitempty"`
	}
	device struct {
		Name string `yaml:"deviceName"`
		Disk volume `yaml:"ebs"`
	}
	volume struct {
		Size      string `yaml:"volumeSize"`
		Kind      string `yaml:"volumeType"`
		Encrypted bool   `yaml:"encrypted"`
		Delete    bool   `yaml:"deleteOnTermination"`
	}
	metadataOptions struct {
		Endpoint string `yaml:"httpEndpoint"`
		IPv6     string `yaml:"httpProtocolIPv6"`
		Hops     int    `yaml:"httpPutResponseHopLimit"`
		Tokens   string `yaml:"httpTokens"`
	}
)
