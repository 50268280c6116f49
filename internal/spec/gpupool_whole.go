package spec

import "strings"

func (g *GPUPool) checkWhole(c *checker) {
	if g.Accelerator == nil && g.InstanceType == "" && c.knows(At("instance_type")) && c.knowsKeys(At("accelerator")) {
		c.fault(At("accelerator"), "must be set: the type and count of a node's accelerators; or pin a type of machine with instance_type")
	}
	if g.Nodes.Max >= 1 && g.Nodes.Min > g.Nodes.Max && c.knows(At("nodes", "min"), At("nodes", "max")) {
		c.fault(At("nodes", "min"), "%d is above max %d", g.Nodes.Min, g.Nodes.Max)
	}
	g.checkSlices(c)
}

// checkOn checks what is the cloud's: its zones, how many pods it lets share an
// accelerator, and whether it has a list that tells the accelerators of a machine.
func (g *GPUPool) checkOn(p *Platform, report func(at Path, format string, args ...any)) {
	for i, zone := range g.Zones {
		if why := misplacedZone(p.Cloud, p.Region, zone); why != "" {
			report(At("zones").Index(i), "%q %s", zone, why)
		}
	}
	if s := g.Sharing; p.Cloud == "google" && s.Strategy == "time_slicing" && s.Replicas > clients {
		report(At("sharing", "replicas"), "%d is more than GKE allows: at most %d pods share one accelerator", s.Replicas, clients)
	}
	if g.Accelerator == nil && g.InstanceType != "" && !sells(p.Cloud) {
		report(At("accelerator"), "must be set: cloud %q has no list of machines that says which accelerators %q has", p.Cloud, g.InstanceType)
	}
}

func (l *linker) pool(g *GPUPool) {
	l.ofPlatform(g, g.Platform)
	if other, why := g.Foreign(l.p.Platform.Cloud); why != "" {
		l.fault(g, At(other), "%s", why)
	}
	g.checkOn(l.p.Platform, l.reporter(g))
	if g.Accelerator == nil && sells(l.p.Platform.Cloud) {
		l.fault(g, At("accelerator"), "must be set: it is not known which accelerators instance_type %q has", g.InstanceType)
	}
	l.groups(g)
}

// groups reports two groups of nodes of one name on the platform's cloud, which are the
// same to it.
func (l *linker) groups(g *GPUPool) {
	cloud := l.p.Platform.Cloud
	if !sells(cloud) || g.Provisioned(cloud) {
		return
	}
	list := g.Groups()
	for _, group := range list {
		name := group.Name
		switch cloud {
		case "aws":
			name = NodeGroups(l.p.Platform.Name, g.Name) + strings.TrimPrefix(group.Name, g.Name)
		case "azure":
			name = group.AgentPool(len(list) > 1)
		}
		l.sole(g, At("name"), "a group of nodes", name)
	}
}
