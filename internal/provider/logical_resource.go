package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ resource.Resource                   = (*logicalResource)(nil)
	_ resource.ResourceWithConfigure      = (*logicalResource)(nil)
	_ resource.ResourceWithValidateConfig = (*logicalResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*logicalResource)(nil)
	_ resource.ResourceWithImportState    = (*logicalResource)(nil)
)

// logicalResource touches nothing outside Terraform: it checks one kind of the
// language and computes its spec, which a repository reads. Every logical resource
// is this type with its kind and schema.
type logicalResource struct {
	configured
	kind   spec.Kind
	schema schema.Schema
}

func (r *logicalResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + string(r.kind)
}

func (r *logicalResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema
}

func (r *logicalResource) ValidateConfig(_ context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	d, err := decode(r.kind, req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read "+title(r.kind), err.Error())
		return
	}
	resp.Diagnostics.Append(invalid(r.kind, d.Faults, false)...)
}

func (r *logicalResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed: nothing outside Terraform goes with it
	}
	attrs, err := attributesOf(req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read "+title(r.kind), err.Error())
		return
	}
	d := spec.Decode(r.kind, attrs)
	resp.Diagnostics.Append(invalid(r.kind, d.Faults, true)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.settings != nil {
		r.settings.pending.note(r.kind, attrs, d)
	}
	value, err := specValue(d)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Encode "+title(r.kind), err.Error())
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("spec"), value)...)
}

func (r *logicalResource) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
}

// Read keeps the state: there is nothing outside it to read.
func (r *logicalResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *logicalResource) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

// Delete has nothing to delete.
func (r *logicalResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// ImportState takes the name. The next plan fills in the rest from the
// configuration, in place: a logical resource is its configuration.
func (r *logicalResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
}

// decode reads a configuration.
func decode(kind spec.Kind, config tftypes.Value) (spec.Decoded, error) {
	attrs, err := attributesOf(config)
	if err != nil {
		return spec.Decoded{}, err
	}
	return spec.Decode(kind, attrs), nil
}

// attributesOf is a configuration as spec.Decode takes it: without the attributes
// that are ours to compute, and with the names of the language.
func attributesOf(config tftypes.Value) (map[string]any, error) {
	attrs, err := object(config, computed...)
	if err != nil {
		return nil, err
	}
	if rules, there := attrs[innerName]; there {
		attrs[outerName] = rules
		delete(attrs, innerName)
	}
	return attrs, nil
}

// specValue is the attribute spec: unknown while something in it is.
func specValue(d spec.Decoded) (types.String, error) {
	if len(d.Unknown) > 0 {
		return types.StringUnknown(), nil
	}
	text, err := spec.Encode(d.Spec)
	return types.StringValue(text), err
}
