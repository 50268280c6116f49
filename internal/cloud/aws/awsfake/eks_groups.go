package awsfake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// The states of a node group.
const (
	Creating     = "CREATING"
	Active       = "ACTIVE"
	Updating     = "UPDATING"
	Deleting     = "DELETING"
	CreateFailed = "CREATE_FAILED"
	DeleteFailed = "DELETE_FAILED"
	Degraded     = "DEGRADED"
)

func (f *EKS) cluster(r *http.Request) (*cluster, *failure) {
	name := r.PathValue("cluster")
	if c := f.clusters[name]; c != nil {
		return c, nil
	}
	return nil, absent("No cluster found for name: %s.", name)
}

// find gives a node group as it is after one more look at it.
func (f *EKS) find(r *http.Request) (*group, *failure) {
	c, no := f.cluster(r)
	if no != nil {
		return nil, no
	}
	name := r.PathValue("group")
	g := c.groups[name]
	if g == nil {
		return nil, absent("No node group found for name: %s.", name)
	}
	return g, nil
}

// look lets one poll go by.
func (g *group) look() {
	if g.then == nil {
		return
	}
	if g.polls--; g.polls < 0 {
		then := g.then
		g.then = nil
		then()
	}
}

func (f *EKS) describeCluster(r *http.Request) (any, *failure) {
	c, no := f.cluster(r)
	if no != nil {
		return nil, no
	}
	return map[string]any{"cluster": map[string]any{
		"name": r.PathValue("cluster"), "status": Active, "version": "1.35", "createdAt": Epoch,
		"arn":                "arn:aws:eks:eu-central-1:111122223333:cluster/" + r.PathValue("cluster"),
		"resourcesVpcConfig": map[string]any{"subnetIds": c.subnets, "vpcId": "vpc-1"},
	}}, nil
}

func (f *EKS) list(r *http.Request) (any, *failure) {
	c, no := f.cluster(r)
	if no != nil {
		return nil, no
	}
	names := slices.Sorted(maps.Keys(c.groups))
	from, _ := strconv.Atoi(r.URL.Query().Get("nextToken"))
	size, _ := strconv.Atoi(r.URL.Query().Get("maxResults"))
	if size == 0 {
		size = 100
	}
	names = names[min(from, len(names)):]
	out := map[string]any{"nodegroups": names[:min(size, len(names))]}
	if len(names) > size {
		out["nextToken"] = strconv.Itoa(from + size)
	}
	return out, nil
}

func (f *EKS) create(r *http.Request) (any, *failure) {
	c, no := f.cluster(r)
	if no != nil {
		return nil, no
	}
	var in createRequest
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	if g := c.groups[in.NodegroupName]; g != nil {
		if g.token == in.Token && !g.seeded {
			return map[string]any{"nodegroup": g.NodeGroup}, nil
		}
		return nil, inUse("NodeGroup already exists with name %s and cluster name %s", in.NodegroupName, r.PathValue("cluster"))
	}
	if no := check(in); no != nil {
		return nil, no
	}
	if no := f.busy(); no != nil {
		return nil, no
	}
	g := &group{NodeGroup: f.fresh(r.PathValue("cluster"), in), token: in.Token, updates: map[string]*Update{}, hidden: f.script.Hidden, polls: f.script.Polls}
	issues := f.script.CreateFails
	g.then = func() {
		g.Status = Active
		if issues != nil {
			g.Status, g.Health.Issues = CreateFailed, issues
		}
	}
	c.groups[in.NodegroupName] = g
	return map[string]any{"nodegroup": g.NodeGroup}, nil
}

func (f *EKS) fresh(cluster string, in createRequest) NodeGroup {
	g := NodeGroup{
		AmiType: in.AmiType, CapacityType: in.CapacityType, ClusterName: cluster, CreatedAt: Epoch, ModifiedAt: Epoch,
		DiskSize: in.DiskSize, Health: Health{Issues: []Issue{}}, InstanceTypes: in.InstanceTypes, Labels: in.Labels,
		LaunchTemplate: in.LaunchTemplate, NodeRepairConfig: in.NodeRepairConfig, NodeRole: in.NodeRole,
		NodegroupArn: f.arn(cluster, in.NodegroupName), NodegroupName: in.NodegroupName, ReleaseVersion: in.ReleaseVersion,
		RemoteAccess: in.RemoteAccess, ScalingConfig: in.ScalingConfig, Status: Creating, Subnets: in.Subnets, Tags: in.Tags,
		Taints: in.Taints, UpdateConfig: in.UpdateConfig, Version: in.Version, WarmPoolConfig: in.WarmPoolConfig,
		Resources: Resources{Groups: []Named{{Name: "eks-" + in.NodegroupName}}},
	}
	if in.RemoteAccess != nil {
		g.Resources.SecurityGroup = "sg-1"
	}
	if g.Version == "" {
		g.Version, g.ReleaseVersion = "1.35", "1.35.0-20261101"
	}
	return g
}

// check refuses what the model of the API refuses (lengths and counts) and sizes that
// contradict each other.
func check(in createRequest) *failure {
	switch {
	case in.NodegroupName == "" || len(in.NodegroupName) > 63:
		return invalid("nodegroupName %q must have 1 to 63 characters", in.NodegroupName)
	case in.NodeRole == "" || len(in.Subnets) == 0:
		return invalid("nodeRole and subnets are required")
	case len(in.Tags) > 50 || len(in.Taints) > 50:
		return invalid("at most 50 tags and 50 taints")
	}
	if no := checkLabels(in.Labels); no != nil {
		return no
	}
	return checkScaling(in.ScalingConfig)
}

func checkLabels(labels map[string]string) *failure {
	for key, value := range labels {
		if key == "" || len(key) > 63 || value == "" || len(value) > 63 {
			return invalid("label %q=%q must have 1 to 63 characters on both sides", key, value)
		}
	}
	return nil
}

func checkScaling(s *Scaling) *failure {
	if s == nil || s.Min == nil || s.Max == nil || s.Desired == nil {
		return nil
	}
	if *s.Max < 1 || *s.Min < 0 || *s.Min > *s.Max {
		return invalid("minSize %d and maxSize %d contradict each other", *s.Min, *s.Max)
	}
	if *s.Desired < *s.Min || *s.Desired > *s.Max {
		return invalid("desired capacity %d must be between %d and %d", *s.Desired, *s.Min, *s.Max)
	}
	return nil
}

func (f *EKS) describe(r *http.Request) (any, *failure) {
	g, no := f.find(r)
	if no != nil {
		return nil, no
	}
	if g.hidden > 0 {
		g.hidden--
		return nil, absent("No node group found for name: %s.", g.NodegroupName)
	}
	g.look()
	if g, no = f.find(r); no != nil { // it may be gone now
		return nil, no
	}
	return map[string]any{"nodegroup": g.NodeGroup}, nil
}

func (f *EKS) remove(r *http.Request) (any, *failure) {
	g, no := f.find(r)
	if no != nil {
		return nil, no
	}
	if g.Status == Updating || g.Status == Deleting {
		return nil, inUse("Nodegroup %s is %s", g.NodegroupName, g.Status)
	}
	if no := f.busy(); no != nil {
		return nil, no
	}
	groups := f.clusters[r.PathValue("cluster")].groups
	g.Status, g.polls = Deleting, f.script.Polls
	issues := f.script.DeleteFails
	g.then = func() {
		if issues != nil {
			g.Status, g.Health.Issues = DeleteFailed, issues
			return
		}
		delete(groups, g.NodegroupName)
	}
	return map[string]any{"nodegroup": g.NodeGroup}, nil
}

// busy refuses as many changes as the script says.
func (f *EKS) busy() *failure {
	if f.script.Busy == 0 {
		return nil
	}
	f.script.Busy--
	return inUse("There is an operation in progress on the cluster")
}
