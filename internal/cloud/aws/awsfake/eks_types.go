package awsfake

// NodeGroup is a managed node group as Amazon EKS words it.
type NodeGroup struct {
	AmiType          string            `json:"amiType,omitempty"`
	CapacityType     string            `json:"capacityType,omitempty"`
	ClusterName      string            `json:"clusterName,omitempty"`
	CreatedAt        int64             `json:"createdAt,omitempty"`
	DiskSize         int32             `json:"diskSize,omitempty"`
	Health           Health            `json:"health"`
	InstanceTypes    []string          `json:"instanceTypes,omitempty"`
	Labels           map[string]string `json:"labels,omitempty"`
	LaunchTemplate   *LaunchTemplate   `json:"launchTemplate,omitempty"`
	ModifiedAt       int64             `json:"modifiedAt,omitempty"`
	NodeRepairConfig *NodeRepair       `json:"nodeRepairConfig,omitempty"`
	NodeRole         string            `json:"nodeRole,omitempty"`
	NodegroupArn     string            `json:"nodegroupArn,omitempty"`
	NodegroupName    string            `json:"nodegroupName,omitempty"`
	ReleaseVersion   string            `json:"releaseVersion,omitempty"`
	RemoteAccess     *RemoteAccess     `json:"remoteAccess,omitempty"`
	Resources        Resources         `json:"resources"`
	ScalingConfig    *Scaling          `json:"scalingConfig,omitempty"`
	Status           string            `json:"status,omitempty"`
	Subnets          []string          `json:"subnets,omitempty"`
	Tags             map[string]string `json:"tags,omitempty"`
	Taints           []Taint           `json:"taints,omitempty"`
	UpdateConfig     *Rolling          `json:"updateConfig,omitempty"`
	Version          string            `json:"version,omitempty"`
	WarmPoolConfig   *WarmPool         `json:"warmPoolConfig,omitempty"`
}

// Health is what is wrong with a node group.
type Health struct {
	Issues []Issue `json:"issues"`
}

// Issue is one thing that is wrong with a node group.
type Issue struct {
	Code        string   `json:"code"`
	Message     string   `json:"message"`
	ResourceIDs []string `json:"resourceIds"`
}

// LaunchTemplate names a launch template.
type LaunchTemplate struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// NodeRepair says whether broken nodes are replaced, and how many at once.
type NodeRepair struct {
	Enabled             bool             `json:"enabled"`
	ParallelCount       int32            `json:"maxParallelNodesRepairedCount,omitempty"`
	ParallelPercentage  int32            `json:"maxParallelNodesRepairedPercentage,omitempty"`
	UnhealthyCount      int32            `json:"maxUnhealthyNodeThresholdCount,omitempty"`
	UnhealthyPercentage int32            `json:"maxUnhealthyNodeThresholdPercentage,omitempty"`
	Overrides           []RepairOverride `json:"nodeRepairConfigOverrides,omitempty"`
}

// RepairOverride is how one condition of nodes is repaired.
type RepairOverride struct {
	Minutes   int32  `json:"minRepairWaitTimeMins"`
	Condition string `json:"nodeMonitoringCondition"`
	Reason    string `json:"nodeUnhealthyReason"`
	Action    string `json:"repairAction"`
}

// RemoteAccess is who may log in to nodes.
type RemoteAccess struct {
	Key    string   `json:"ec2SshKey,omitempty"`
	Groups []string `json:"sourceSecurityGroups,omitempty"`
}

// Resources is what a node group is made of.
type Resources struct {
	Groups        []Named `json:"autoScalingGroups,omitempty"`
	SecurityGroup string  `json:"remoteAccessSecurityGroup,omitempty"`
}

// Named is a thing of which only the name is told.
type Named struct {
	Name string `json:"name"`
}

// Scaling bounds the size of a node group. Nil is what a request leaves as it is.
type Scaling struct {
	Desired *int32 `json:"desiredSize,omitempty"`
	Max     *int32 `json:"maxSize,omitempty"`
	Min     *int32 `json:"minSize,omitempty"`
}

// Taint is a taint of nodes.
type Taint struct {
	Effect string `json:"effect"`
	Key    string `json:"key"`
	Value  string `json:"value,omitempty"`
}

// Rolling is how nodes are replaced.
type Rolling struct {
	Count      int32  `json:"maxUnavailable,omitempty"`
	Percentage int32  `json:"maxUnavailablePercentage,omitempty"`
	Strategy   string `json:"updateStrategy,omitempty"`
}

// WarmPool is a pool of nodes that are kept ready.
type WarmPool struct {
	Enabled  bool   `json:"enabled"`
	Prepared int32  `json:"maxGroupPreparedCapacity,omitempty"`
	Min      int32  `json:"minSize,omitempty"`
	State    string `json:"poolState,omitempty"`
	Reuse    bool   `json:"reuseOnScaleIn,omitempty"`
}

// createRequest is all that CreateNodegroup takes; anything else is refused.
type createRequest struct {
	AmiType          string            `json:"amiType"`
	CapacityType     string            `json:"capacityType"`
	Token            string            `json:"clientRequestToken"`
	DiskSize         int32             `json:"diskSize"`
	InstanceTypes    []string          `json:"instanceTypes"`
	Labels           map[string]string `json:"labels"`
	LaunchTemplate   *LaunchTemplate   `json:"launchTemplate"`
	NodegroupName    string            `json:"nodegroupName"`
	NodeRepairConfig *NodeRepair       `json:"nodeRepairConfig"`
	NodeRole         string            `json:"nodeRole"`
	ReleaseVersion   string            `json:"releaseVersion"`
	RemoteAccess     *RemoteAccess     `json:"remoteAccess"`
	ScalingConfig    *Scaling          `json:"scalingConfig"`
	Subnets          []string          `json:"subnets"`
	Tags             map[string]string `json:"tags"`
	Taints           []Taint           `json:"taints"`
	UpdateConfig     *Rolling          `json:"updateConfig"`
	Version          string            `json:"version"`
	WarmPoolConfig   *WarmPool         `json:"warmPoolConfig"`
}

// updateRequest is all that UpdateNodegroupConfig takes.
type updateRequest struct {
	Token  string `json:"clientRequestToken"`
	Labels *struct {
		Set    map[string]string `json:"addOrUpdateLabels"`
		Remove []string          `json:"removeLabels"`
	} `json:"labels"`
	NodeRepairConfig *NodeRepair `json:"nodeRepairConfig"`
	ScalingConfig    *Scaling    `json:"scalingConfig"`
	Taints           *struct {
		Set    []Taint `json:"addOrUpdateTaints"`
		Remove []Taint `json:"removeTaints"`
	} `json:"taints"`
	UpdateConfig   *Rolling  `json:"updateConfig"`
	WarmPoolConfig *WarmPool `json:"warmPoolConfig"`
}

// Update is a change of a node group under way.
type Update struct {
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	CreatedAt    int64         `json:"createdAt"`
	Errors       []UpdateError `json:"errors"`
	ID           string        `json:"id"`
	Params       []Param       `json:"params"`
	Status       string        `json:"status"`
	Type         string        `json:"type"`
}

// Cancellation is how an update was called off.
type Cancellation struct {
	Reason string `json:"reason"`
	Status string `json:"status"`
}

// UpdateError is why an update failed.
type UpdateError struct {
	Code        string   `json:"errorCode"`
	Message     string   `json:"errorMessage"`
	ResourceIDs []string `json:"resourceIds"`
}

// Param is one thing that an update changes.
type Param struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}
