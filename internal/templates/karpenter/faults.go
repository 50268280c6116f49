package karpenter

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Forms of the definitions' own rules.
var (
	aliasForm       = pattern.New(`^(al2023|bottlerocket)@v[0-9][0-9A-Za-z.-]*$`)
	reservationForm = pattern.New(`^cr-[0-9a-z]+$`)
	subnetForm      = pattern.New(`^subnet-[0-9a-z]+$`)
)

// disks are the types of volume that a machine can start from without more settings.
func disks() []string { return []string{"gp2", "gp3", "standard"} }

// largest is the size of a volume in GiB that an EC2NodeClass takes.
const largest = 59000

// longestAlias is what an EC2NodeClass takes of an alias.
const longestAlias = 30

// unable names what Karpenter cannot do, and the way out.
func unable(g *spec.GPUPool) (out spec.Faults) {
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(g, at, format, args...))
	}
	if machine(g) == "" {
		refuse(spec.At("instance_type"), "Karpenter needs the type of machine: set it")
	}
	if g.Nodes.Min > 0 {
		refuse(spec.At("nodes", "min"), "Karpenter starts nodes for pods that wait, and keeps none without: set 0, or aws.provisioner = \"managed_node_group\"")
	}
	if i, j := slices.Index(g.Capacity, "spot"), slices.Index(g.Capacity, "on_demand"); i > j && j >= 0 {
		refuse(spec.At("capacity"), "Karpenter always tries spot nodes first: write [\"spot\", \"on_demand\"], or name one")
	}
	if why := g.Sharing.Unshareable(g.Accelerator); why != "" {
		refuse(spec.At("sharing"), "%s", why)
	}
	if g.Driver != "managed" {
		refuse(spec.At("driver"), "%q has no effect with Karpenter: the image of aws.ami_alias brings its driver; leave it out", g.Driver)
	}
	if g.Reservation != "" && !reservationForm.MatchString(g.Reservation) {
		refuse(spec.At("reservation"), "%q must be the id of a capacity reservation, such as cr-0123456789abcdef0", g.Reservation)
	}
	return slices.Concat(out, labelFaults(g), unableOnAWS(g))
}

// repairs reports whether ill nodes of a pool are replaced.
func repairs(g *spec.GPUPool) bool { return g.NodeRepair == nil || *g.NodeRepair }

// repairFaults are pools that want what Karpenter does for all or for none.
func repairFaults(pools []*spec.GPUPool) (out spec.Faults) {
	for _, g := range pools {
		if first := pools[0]; repairs(g) != repairs(first) {
			out = append(out, spec.Refuse(g, spec.At("node_repair"), "Karpenter replaces the ill nodes of all pools or of none, by its feature gate NodeRepair: give it the value of pool %q", first.Name))
		}
	}
	return out
}

// labelFaults are labels that mean something to Karpenter or to this provider.
func labelFaults(g *spec.GPUPool) (out spec.Faults) {
	ours := ownLabels(g)
	for _, key := range slices.Sorted(maps.Keys(g.Labels)) {
		domain, _, _ := strings.Cut(key, "/")
		mine, taken := ours[key]
		switch at := spec.At("labels").Key(key); {
		case taken && mine != g.Labels[key]:
			out = append(out, spec.Refuse(g, at, "is %q, which this provider sets: leave it out", mine))
		case strings.HasSuffix(domain, "karpenter.sh"), key == "kubernetes.io/hostname":
			out = append(out, spec.Refuse(g, at, "Karpenter sets this label itself: leave it out"))
		}
	}
	return out
}

// tagForm is what AWS takes in a tag.
var tagForm = pattern.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// platformFaults are what all pools of a platform need.
func platformFaults(p *spec.Project) (out spec.Faults) {
	if p.Platform.Cluster == nil {
		out = append(out, spec.Refuse(p.Platform, spec.At("cluster"), "Karpenter finds subnets and security groups by the name of the cluster: set cluster.name"))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
		if value := p.Tags[key]; !tagForm.MatchString(value) || len([]rune(value)) > 256 {
			out = append(out, spec.Refuse(p.Platform, spec.At("tags").Key(key), "%q cannot be a tag of machines of AWS, which takes 256 letters, digits, spaces and _ . : / = + - @", value))
		}
	}
	return out
}

// unableOnAWS are those of the node class.
func unableOnAWS(g *spec.GPUPool) (out spec.Faults) {
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(g, at, format, args...))
	}
	a, at := g.AWS, spec.At("aws")
	switch {
	case a.AMIAlias == "":
		refuse(at.Attr("ami_alias"), "must be set for Karpenter, such as \"al2023@v20260723\": without a version nodes change whenever AWS publishes an image")
	case strings.HasSuffix(a.AMIAlias, "@latest"):
		refuse(at.Attr("ami_alias"), "%q changes nodes whenever AWS publishes an image: name a version, such as \"al2023@v20260723\"", a.AMIAlias)
	case !aliasForm.MatchString(a.AMIAlias) || len(a.AMIAlias) > longestAlias:
		refuse(at.Attr("ami_alias"), "%q must be an image of al2023 or bottlerocket with its version, such as \"al2023@v20260723\"", a.AMIAlias)
	}
	if a.AMIType != "" {
		refuse(at.Attr("ami_type"), "belongs to aws.provisioner = \"managed_node_group\"; Karpenter has aws.ami_alias")
	}
	switch {
	case a.NodeRole == "":
		refuse(at.Attr("node_role"), "must be set for Karpenter: the name of the role of its nodes")
	case strings.ContainsAny(a.NodeRole, ":/"):
		refuse(at.Attr("node_role"), "%q must be the name of a role for Karpenter, not its ARN", a.NodeRole)
	}
	for i, id := range a.Subnets {
		if !subnetForm.MatchString(id) {
			refuse(at.Attr("subnet_ids").Index(i), "%q must be the id of a subnet, such as subnet-0123456789abcdef0", id)
		}
	}
	if d := g.Disk; d != nil && d.SizeGiB > largest {
		refuse(spec.At("disk", "size_gib"), "%d is more than the %d GiB that Karpenter takes", d.SizeGiB, largest)
	}
	if d := g.Disk; d != nil && d.Type != "" && !slices.Contains(disks(), d.Type) {
		refuse(spec.At("disk", "type"), "%q must be one of %s", d.Type, strings.Join(disks(), ", "))
	}
	return out
}
