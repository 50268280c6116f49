package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// gpuPoolResource is a declaration on cloud "local": nodes carry the labels and taints
// that it names. Its costs are zero there.
type gpuPoolResource struct{ logicalResource }

// NewGPUPoolResource declares a pool of nodes with accelerators.
func NewGPUPoolResource() resource.Resource {
	costs := func(doc string, names ...string) schema.SingleNestedAttribute {
		attrs := attributes{}
		for _, name := range names {
			attrs[name] = schema.NumberAttribute{Computed: true, MarkdownDescription: "In USD."}
		}
		return schema.SingleNestedAttribute{Computed: true, Attributes: attrs, MarkdownDescription: doc}
	}
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	machine := text("Pins a type of machine; known at plan when left out, and `local` on cloud `local`, where it is only recorded.")
	machine.Computed = true
	return &gpuPoolResource{logicalResource{kind: spec.KindGPUPool, schema: schemaOf("A pool of nodes with accelerators.\n\nOn cloud `local` it is a declaration: give the nodes of your cluster the labels and taints that `node_selector` and `taints` name. "+
		"In this version of the provider other clouds cannot make one.", attributes{
		"platform":         requiredText("`spec` of the `mlops_platform`."),
		"name":             requiredText("Lower-case letters, digits and dashes, at most 40 characters."),
		"accelerator":      nested("The accelerators of one node.", attributes{"type": text("A portable type such as `nvidia-l4`."), "count": integer("How many; default 1.")}),
		"instance_type":    machine,
		"nodes":            nested("How many nodes; default 0 to 1.", attributes{"min": integer("At least; default 0."), "max": integer("At most.")}),
		"capacity":         texts("`spot` and `on_demand`, in order of preference; default on demand only."),
		"max_hourly_price": number("Refused at plan when the list price of a node is above it, in USD."),
		"sharing": nested("How several pods use one accelerator.", attributes{
			"strategy": choice("Way of sharing.", "sharing", "none"), "replicas": integer("How many pods share one, for `time_slicing` and `mps`."), "profile": text("Profile of a slice, for `mig`."),
		}),
		"labels": textMap("Labels of the nodes."),
		"taints": nestedList("Taints of the nodes; default `nvidia.com/gpu=present:NoSchedule`.", attributes{
			"key": text("Key."), "value": text("Value."), "effect": choice("Effect.", "taint", ""),
		}),
		"resource_name": said("The extended resource that pods ask for, such as `nvidia.com/gpu`."),
		"node_selector": schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Labels by which pods find the nodes."},
		"tolerations": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Tolerations that let pods onto the nodes.", NestedObject: schema.NestedAttributeObject{Attributes: attributes{
			"key": said("Key."), "operator": said("`Exists` or `Equal`."), "value": said("Value."), "effect": said("Effect."),
		}}},
		"hourly_cost":  costs("List price of one node for an hour; zero on `local`.", "spot", "on_demand"),
		"monthly_cost": costs("List price of all nodes for a month of 730 hours; zero on `local`.", "min", "max"),
		"price_as_of":  said("Day of the list prices; empty on `local`."),
	})}}
}

var poolCosts = map[string][]string{"hourly_cost": {"spot", "on_demand"}, "monthly_cost": {"min", "max"}}

// ModifyPlan fills in what follows from the configuration.
func (r *gpuPoolResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.logicalResource.ModifyPlan(ctx, req, resp)
	if req.Plan.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	d, err := decode(spec.KindGPUPool, req.Config.Raw)
	pool, ok := d.Spec.(*spec.GPUPool)
	if err != nil || !ok || pool.Accelerator == nil || len(d.Unknown) > 0 {
		return
	}
	if name := cloudOf(req.Config.Raw); name != "local" {
		resp.Diagnostics.Append(unable(name, spec.KindGPUPool)...)
		return
	}
	set := func(name string, value any) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), value)...)
	}
	selector, tolerations := pool.Place()
	set("resource_name", pool.Accelerator.Resource())
	set("node_selector", selector)
	set("tolerations", tolerated(tolerations))
	set("price_as_of", "")
	if pool.InstanceType == "" {
		set("instance_type", "local")
	}
	for name, parts := range poolCosts {
		for _, part := range parts {
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name).AtName(part), 0)...)
		}
	}
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

// secretResource is a reference to a Secret of the cluster, until a secret store can be written to.
type secretResource struct{ logicalResource }

// NewSecretResource declares a secret.
func NewSecretResource() resource.Resource {
	written := schema.MapAttribute{Optional: true, WriteOnly: true, ElementType: types.StringType, MarkdownDescription: "The values, by key. Write-only: they reach neither state nor plan."}
	return &secretResource{logicalResource{kind: spec.KindSecret, schema: schemaOf("A secret in the platform's store, or a Secret of the cluster that exists.\n\nNo secret store can be written to yet, so `existing` is the way: pods refer to the Secret of that name, which something else makes.", attributes{
		"platform":         requiredText("`spec` of the `mlops_platform`."),
		"name":             requiredText("Lower-case letters, digits and dashes, at most 52 characters."),
		"path":             text("Path in the store."),
		"value_wo":         written,
		"value_wo_version": integer("Raise it to write `value_wo` again."),
		"generate":         nestedMap("Values that the store makes, by key.", attributes{"length": integer("Characters, 16 to 1024.")}),
		"sync":             nested("Brings the secret into the cluster.", attributes{"namespaces": texts("Namespaces.")}),
		"existing":         text("Name of a Secret of the cluster that exists. It is never changed or deleted."),
	})}}
}

// ModifyPlan refuses what no store can keep yet.
func (r *secretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.logicalResource.ModifyPlan(ctx, req, resp)
	if req.Plan.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	d, err := decode(spec.KindSecret, req.Config.Raw)
	s, ok := d.Spec.(*spec.Secret)
	if err != nil || !ok || len(d.Unknown) > 0 {
		return
	}
	var values types.Map
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("value_wo"), &values)...)
	if s.Existing != "" && !values.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("value_wo"), "Unable to Plan Secret", "A secret that exists is only referred to, and its values are never written: leave value_wo out.")
	}
	if s.Existing == "" {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "Unable to Plan Secret", fmt.Sprintf("This version of the provider cannot write secret %q to a store yet: create a Secret in the cluster, and name it in existing.", s.Name))
	}
}
