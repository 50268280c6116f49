package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ datasource.DataSourceWithConfigure      = (*modelVersionDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*modelVersionDataSource)(nil)
)

// modelVersionDataSource reads one version of a registered model from its registry.
type modelVersionDataSource struct{ read }

// NewModelVersionDataSource finds a version by alias, number or best metric.
func NewModelVersionDataSource() datasource.DataSource { return &modelVersionDataSource{} }

type modelVersion struct {
	Registry types.String `tfsdk:"registry"`
	Model    types.String `tfsdk:"model"`
	Alias    types.String `tfsdk:"alias"`
	Version  types.String `tfsdk:"version"`
	Best     *bestVersion `tfsdk:"best"`
	RunID    types.String `tfsdk:"run_id"`
	Source   types.String `tfsdk:"source"`
	URI      types.String `tfsdk:"uri"`
	Aliases  types.List   `tfsdk:"aliases"`
	Tags     types.Map    `tfsdk:"tags"`
	Metrics  types.Map    `tfsdk:"metrics"`
}

type bestVersion struct {
	Metric types.String `tfsdk:"metric"`
	Order  types.String `tfsdk:"order"`
}

func (d *modelVersionDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_model_version"
}

func (d *modelVersionDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A version of a registered model, read from its registry: by alias, by number, or the one with the best metric. Exactly one of `alias`, `version` and `best` is set. A version that is not there is an error.\n\nIt reads MLflow. A server that only the cluster reaches is reached through `mlflow.tracking_uri` of the provider.",
		Attributes: map[string]schema.Attribute{
			"registry": schema.StringAttribute{Required: true, MarkdownDescription: "`spec` of the `mlops_model_registry`."},
			"model":    schema.StringAttribute{Required: true, MarkdownDescription: "Name of the registered model."},
			"alias":    schema.StringAttribute{Optional: true, MarkdownDescription: "Alias, such as `champion`: the version that serves production."},
			"version":  schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Number of the version."},
			"best": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The version with the best metric; of equal ones the newest. Versions whose registration was not completed do not count.", Attributes: map[string]schema.Attribute{
				"metric": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the metric."},
				"order":  schema.StringAttribute{Optional: true, MarkdownDescription: "`max`: the greatest value is the best, the default; or `min`."},
			}},
			"run_id":  said("Run that the version comes from."),
			"source":  said("Where its files are."),
			"uri":     said("`models:/MODEL/VERSION`."),
			"aliases": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "All aliases of the version, sorted."},
			"tags":    schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Tags of the version."},
			"metrics": schema.MapAttribute{Computed: true, ElementType: types.NumberType, MarkdownDescription: "What the run measured; `NaN` and infinite values are left out."},
		},
	}
}

func (d *modelVersionDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	resp.Diagnostics.Append(needSpec(ctx, req.Config, "registry", spec.KindRegistry)...)
	var alias, version types.String
	var best types.Object
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("alias"), &alias)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("version"), &version)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("best"), &best)...)
	if resp.Diagnostics.HasError() || alias.IsUnknown() || version.IsUnknown() || best.IsUnknown() {
		return
	}
	set := 0
	for _, absent := range []bool{alias.IsNull(), version.IsNull(), best.IsNull()} {
		if !absent {
			set++
		}
	}
	if set != 1 {
		resp.Diagnostics.AddAttributeError(path.Root("model"), "Invalid Model Version", fmt.Sprintf("Needs exactly one of alias, version and best; %d are set.", set))
	}
	if best.IsNull() {
		return
	}
	var order types.String
	at := path.Root("best").AtName("order")
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, at, &order)...)
	if !order.IsNull() && !order.IsUnknown() && order.ValueString() != "min" && order.ValueString() != "max" {
		resp.Diagnostics.AddAttributeError(at, "Invalid Model Version", fmt.Sprintf("%q is not one of max, min.", order.ValueString()))
	}
}

func (d *modelVersionDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data modelVersion
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.find(ctx, data)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Model Version", err.Error()+".")
		return
	}
	resp.Diagnostics.Append(data.fill(ctx, found)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// find asks the registry.
func (d *modelVersionDataSource) find(ctx context.Context, data modelVersion) (registry.Version, error) {
	s, err := spec.Parse(data.Registry.ValueString())
	if err != nil {
		return registry.Version{}, fmt.Errorf("registry: %w", err)
	}
	r, ok := s.(*spec.Registry)
	if !ok || r.MLflow == nil {
		return registry.Version{}, fmt.Errorf("registry: this version of the provider reads versions from MLflow only, and %q is of type %q", s.ID(), typeOf(r))
	}
	if late := d.settings.lateWithin("mlflow"); late != "" {
		return registry.Version{}, fmt.Errorf("%s in the provider's configuration is known only after apply, so nothing can be read now: give the data source a depends_on on what makes it, and it is read after that", late)
	}
	versions, model := d.settings.versions(r.MLflow.TrackingURI), data.Model.ValueString()
	var found registry.Version
	switch {
	case data.Best != nil:
		found, err = versions.Best(ctx, model, data.Best.Metric.ValueString(), data.Best.Order.ValueString() == "min")
	case !data.Alias.IsNull():
		found, err = versions.ByAlias(ctx, model, data.Alias.ValueString())
	default:
		found, err = versions.ByNumber(ctx, model, data.Version.ValueString())
	}
	if errors.Is(err, registry.ErrUnreachable) && r.Managed() {
		err = fmt.Errorf("%w. The registry runs in the cluster: set mlflow.tracking_uri of the provider to where this machine reaches it", err)
	}
	return found, err
}

func typeOf(r *spec.Registry) string {
	if r == nil {
		return "no registry"
	}
	return r.Type
}

// fill writes what was found.
func (m *modelVersion) fill(ctx context.Context, v registry.Version) (out diag.Diagnostics) {
	m.Version, m.RunID, m.Source = types.StringValue(v.Number), types.StringValue(v.RunID), types.StringValue(v.Source)
	m.URI = types.StringValue("models:/" + v.Model + "/" + v.Number)
	metrics := map[string]*big.Float{}
	for _, name := range slices.Sorted(maps.Keys(v.Metrics)) {
		if number, _, err := big.ParseFloat(v.Metrics[name], 10, 512, big.ToNearestEven); err == nil {
			metrics[name] = number
		}
	}
	if v.Aliases == nil {
		v.Aliases = []string{}
	}
	var diags diag.Diagnostics
	m.Aliases, diags = types.ListValueFrom(ctx, types.StringType, v.Aliases)
	out.Append(diags...)
	m.Tags, diags = types.MapValueFrom(ctx, types.StringType, v.Tags)
	out.Append(diags...)
	m.Metrics, diags = types.MapValueFrom(ctx, types.NumberType, metrics)
	out.Append(diags...)
	return out
}
