package karpenter

import (
	"maps"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// discovery is the tag by which Karpenter finds what belongs to a cluster.
const discovery = "karpenter.sh/discovery"

func (w *writer) nodeClass(g *spec.GPUPool) nodeClass {
	ours := map[string]string{discovery: w.p.Platform.Cluster.Name}
	out := nodeClass{APIVersion: "karpenter.k8s.aws/v1", Kind: "EC2NodeClass", Metadata: w.metadata(g)}
	out.Spec = nodeClassSpec{
		Role:     g.AWS.NodeRole,
		Images:   []image{{g.AWS.AMIAlias}},
		Security: []selector{{Tags: ours}},
		Devices:  []device{disk(g)},
		Metadata: metadataOptions{Endpoint: "enabled", IPv6: "disabled", Hops: 1, Tokens: "required"},
		Tags:     w.tags(g),
	}
	for _, id := range g.AWS.Subnets {
		out.Spec.Subnets = append(out.Spec.Subnets, selector{ID: id})
	}
	if len(g.AWS.Subnets) == 0 {
		out.Spec.Subnets = []selector{{Tags: ours}}
	}
	if g.Reservation != "" {
		out.Spec.Reservations = []selector{{ID: g.Reservation}}
	}
	return out
}

// disk is the volume that images are unpacked to. Bottlerocket has the system on another.
func disk(g *spec.GPUPool) device {
	size, kind, name := int64(100), "gp3", "/dev/xvda"
	if d := g.Disk; d != nil && d.SizeGiB > 0 {
		size = d.SizeGiB
	}
	if d := g.Disk; d != nil && d.Type != "" {
		kind = d.Type
	}
	if strings.HasPrefix(g.AWS.AMIAlias, "bottlerocket@") {
		name = "/dev/xvdb"
	}
	return device{Name: name, Disk: volume{Size: strconv.FormatInt(size, 10) + "Gi", Kind: kind, Encrypted: true, Delete: true}}
}

// tags are on machines, volumes and network interfaces of the pool: those of the
// platform, and the marks that objects of the provider have on AWS.
func (w *writer) tags(g *spec.GPUPool) map[string]string {
	out := map[string]string{}
	maps.Copy(out, w.p.Tags)
	out["managed-by"], out["mlops-platform"], out["mlops-name"] = "terraform-provider-mlops", w.p.Platform.Name, g.Name
	return out
}
