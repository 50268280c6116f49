package provider

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ datasource.DataSourceWithConfigure = (*acceleratorsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*costDataSource)(nil)
)

// acceleratorsDataSource lists the machines of the catalog.
type acceleratorsDataSource struct{ read }

// NewAcceleratorsDataSource lists machines with accelerators and their list prices.
func NewAcceleratorsDataSource() datasource.DataSource { return &acceleratorsDataSource{} }

type machines struct {
	Cloud    types.String `tfsdk:"cloud"`
	Region   types.String `tfsdk:"region"`
	Type     types.String `tfsdk:"type"`
	Machines []machine    `tfsdk:"machines"`
}

type machine struct {
	Cloud        types.String `tfsdk:"cloud"`
	Region       types.String `tfsdk:"region"`
	InstanceType types.String `tfsdk:"instance_type"`
	Accelerator  types.String `tfsdk:"accelerator"`
	Count        types.Int64  `tfsdk:"count"`
	GPUMemory    types.Int64  `tfsdk:"accelerator_memory_gib"`
	VCPU         types.Int64  `tfsdk:"vcpu"`
	Memory       types.Int64  `tfsdk:"memory_gib"`
	OnDemand     types.Number `tfsdk:"on_demand"`
	Spot         types.Number `tfsdk:"spot"`
	AsOf         types.String `tfsdk:"price_as_of"`
	Source       types.String `tfsdk:"source"`
	Note         types.String `tfsdk:"note"`
}

func (d *acceleratorsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_accelerators"
}

func (d *acceleratorsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	count := func(doc string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: doc}
	}
	price := func(doc string) schema.NumberAttribute {
		return schema.NumberAttribute{Computed: true, MarkdownDescription: doc}
	}
	filter := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The machines with accelerators that the catalog knows, and their list prices in USD an hour. Prices are estimates of a day, never a bill. It needs no account.",
		Attributes: map[string]schema.Attribute{
			"cloud": filter("Only of this cloud."), "region": filter("Only with a price for this region."), "type": filter("Only with this accelerator, such as `nvidia-l4`."),
			"machines": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "In the order of the list.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"cloud": text("Cloud."), "region": text("Region of the price."), "instance_type": text("Type of machine."), "accelerator": text("Portable type."), "count": count("Whole accelerators."),
				"accelerator_memory_gib": count("Memory of one accelerator; 0 is unknown."), "vcpu": count("Cores; 0 is unknown."), "memory_gib": count("Memory; 0 is unknown."),
				"on_demand": price("USD an hour; null is unknown."), "spot": price("USD an hour, an estimate; null is unknown."), "price_as_of": text("Day of the price."), "source": text("Source of the price."), "note": text("What else matters."),
			}}},
		},
	}
}

func (d *acceleratorsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m machines
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	all, err := d.settings.prices()
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Prices", err.Error())
		return
	}
	if d.settings.isLate("prices") {
		resp.Diagnostics.AddWarning("Check Prices", "prices in the provider's configuration is known only after apply: these are the embedded list prices, and the next plan shows yours.")
	}
	if kind := m.Type.ValueString(); kind != "" && (spec.Accelerator{Type: kind}).Resource() == "" {
		resp.Diagnostics.AddAttributeError(path.Root("type"), "Invalid Accelerator", fmt.Sprintf("%q is not an accelerator; there are: %s.", kind, strings.Join(spec.AcceleratorTypes(), ", ")))
		return
	}
	if in := m.Cloud.ValueString(); in != "" && !slices.Contains(sold, in) {
		resp.Diagnostics.AddAttributeError(path.Root("cloud"), "Invalid Cloud", fmt.Sprintf("%q is no cloud with list prices; there are: %s.", in, strings.Join(sold, ", ")))
		return
	}
	m.Machines = []machine{}
	for _, row := range all.List(m.Cloud.ValueString(), m.Region.ValueString(), m.Type.ValueString()) {
		m.Machines = append(m.Machines, machine{
			Cloud: types.StringValue(row.Cloud), Region: types.StringValue(row.Region), InstanceType: types.StringValue(row.InstanceType), Accelerator: types.StringValue(row.Accelerator), Count: types.Int64Value(row.Count),
			GPUMemory: types.Int64Value(row.GPUMemoryGiB), VCPU: types.Int64Value(row.VCPU), Memory: types.Int64Value(row.MemoryGiB), OnDemand: known(row.OnDemand), Spot: known(row.Spot),
			AsOf: types.StringValue(row.AsOf), Source: types.StringValue(row.Source), Note: types.StringValue(row.Note),
		})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// known is a price, null when nobody knows it.
func known(n spec.Number) types.Number {
	if n == "" {
		return types.NumberNull()
	}
	return amount(n)
}

// costDataSource adds up what pools cost.
type costDataSource struct{ read }

// NewCostEstimateDataSource adds up the list prices of pools.
func NewCostEstimateDataSource() datasource.DataSource { return &costDataSource{} }

func (d *costDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cost_estimate"
}

type estimate struct {
	Contains []types.String `tfsdk:"contains"`
	Hourly   types.Number   `tfsdk:"hourly"`
	Monthly  types.Object   `tfsdk:"monthly"`
	AsOf     types.String   `tfsdk:"price_as_of"`
	Unpriced []types.String `tfsdk:"unpriced"`
}

func (d *costDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What pools cost by list prices, in USD. An estimate of the nodes alone, never a bill: storage, traffic and clusters are not in it.",
		Attributes: map[string]schema.Attribute{
			"contains": schema.ListAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "`spec`s; those of `mlops_gpu_pool` count, others cost nothing."},
			"hourly":   schema.NumberAttribute{Computed: true, MarkdownDescription: "Of the fewest nodes on the preferred capacity."},
			"monthly": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "Of 730 hours.", Attributes: map[string]schema.Attribute{
				"min": schema.NumberAttribute{Computed: true, MarkdownDescription: "Of the fewest nodes on the preferred capacity."}, "max": schema.NumberAttribute{Computed: true, MarkdownDescription: "Of the most nodes of every kind of capacity."},
			}},
			"price_as_of": schema.StringAttribute{Computed: true, MarkdownDescription: "Day of the oldest price; empty without one."},
			"unpriced":    schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Pools without a price: they count as nothing."},
		},
	}
}

func (d *costDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var e estimate
	resp.Diagnostics.Append(req.Config.Get(ctx, &e)...)
	if resp.Diagnostics.HasError() {
		return
	}
	sum := sums{hour: new(big.Rat), least: new(big.Rat), most: new(big.Rat)}
	for i, text := range e.Contains {
		s, err := spec.Parse(text.ValueString())
		if err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("contains").AtListIndex(i), "Invalid Contents", err.Error()+".")
			continue
		}
		if g, ok := s.(*spec.GPUPool); ok {
			sum.add(g)
		}
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("contains"), e.Contains)...)
	resp.Diagnostics.Append(sum.set(ctx, resp)...)
}

// sums are sums over pools.
type sums struct {
	hour, least, most *big.Rat
	asOf              string
	unpriced          []string
}

func (c *sums) add(g *spec.GPUPool) {
	least, most := g.Monthly()
	if least == "" || most == "" {
		c.unpriced = append(c.unpriced, g.Name)
		return
	}
	c.hour.Add(c.hour, g.Hourly().Rat())
	c.least.Add(c.least, least.Rat())
	c.most.Add(c.most, most.Rat())
	if c.asOf == "" || g.Price.AsOf < c.asOf {
		c.asOf = g.Price.AsOf
	}
}

func (c *sums) set(ctx context.Context, resp *datasource.ReadResponse) (out diag.Diagnostics) {
	number := func(r *big.Rat) types.Number { return amount(spec.Decimal(r)) }
	if c.unpriced == nil {
		c.unpriced = []string{}
	}
	for name, value := range map[string]any{"hourly": number(c.hour), "price_as_of": c.asOf, "unpriced": c.unpriced} {
		out.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	out.Append(resp.State.SetAttribute(ctx, path.Root("monthly").AtName("min"), number(c.least))...)
	out.Append(resp.State.SetAttribute(ctx, path.Root("monthly").AtName("max"), number(c.most))...)
	return out
}
