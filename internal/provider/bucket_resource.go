package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ resource.Resource                   = (*bucketResource)(nil)
	_ resource.ResourceWithConfigure      = (*bucketResource)(nil)
	_ resource.ResourceWithValidateConfig = (*bucketResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*bucketResource)(nil)
	_ resource.ResourceWithImportState    = (*bucketResource)(nil)
)

// bucketResource owns a bucket of the platform's cloud.
type bucketResource struct{ configured }

// NewBucketResource declares a place for artefacts.
func NewBucketResource() resource.Resource { return &bucketResource{} }

func (r *bucketResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_bucket"
}

func (r *bucketResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	platform, name, existing := requiredText("`spec` of the `mlops_platform`."), requiredText("Lower-case letters, digits and dashes, starting with a letter, at most 63 characters."), text("Uses a bucket that exists instead of creating one: its address. It is never changed or deleted.")
	name.PlanModifiers, existing.PlanModifiers = replace, replace
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schemaOf("A place for artefacts: private, versioned and encrypted where the cloud can.\n\nA **physical** resource: on cloud `local` it owns a folder below `local.root`, and in the cluster a PersistentVolumeClaim of its name.",
		attributes{
			"platform": platform,
			"name":     name,
			innerName: nestedList("Rules that delete old objects.", attributes{
				"prefix":                       text("Objects below this prefix; all when left out."),
				"expire_after_days":            integer("Age at which an object is deleted."),
				"noncurrent_expire_after_days": integer("Age at which an old version is deleted."),
			}),
			"kms_key":       text("Key of the cloud's key service; the cloud's own key when left out."),
			"force_destroy": flag("Lets a bucket with objects be destroyed; default `false`."),
			"existing":      existing,
			"id":            schema.StringAttribute{Computed: true, PlanModifiers: keep, MarkdownDescription: "`platform/name`."},
			"uri":           schema.StringAttribute{Computed: true, MarkdownDescription: "Address of the bucket, known at plan."},
		})
}

func (r *bucketResource) ValidateConfig(_ context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	d, err := decode(spec.KindBucket, req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Bucket", err.Error())
		return
	}
	resp.Diagnostics.Append(invalid(spec.KindBucket, d.Faults, false)...)
}

func (r *bucketResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.settings == nil {
		return
	}
	attrs, err := attributesOf(req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Bucket", err.Error())
		return
	}
	d := spec.Decode(spec.KindBucket, attrs)
	r.settings.pending.note(spec.KindBucket, attrs, d)
	resp.Diagnostics.Append(invalid(spec.KindBucket, d.Faults, true)...)
	resp.Diagnostics.Append(needSpec(ctx, req.Config, "platform", spec.KindPlatform)...)
	if resp.Diagnostics.HasError() || len(d.Unknown) > 0 {
		return
	}
	b, err := bucketOf(d)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Plan Bucket", err.Error())
		return
	}
	c, text, err := r.open(req.Config.Raw, b)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Plan Bucket", err.Error())
		return
	}
	if b.Existing == "" && c.Buckets == nil {
		resp.Diagnostics.Append(unable(c.Name(), spec.KindBucket)...)
		return
	}
	if before, bad := priorBucket(req.State.Raw); !bad && before != nil && before.Platform != "" && before.Platform != b.Platform {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("platform"))
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("uri"), c.BucketURI(*b))...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("spec"), text)...)
}

// priorBucket is the bucket of a state, nil without one.
func priorBucket(state tftypes.Value) (b *spec.Bucket, bad bool) {
	if state.IsNull() {
		return nil, false
	}
	d, err := decode(spec.KindBucket, state)
	if err != nil {
		return nil, true
	}
	b, err = bucketOf(d)
	return b, err != nil
}

func bucketOf(d spec.Decoded) (*spec.Bucket, error) {
	b, ok := d.Spec.(*spec.Bucket)
	if !ok {
		return nil, fmt.Errorf("a %s is no bucket", d.Spec.Kind())
	}
	return b, nil
}

// open returns the bucket's cloud and its spec.
func (r *bucketResource) open(raw tftypes.Value, b *spec.Bucket) (cloud.Cloud, string, error) {
	c, err := r.settings.cloud(cloudOf(raw))
	if err != nil {
		return c, "", err
	}
	text, err := spec.Encode(b)
	return c, text, err
}

func (r *bucketResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	b, bad := priorBucket(req.Plan.Raw)
	if bad || b == nil {
		resp.Diagnostics.AddError("Unable to Create Bucket", "The plan holds no bucket.")
		return
	}
	c, text, err := r.open(req.Plan.Raw, b)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create Bucket", err.Error())
		return
	}
	id := string(b.Platform) + "/" + b.Name
	if b.Existing == "" {
		if id, err = c.Buckets.Create(ctx, *b); err != nil {
			resp.Diagnostics.AddError("Unable to Create Bucket", err.Error())
			return
		}
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(setAll(ctx, resp.State.SetAttribute, map[string]string{"id": id, "uri": c.BucketURI(*b), "spec": text})...)
}

func setAll(ctx context.Context, set func(context.Context, path.Path, any) diag.Diagnostics, values map[string]string) (out diag.Diagnostics) {
	for name, value := range values {
		out.Append(set(ctx, path.Root(name), value)...)
	}
	return out
}

// Read looks for the folder and takes over what its settings say.
func (r *bucketResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var id, existing types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("existing"), &existing)...)
	if resp.Diagnostics.HasError() || existing.ValueString() != "" {
		return
	}
	c, err := r.settings.cloud(cloudOf(req.State.Raw))
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Bucket", err.Error())
		return
	}
	got, err := c.Buckets.Read(ctx, id.ValueString())
	switch {
	case errors.Is(err, cloud.ErrNotFound):
		resp.State.RemoveResource(ctx) // gone: the next plan makes it again
		return
	case err != nil:
		resp.Diagnostics.AddError("Unable to Read Bucket", err.Error())
		return
	}
	b, bad := priorBucket(req.State.Raw)
	if bad || b == nil || got.Name == "" {
		return
	}
	resp.Diagnostics.Append(drifted(ctx, resp, b, got)...)
}

// drifted writes what the store holds into the state where it differs from it.
func drifted(ctx context.Context, resp *resource.ReadResponse, was *spec.Bucket, is spec.Bucket) (out diag.Diagnostics) {
	if was.ForceDestroy != is.ForceDestroy {
		out.Append(resp.State.SetAttribute(ctx, path.Root("force_destroy"), is.ForceDestroy)...)
	}
	same := len(was.Lifecycle) == len(is.Lifecycle)
	for i := 0; same && i < len(is.Lifecycle); i++ {
		same = was.Lifecycle[i] == is.Lifecycle[i]
	}
	if same {
		return out
	}
	type rule struct {
		Prefix     types.String `tfsdk:"prefix"`
		Expire     types.Int64  `tfsdk:"expire_after_days"`
		Noncurrent types.Int64  `tfsdk:"noncurrent_expire_after_days"`
	}
	rules := make([]rule, len(is.Lifecycle))
	for i, l := range is.Lifecycle {
		rules[i] = rule{types.StringValue(l.Prefix), days(l.ExpireAfterDays), days(l.NoncurrentExpireAfterDays)}
	}
	out.Append(resp.State.SetAttribute(ctx, path.Root(innerName), rules)...)
	return out
}

func days(n int64) types.Int64 {
	if n == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(n)
}

func (r *bucketResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	b, bad := priorBucket(req.Plan.Raw)
	if bad || b == nil {
		resp.Diagnostics.AddError("Unable to Update Bucket", "The plan holds no bucket.")
		return
	}
	c, text, err := r.open(req.Plan.Raw, b)
	if err == nil && b.Existing == "" {
		err = c.Buckets.Update(ctx, string(b.Platform)+"/"+b.Name, *b)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Update Bucket", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(setAll(ctx, resp.State.SetAttribute, map[string]string{"uri": c.BucketURI(*b), "spec": text})...)
}

func (r *bucketResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	b, bad := priorBucket(req.State.Raw)
	if bad || b == nil || b.Existing != "" {
		return // what existed before stays
	}
	c, _, err := r.open(req.State.Raw, b)
	if err == nil {
		err = c.Buckets.Delete(ctx, string(b.Platform)+"/"+b.Name)
	}
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		resp.Diagnostics.AddError("Unable to Delete Bucket", err.Error())
	}
}

// ImportState takes `platform/name`; the next plan takes the rest from the configuration.
func (r *bucketResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	_, name, ok := cutLast(req.ID, "/")
	if !ok {
		resp.Diagnostics.AddError("Unable to Import Bucket", fmt.Sprintf("%q must be PLATFORM/NAME.", req.ID))
		return
	}
	resp.Diagnostics.Append(setAll(ctx, resp.State.SetAttribute, map[string]string{"id": req.ID, "name": name})...)
}
