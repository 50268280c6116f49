package azurefake

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	containerfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6/fake"
)

// SpotTaint and SpotLabel are what AKS adds to pools of spot nodes.
const (
	SpotTaint = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
	SpotLabel = "kubernetes.azure.com/scalesetpriority"
)

type (
	properties = armcontainerservice.ManagedClusterAgentPoolProfileProperties
	putOptions = armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions
	putAnswer  = armcontainerservice.AgentPoolsClientCreateOrUpdateResponse
)

var (
	poolName = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)
	taint    = regexp.MustCompile(`^[^=:]+=[^=:]*:(NoSchedule|NoExecute|PreferNoSchedule)$`)
)

func (a *Azure) containers() *containerfake.ServerFactory {
	return &containerfake.ServerFactory{
		AgentPoolsServer:      containerfake.AgentPoolsServer{Get: a.getPool, BeginCreateOrUpdate: a.putPool, BeginDelete: a.deletePool},
		ManagedClustersServer: containerfake.ManagedClustersServer{Get: a.getCluster},
	}
}

// cluster is the cluster of a resource group, or nil.
func (a *Azure) cluster(group, name string) *Cluster {
	c := a.Clusters[name]
	if c == nil || group != cmp.Or(c.Group, a.Group) {
		return nil
	}
	return c
}

func (a *Azure) getCluster(_ context.Context, group, name string, _ *armcontainerservice.ManagedClustersClientGetOptions) (out fake.Responder[armcontainerservice.ManagedClustersClientGetResponse], none fake.ErrorResponder) {
	cluster := a.cluster(group, name)
	if cluster == nil {
		return out, absent("Microsoft.ContainerService/managedClusters", name)
	}
	return said(http.StatusOK, armcontainerservice.ManagedClustersClientGetResponse{ManagedCluster: armcontainerservice.ManagedCluster{
		Name: to.Ptr(name), Properties: &armcontainerservice.ManagedClusterProperties{OidcIssuerProfile: &armcontainerservice.ManagedClusterOIDCIssuerProfile{Enabled: to.Ptr(true), IssuerURL: to.Ptr(cluster.Issuer)}},
	}}), none
}

// tick lets time pass for the agent pool of a path: every look at it brings it on.
func (a *Azure) tick(path string) {
	parts := strings.Split(path, "/")
	if len(parts) < 11 || !strings.EqualFold(parts[7], "managedClusters") {
		return
	}
	cluster := a.Clusters[parts[8]]
	if cluster == nil || cluster.Pools[parts[10]] == nil {
		return
	}
	pool := cluster.Pools[parts[10]]
	switch {
	case pool.left > 1:
		pool.left--
	case pool.left == 1 && pool.leaves:
		delete(cluster.Pools, parts[10])
	case pool.left == 1 && a.Refuse != "":
		pool.left, pool.ProvisioningState = 0, to.Ptr("Failed")
	case pool.left == 1:
		pool.left, pool.ProvisioningState = 0, to.Ptr("Succeeded")
	}
}

func (a *Azure) getPool(_ context.Context, group, cluster, name string, _ *armcontainerservice.AgentPoolsClientGetOptions) (out fake.Responder[armcontainerservice.AgentPoolsClientGetResponse], none fake.ErrorResponder) {
	c := a.cluster(group, cluster)
	if c == nil || c.Pools[name] == nil {
		return out, absent("Microsoft.ContainerService/managedClusters/"+cluster+"/agentPools", name)
	}
	p := copied(c.Pools[name].ManagedClusterAgentPoolProfileProperties)
	return said(http.StatusOK, armcontainerservice.AgentPoolsClientGetResponse{AgentPool: armcontainerservice.AgentPool{Name: to.Ptr(name), Properties: &p}}), none
}

func (a *Azure) putPool(_ context.Context, group, cluster, name string, p armcontainerservice.AgentPool, options *putOptions) (out fake.PollerResponder[putAnswer], none fake.ErrorResponder) {
	c := a.cluster(group, cluster)
	if c == nil {
		return out, absent("Microsoft.ContainerService/managedClusters", cluster)
	}
	have, want := c.Pools[name], copied(*p.Properties)
	if options == nil {
		options = &putOptions{}
	}
	switch {
	case !poolName.MatchString(name):
		return out, refuse(http.StatusBadRequest, "InvalidParameter", "The value of parameter agentPoolProfile.name is invalid: %s", name)
	case have != nil && have.left > 0:
		return out, refuse(http.StatusConflict, "OperationNotAllowed", "Operation is not allowed because there's an in progress operation on the agent pool.")
	case options.IfNoneMatch != nil && have != nil, options.IfMatch != nil && (have == nil || *have.ETag != *options.IfMatch):
		return out, refuse(http.StatusPreconditionFailed, "PreconditionFailed", "The condition of the request does not hold.")
	}
	if why := refused(have, want); why != "" {
		return out, refuse(http.StatusBadRequest, "InvalidParameter", "%s", why)
	}
	pool := &Pool{ManagedClusterAgentPoolProfileProperties: want, left: 2}
	if have == nil {
		pool.ProvisioningState = to.Ptr("Creating")
	} else {
		pool.ProvisioningState = to.Ptr("Updating")
	}
	pool.ETag = to.Ptr(a.tag())
	if want.ScaleSetPriority != nil && *want.ScaleSetPriority == armcontainerservice.ScaleSetPrioritySpot {
		added(pool)
	}
	c.Pools[name] = pool
	out.AddNonTerminalResponse(http.StatusCreated, nil)
	out.AddNonTerminalResponse(http.StatusOK, nil)
	if a.Refuse != "" {
		out.AddPollingError(refusal{http.StatusBadRequest, "ReconcileVMSSAgentPoolFailed", a.Refuse})
		return out, none
	}
	done := copied(pool.ManagedClusterAgentPoolProfileProperties)
	done.ProvisioningState = to.Ptr("Succeeded")
	out.SetTerminalResponse(http.StatusOK, putAnswer{AgentPool: armcontainerservice.AgentPool{Name: to.Ptr(name), Properties: &done}}, nil)
	return out, none
}

func added(p *Pool) {
	if !slices.ContainsFunc(p.NodeTaints, func(t *string) bool { return *t == SpotTaint }) {
		p.NodeTaints = append(p.NodeTaints, to.Ptr(SpotTaint))
	}
	if p.NodeLabels == nil {
		p.NodeLabels = map[string]*string{}
	}
	p.NodeLabels[SpotLabel] = to.Ptr("spot")
}

// refused says which rule of AKS a pool breaks, or "".
func refused(have *Pool, want properties) string {
	if why := ofPriority(want); why != "" {
		return why
	}
	switch {
	case want.VMSize == nil || !strings.HasPrefix(*want.VMSize, "Standard_"):
		return "The VM size is not allowed in your subscription in this location."
	case want.Type == nil || *want.Type != armcontainerservice.AgentPoolTypeVirtualMachineScaleSets || want.EnableAutoScaling == nil:
		return "Autoscaling needs the type VirtualMachineScaleSets."
	case slices.ContainsFunc(want.NodeTaints, func(t *string) bool { return !taint.MatchString(*t) }):
		return "The format of a taint is key=value:effect."
	case want.MaxCount != nil && (*want.MaxCount < 1 || *want.MaxCount > 1000):
		return "maxCount must be from 1 to 1000."
	case want.MinCount == nil || want.MaxCount == nil || want.Count == nil || *want.Count < *want.MinCount || *want.Count > *want.MaxCount:
		return "count must be from minCount to maxCount."
	}
	if have == nil {
		return ""
	}
	return changed(have, want)
}

// ofPriority says which rule of spot or of regular nodes a pool breaks, or "".
func ofPriority(want properties) string {
	surge := want.UpgradeSettings != nil && want.UpgradeSettings.MaxSurge != nil
	if want.ScaleSetPriority == nil || *want.ScaleSetPriority != armcontainerservice.ScaleSetPrioritySpot {
		switch {
		case !surge:
			return "maxSurge or maxUnavailable is needed."
		case want.SpotMaxPrice != nil || want.ScaleSetEvictionPolicy != nil:
			return "Only spot pools have a spotMaxPrice and a scaleSetEvictionPolicy."
		}
		return ""
	}
	switch {
	case surge:
		return "Spot pools can't set max surge."
	case *want.Mode != armcontainerservice.AgentPoolModeUser:
		return "Spot pools must be of mode User."
	case want.SpotMaxPrice == nil || (*want.SpotMaxPrice != -1 && *want.SpotMaxPrice <= 0):
		return "spotMaxPrice must be -1 or above 0."
	case want.CapacityReservationGroupID != nil:
		return "Spot pools are in no capacity reservation."
	}
	return ""
}

// changed names an immutable property that differs, or "".
func changed(have *Pool, want properties) string {
	before := have.ManagedClusterAgentPoolProfileProperties
	for name, pair := range map[string][2]any{
		"vmSize": {before.VMSize, want.VMSize}, "scaleSetPriority": {before.ScaleSetPriority, want.ScaleSetPriority}, "spotMaxPrice": {before.SpotMaxPrice, want.SpotMaxPrice},
		"scaleSetEvictionPolicy": {before.ScaleSetEvictionPolicy, want.ScaleSetEvictionPolicy}, "gpuInstanceProfile": {before.GpuInstanceProfile, want.GpuInstanceProfile},
		"gpuProfile": {before.GpuProfile, want.GpuProfile}, "osDiskSizeGB": {before.OSDiskSizeGB, want.OSDiskSizeGB}, "osDiskType": {before.OSDiskType, want.OSDiskType},
		"availabilityZones": {before.AvailabilityZones, want.AvailabilityZones}, "vnetSubnetID": {before.VnetSubnetID, want.VnetSubnetID},
		"capacityReservationGroupID": {before.CapacityReservationGroupID, want.CapacityReservationGroupID}, "osType": {before.OSType, want.OSType},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			return "Changing property 'properties." + name + "' is not allowed."
		}
	}
	return ""
}

func (a *Azure) deletePool(_ context.Context, group, cluster, name string, _ *armcontainerservice.AgentPoolsClientBeginDeleteOptions) (out fake.PollerResponder[armcontainerservice.AgentPoolsClientDeleteResponse], none fake.ErrorResponder) {
	c := a.cluster(group, cluster)
	switch {
	case c == nil:
		return out, absent("Microsoft.ContainerService/managedClusters", cluster)
	case c.Pools[name] == nil:
		out.SetTerminalResponse(http.StatusNoContent, armcontainerservice.AgentPoolsClientDeleteResponse{}, nil)
		return out, none
	case c.Pools[name].left > 0:
		return out, refuse(http.StatusConflict, "OperationNotAllowed", "Operation is not allowed because there's an in progress operation on the agent pool.")
	}
	pool := c.Pools[name]
	pool.left, pool.leaves, pool.ProvisioningState = 1, true, to.Ptr("Deleting")
	out.AddNonTerminalResponse(http.StatusAccepted, nil)
	out.SetTerminalResponse(http.StatusNoContent, armcontainerservice.AgentPoolsClientDeleteResponse{}, nil)
	return out, none
}
