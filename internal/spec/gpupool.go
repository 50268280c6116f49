package spec

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// GPUPool is a pool of nodes with accelerators.
type GPUPool struct {
	Platform       Ref               `json:"platform" ref:"platform"`
	Name           string            `json:"name"`
	Accelerator    *Accelerator      `json:"accelerator"`
	InstanceType   string            `json:"instance_type,omitempty" text:"filled"`
	Nodes          *Nodes            `json:"nodes"`
	Capacity       []string          `json:"capacity,omitempty"`
	MaxHourlyPrice Number            `json:"max_hourly_price,omitempty"`
	Sharing        *Sharing          `json:"sharing,omitempty"`
	Labels         map[string]string `json:"labels,omitempty"`
	Taints         []Taint           `json:"taints,omitempty"`
	Zones          []string          `json:"zones,omitempty" text:"filled"`
	Disk           *Disk             `json:"disk,omitempty"`
	Driver         string            `json:"driver,omitempty"`
	NodeRepair     *bool             `json:"node_repair"`
	Reservation    string            `json:"reservation,omitempty" text:"filled"`
	AWS            *AWSPool          `json:"aws,omitempty"`
	Google         *GooglePool       `json:"google,omitempty"`
	Azure          *AzurePool        `json:"azure,omitempty"`
	// Machine is the type of machine that the catalog chose, and Model the accelerator
	// that it has where the cloud has none of the type asked for.
	Machine string `json:"machine,omitempty"`
	Model   string `json:"model,omitempty"`
	Price   *Price `json:"price,omitempty"`
}

// Price is what an hour of one node costs in USD by a list of a day; "" is unknown.
type Price struct {
	OnDemand Number `json:"on_demand,omitempty"`
	Spot     Number `json:"spot,omitempty"`
	AsOf     string `json:"as_of,omitempty"`
}

// Disk is the boot disk of a node. Type is in the cloud's own words.
type Disk struct {
	SizeGiB int64  `json:"size_gib,omitempty"`
	Type    string `json:"type,omitempty" text:"filled"`
}

// AWSPool is what only AWS has: managed node groups, or Karpenter through the repository.
type AWSPool struct {
	Provisioner string   `json:"provisioner,omitempty"`
	NodeRole    string   `json:"node_role,omitempty" text:"filled"` // ARN for a node group, name for Karpenter
	Subnets     []string `json:"subnet_ids,omitempty" text:"filled"`
	AMIType     string   `json:"ami_type,omitempty" text:"filled"`
	AMIAlias    string   `json:"ami_alias,omitempty" text:"filled"`
}

// GooglePool is what only Google Cloud has.
type GooglePool struct {
	ServiceAccount string `json:"service_account,omitempty" text:"filled"`
	FlexStart      bool   `json:"flex_start,omitempty"`
}

// AzurePool is what only Azure has.
type AzurePool struct {
	SubnetID string `json:"subnet_id,omitempty" text:"filled"`
	OSSKU    string `json:"os_sku,omitempty" text:"filled"`
}

// Nodes bounds the size of a pool.
type Nodes struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// unbounded is a greatest number of nodes that nobody wrote.
const unbounded = math.MinInt64

func (n *Nodes) preset() { n.Max = unbounded }

// Sharing says how several pods use one accelerator.
type Sharing struct {
	Strategy string `json:"strategy"`
	Replicas int64  `json:"replicas,omitempty"`
	Profile  string `json:"profile,omitempty"`
}

// Taint keeps pods that do not tolerate it off the nodes (v1 Taint).
type Taint struct {
	Key    string `json:"key"`
	Value  string `json:"value,omitempty"`
	Effect string `json:"effect"`
}

// same reports whether a node can have only one of two taints (v1 Node).
func (t Taint) same(o Taint) bool { return t.Key == o.Key && t.Effect == o.Effect }

// Kind is KindGPUPool.
func (*GPUPool) Kind() Kind { return KindGPUPool }

// ID is the pool's name.
func (g *GPUPool) ID() string { return g.Name }

func (g *GPUPool) complete() {
	if g.Nodes == nil {
		g.Nodes = &Nodes{Max: unbounded}
	}
	if g.Nodes.Max == unbounded {
		g.Nodes.Max = max(1, g.Nodes.Min)
	}
	if len(g.Capacity) == 0 {
		g.Capacity = []string{"on_demand"}
	}
	if g.Sharing == nil {
		g.Sharing = &Sharing{}
	}
	or(&g.Sharing.Strategy, "none")
	or(&g.Driver, "managed")
	if g.NodeRepair == nil {
		g.NodeRepair = ptr(true)
	}
	g.completeTaints()
}

func (g *GPUPool) completeTaints() {
	if g.Taints == nil && g.Accelerator != nil && g.Accelerator.Resource() != "" {
		g.Taints = []Taint{{Key: g.Accelerator.Resource(), Value: "present", Effect: "NoSchedule"}}
	}
}

// Equip gives a pool that pins a type of machine the accelerators of that machine, and
// the taints that follow from them. It reports what they cannot do of what is asked for.
func (g *GPUPool) Equip(a Accelerator) Faults {
	g.Accelerator = &a
	g.completeTaints()
	c := &checker{}
	c.accelerator(At("accelerator"), a)
	g.checkSlices(c)
	return c.faults
}

func (g *GPUPool) checkValues(c *checker) {
	c.host(At("name"), g.Name, 40)
	c.required(At("platform"), string(g.Platform))
	if g.Accelerator != nil {
		c.accelerator(At("accelerator"), *g.Accelerator)
	}
	g.checkCapacity(c)
	g.checkSharing(c)
	c.choice(At("driver"), "driver", g.Driver)
	if g.AWS != nil {
		c.choice(At("aws", "provisioner"), "provisioner", g.AWS.Provisioner)
	}
	if g.Disk != nil && (g.Disk.SizeGiB < 0 || g.Disk.SizeGiB > 65536) {
		c.fault(At("disk", "size_gib"), "%d must be from 1 to 65536", g.Disk.SizeGiB)
	}
	g.checkMarks(c)
}

// checkCapacity checks how many nodes there are, how they are bought and at what price.
func (g *GPUPool) checkCapacity(c *checker) {
	if g.Nodes.Min < 0 {
		c.fault(At("nodes", "min"), "%d must not be negative", g.Nodes.Min)
	}
	if g.Nodes.Max < 1 {
		c.fault(At("nodes", "max"), "%d must be at least 1: min = 0 lets a pool be empty, and a pool that is not wanted is left out", g.Nodes.Max)
	}
	for i, kind := range g.Capacity {
		if c.required(At("capacity").Index(i), kind) {
			c.choice(At("capacity").Index(i), "capacity", kind)
		}
		if slices.Index(g.Capacity, kind) < i {
			c.fault(At("capacity").Index(i), "%q is named twice", kind)
		}
	}
	if g.MaxHourlyPrice != "" && g.MaxHourlyPrice.Rat().Sign() <= 0 {
		c.fault(At("max_hourly_price"), "%s must be an amount in USD above zero", g.MaxHourlyPrice)
	}
}

// checkMarks checks what Kubernetes puts on the nodes: labels and taints.
func (g *GPUPool) checkMarks(c *checker) {
	for _, key := range sorted(g.Labels) {
		if !tagForm.MatchString(strings.ReplaceAll(key, "/", ".")) || (g.Labels[key] != "" && !tagForm.MatchString(g.Labels[key])) || len(g.Labels[key]) > 63 {
			c.misplaced(At("labels").Key(key), "%q = %q is no label of Kubernetes", key, g.Labels[key])
		}
	}
	for i, taint := range g.Taints {
		c.required(At("taints").Index(i).Attr("key"), taint.Key)
		if c.required(At("taints").Index(i).Attr("effect"), taint.Effect) {
			c.choice(At("taints").Index(i).Attr("effect"), "taint", taint.Effect)
		}
		if n := slices.IndexFunc(g.Taints, taint.same); n < i && taint.Key != "" && c.knows(At("taints").Index(n)) {
			c.fault(At("taints").Index(i), "is that of taints[%d] again: a node has one taint of a key and an effect", n)
		}
	}
}

// Provisioned reports whether a pool on a cloud is made by a program in the cluster that
// reads the emitted repository, and not through the cloud's API.
func (g *GPUPool) Provisioned(cloud string) bool {
	return cloud == "aws" && g.AWS != nil && g.AWS.Provisioner == "karpenter"
}

// Foreign names the settings of a pool that belong to another cloud, and says so; both
// are "" when there are none.
func (g *GPUPool) Foreign(cloud string) (attribute, why string) {
	for _, own := range []struct {
		cloud string
		set   bool
	}{{"aws", g.AWS != nil}, {"google", g.Google != nil}, {"azure", g.Azure != nil}} {
		if own.set && own.cloud != cloud {
			return own.cloud, fmt.Sprintf("is for cloud %q, and the platform's cloud is %q: leave it out", own.cloud, cloud)
		}
	}
	return "", ""
}
