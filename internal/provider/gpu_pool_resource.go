package provider

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// NewGPUPoolResource declares a pool of nodes with accelerators.
func NewGPUPoolResource() resource.Resource {
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	return &physical[cloud.Pool]{
		logicalResource: logicalResource{kind: spec.KindGPUPool, schema: owned("A pool of nodes with accelerators.\n\n"+
			"A **physical** resource: EKS managed node groups (or Karpenter through the emitted repository) on `aws`, node pools of GKE on `google`, agent pools of AKS on `azure`, one per kind of capacity; a flavour of Kueue in a cluster. On cloud `local` it is a declaration: give the nodes of your cluster the labels and taints that `node_selector` and `taints` name.", attributes{
			"platform":         requiredText("`spec` of the `mlops_platform`."),
			"name":             replacing(requiredText("Lower-case letters, digits and dashes, at most 40 characters.")),
			"accelerator":      nested("The accelerators of one node; those of `instance_type` when left out.", attributes{"type": text("A portable type such as `nvidia-l4`."), "count": integer("How many; default 1.")}),
			"instance_type":    machineAttribute(),
			"nodes":            nested("How many nodes; default none to the greater of 1 and `min`.", attributes{"min": integer("At least; default 0."), "max": integer("At most, of each kind of capacity.")}),
			"capacity":         texts("`spot` and `on_demand`, in order of preference; default on demand only."),
			"max_hourly_price": number("Refused at plan when the list price of a node is above it, in USD."),
			"sharing": nested("How several pods use one accelerator.", attributes{
				"strategy": choice("Way of sharing.", "sharing", "none"), "replicas": integer("How many pods share one, for `time_slicing` and `mps`."), "profile": text("Profile of a slice, for `mig`."),
			}),
			"labels": textMap("Labels of the nodes."),
			"taints": nestedList("Taints of the nodes; default `nvidia.com/gpu=present:NoSchedule`.", attributes{
				"key": text("Key."), "value": text("Value."), "effect": choice("Effect.", "taint", ""),
			}),
			"zones":       texts("Zones of the nodes; all of the cluster's when left out. On `aws` for Karpenter: a node group is where its subnets are."),
			"disk":        nested("Boot disk of a node.", attributes{"size_gib": integer("Size in GiB."), "type": text("Type, in the cloud's own words.")}),
			"driver":      choice("Who installs the accelerator's driver: the cloud, the cloud with its latest, or nobody.", "driver", "managed"),
			"node_repair": flag("Lets the cloud replace nodes that are ill; default `true`."),
			"reservation": text("A reservation of capacity that exists, by its id."),
			"aws": nested("What only AWS has.", attributes{
				"provisioner": choice("Who makes the nodes.", "provisioner", "managed_node_group"), "node_role": text("Role of the nodes: an ARN, for Karpenter a name; that of another node group of the cluster when left out."),
				"subnet_ids": texts("Subnets of the nodes; the cluster's when left out."), "ami_type": text("Type of the machine image."), "ami_alias": text("For Karpenter, such as `al2023@v20260723`."),
			}),
			"google":        nested("What only Google Cloud has.", attributes{"service_account": text("Service account of the nodes."), "flex_start": flag("Waits for capacity in a queue.")}),
			"azure":         nested("What only Azure has.", attributes{"subnet_id": text("Subnet of the nodes."), "os_sku": text("Such as `Ubuntu`.")}),
			"resource_name": said("The extended resource that pods ask for, such as `nvidia.com/gpu`."),
			"node_selector": schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Labels by which pods find the nodes."},
			"tolerations": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Tolerations that let pods onto the nodes.", NestedObject: schema.NestedAttributeObject{Attributes: attributes{
				"key": said("Key."), "operator": said("`Exists` or `Equal`."), "value": said("Value."), "effect": said("Effect."),
			}}},
			"candidates":   schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Types of machine that fit, cheapest first."},
			"choice":       said("Why this type of machine was taken."),
			"hourly_cost":  costs("List price of one node for an hour; null where the catalog has none, zero where nodes are not sold, as on `local`.", "spot", "on_demand"),
			"monthly_cost": costs("List price of all nodes for a month of 730 hours: the fewest on the preferred capacity, the most of every kind.", "min", "max"),
			"price_as_of":  said("Day of the list price; empty where there is none."),
		})},
		resolve: resolvePool, describe: describePool,
		of: func(c cloud.Cloud) cloud.Kind[cloud.Pool] { return c.Pools },
		found: func(on cloud.On, name string) cloud.Pool {
			g := &spec.GPUPool{Platform: spec.Ref(on.Platform.Name), Name: name, Nodes: &spec.Nodes{}, Sharing: &spec.Sharing{}} // no capacity: the drivers look which groups there are
			return cloud.Pool{GPUPool: g, On: on}
		},
	}
}

func machineAttribute() schema.StringAttribute {
	a := text("Pins a type of machine. When left out, the cheapest that fits is taken, and the plan shows it.")
	a.Computed = true
	return a
}

func costs(doc string, names ...string) schema.SingleNestedAttribute {
	attrs := attributes{}
	for _, name := range names {
		attrs[name] = schema.NumberAttribute{Computed: true, MarkdownDescription: "In USD."}
	}
	return schema.SingleNestedAttribute{Computed: true, Attributes: attrs, MarkdownDescription: doc}
}

// sold are the clouds that sell machines.
var sold = []string{"aws", "google", "azure"}

// equip gives a pool that pins a machine and names no accelerator those of the machine.
func equip(all *prices.Catalog, p *spec.Platform, g *spec.GPUPool) error {
	if g.Accelerator != nil || g.InstanceType == "" {
		return nil
	}
	has, err := all.ByMachine(p.Cloud, g.InstanceType)
	if err != nil {
		return attributeError{path.Root("instance_type"), err}
	}
	return g.Equip(has).Err()
}

// machine chooses the machine of a pool.
func (s *settings) machine(p *spec.Platform, g *spec.GPUPool) (prices.Choice, error) {
	if !slices.Contains(sold, p.Cloud) || g.Accelerator == nil && g.InstanceType == "" {
		own := prices.Choice{}
		own.InstanceType = first(g.InstanceType, p.Cloud)
		own.Why = "the nodes are yours"
		return own, nil
	}
	all, err := s.prices()
	if err == nil {
		err = equip(all, p, g)
	}
	if err != nil {
		return prices.Choice{}, err
	}
	chosen, err := all.Choose(prices.Query{Cloud: p.Cloud, Region: p.Region, Accelerator: g.Accelerator.Type, Count: g.Accelerator.Count, InstanceType: g.InstanceType, Capacity: g.Capacity})
	if s.isLate("prices") {
		return s.open(chosen, g.InstanceType, err)
	}
	at := path.Root("accelerator")
	if err != nil && g.InstanceType != "" {
		at = path.Root("instance_type")
	}
	if err != nil {
		return chosen, attributeError{at, err}
	}
	limit := g.MaxHourlyPrice
	if limit != "" && chosen.OnDemand == "" {
		return chosen, attributeError{path.Root("max_hourly_price"), fmt.Errorf("the list price of %s is not known, so it cannot be held to %s: give its price with prices in the provider's configuration, or leave max_hourly_price out", chosen.InstanceType, limit)}
	}
	if limit != "" && chosen.OnDemand.Rat().Cmp(limit.Rat()) > 0 {
		return chosen, attributeError{path.Root("max_hourly_price"), fmt.Errorf("%s costs %s USD an hour, which is above %s; %s. Raise the limit, or choose another accelerator", chosen.InstanceType, chosen.OnDemand, limit, strings.TrimSuffix(chosen.Why, "."))}
	}
	return chosen, nil
}

// kept is the machine that a pool has, while it still fits: a new price list is no reason
// to replace nodes.
func (s *settings) kept(p *spec.Platform, g *spec.GPUPool, machine string, chosen prices.Choice) prices.Choice {
	i := slices.IndexFunc(chosen.Candidates, func(m prices.Machine) bool { return m.InstanceType == machine })
	if i < 0 || !slices.Contains(sold, p.Cloud) {
		return chosen
	}
	out := chosen
	out.Machine = chosen.Candidates[i]
	out.Why = fmt.Sprintf("%s is kept: it fits, although %s is cheaper by now", machine, chosen.InstanceType)
	if out.Accelerator != g.Accelerator.Type {
		out.Substitute = out.Accelerator
	}
	return out
}

// describePool shows what the catalog chose and what it costs.
func describePool(ctx context.Context, write setter, o resolved[cloud.Pool]) (out diag.Diagnostics) {
	g := o.thing.GPUPool
	chosen := o.chosen
	set := func(at path.Path, value any) { out.Append(write(ctx, at, value)...) }
	selector, tolerations := g.Place()
	if o.thing.On.Platform.Cloud == "azure" && slices.Contains(g.Capacity, "spot") {
		tolerations = append(tolerations, spec.SpotOnAzure)
	}
	set(path.Root("resource_name"), o.thing.Accelerator.Resource())
	set(path.Root("node_selector"), selector)
	set(path.Root("tolerations"), tolerated(tolerations))
	set(path.Root("instance_type"), chosen.InstanceType)
	names := []string{}
	for _, m := range chosen.Candidates {
		names = append(names, m.InstanceType)
	}
	set(path.Root("candidates"), names)
	set(path.Root("choice"), chosen.Why)
	set(path.Root("price_as_of"), chosen.AsOf)
	hourly := amount
	if slices.Contains(sold, chosen.Cloud) {
		hourly = known
	}
	set(path.Root("hourly_cost").AtName("spot"), hourly(chosen.Spot))
	set(path.Root("hourly_cost").AtName("on_demand"), hourly(chosen.OnDemand))
	least, most := g.Monthly()
	set(path.Root("monthly_cost").AtName("min"), amount(least))
	set(path.Root("monthly_cost").AtName("max"), amount(most))
	out.Append(doubts(chosen, g, time.Now())...)
	return out
}

// doubts are what a user must know of a choice before relying on it.
func doubts(chosen prices.Choice, g *spec.GPUPool, now time.Time) (out diag.Diagnostics) {
	if chosen.Substitute != "" {
		out.AddAttributeWarning(path.Root("accelerator"), "Check GPU Pool", fmt.Sprintf("The cloud has no %s: nodes of pool %q have %s instead. %s.", g.Accelerator.Type, g.Name, chosen.Substitute, strings.TrimSuffix(chosen.Why, ".")))
	}
	if asked := g.Accelerator; asked != nil && chosen.Count > max(asked.Count, 1) {
		out.AddAttributeWarning(path.Root("accelerator"), "Check GPU Pool", fmt.Sprintf("A node of pool %q has %d %s, %d were asked for: the cloud has no smaller machine on offer. %s.", g.Name, chosen.Count, chosen.Accelerator, max(asked.Count, 1), strings.TrimSuffix(chosen.Why, ".")))
	}
	if chosen.InstanceType != "" && chosen.OnDemand == "" && slices.Contains(sold, chosen.Cloud) {
		out.AddAttributeWarning(path.Root("instance_type"), "Check Price of GPU Pool", fmt.Sprintf("The list price of %s is not known, so the costs of pool %q are left out everywhere, in budgets too. Give it with prices in the provider's configuration.", chosen.InstanceType, g.Name))
	}
	if chosen.AsOf != "" && chosen.Age(now) > prices.MaxAge {
		out.AddAttributeWarning(path.Root("accelerator"), "Check Price of GPU Pool", fmt.Sprintf("The list price of %s is of %s, more than 180 days ago: costs are rough. Give newer prices with prices in the provider's configuration.", chosen.InstanceType, chosen.AsOf))
	}
	return out
}

// amount is a price as Terraform has it; zero when it is unknown.
func amount(n spec.Number) types.Number {
	if n == "" {
		return types.NumberValue(new(big.Float))
	}
	f, _, err := big.ParseFloat(string(n), 10, 512, big.ToNearestEven)
	if err != nil {
		return types.NumberNull()
	}
	return types.NumberValue(f)
}

type toleration struct {
	Key      string `tfsdk:"key"`
	Operator string `tfsdk:"operator"`
	Value    string `tfsdk:"value"`
	Effect   string `tfsdk:"effect"`
}

func tolerated(list []spec.Toleration) []toleration {
	out := make([]toleration, len(list))
	for i, t := range list {
		out[i] = toleration(t)
	}
	return out
}
