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
	_ resource.ResourceWithModifyPlan  = (*identityResource)(nil)
	_ resource.ResourceWithImportState = (*identityResource)(nil)
)

// identityResource owns an identity of the platform's cloud and its policy.
type identityResource struct{ logicalResource }

// NewIdentityResource declares who a workload is.
func NewIdentityResource() resource.Resource {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	name, existing := requiredText("Lower-case letters, digits and dashes, at most 52 characters."), text("Uses an identity that exists instead of creating one: the ARN of a role on `aws`, the e-mail address of a service account on `google`, the client id of a managed identity on `azure`. It is never changed or deleted.")
	name.PlanModifiers, existing.PlanModifiers = replace, replace
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	return &identityResource{logicalResource{kind: spec.KindIdentity, schema: schemaOf("Who a workload is, and the least that it may do, computed from `grants`.\n\nA **physical** resource: on cloud `local` it owns a policy document below `local.root`; the emitted repository has the ServiceAccount. On other clouds this version can only use an identity that exists.", attributes{
		"platform": requiredText("`spec` of the `mlops_platform`."),
		"name":     name,
		"subject": nested("Who takes the identity. Exactly one is set.", attributes{
			"kubernetes": nested("A service account. Pipelines run in namespace `PLATFORM-training`.", attributes{"namespace": text("Namespace."), "service_account": text("Service account; the emitted repository makes it.")}),
			"github":     nested("A workflow of GitHub Actions.", attributes{"repository": text("`OWNER/NAME`."), "environment": text("Only in this environment.")}),
			"gitlab":     nested("A job of GitLab CI.", attributes{"project": text("`GROUP/PROJECT`."), "branch": text("Only on this branch.")}),
		}),
		"grants": nestedList("What it may do. Nothing else is allowed, and nobody may delete.", attributes{
			"access": choice("What.", "access", ""), "bucket": text("`spec` or name of an `mlops_bucket`."), "prefix": text("Below this prefix; all of the bucket when left out."), "secret": text("`spec` or name of an `mlops_secret`."),
		}),
		"existing":    existing,
		"id":          schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}, MarkdownDescription: "`platform/name`."},
		"principal":   said("The subject, as it stands in the policy."),
		"policy":      said("The policy document, known at plan."),
		"annotations": schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Annotations of the service account."},
	})}}
}

// ModifyPlan shows the policy, and plans its repair when somebody changed it.
func (r *identityResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.logicalResource.ModifyPlan(ctx, req, resp)
	resp.Diagnostics.Append(needSpecUnlessDestroyed(ctx, req, "platform", spec.KindPlatform)...)
	if req.Plan.Raw.IsNull() || resp.Diagnostics.HasError() || r.settings == nil {
		return
	}
	i, known, err := identityOf(req.Config.Raw)
	if err != nil || !known {
		return
	}
	if name := cloudOf(req.Config.Raw); i.Existing == "" {
		if c, err := r.settings.cloud(name); err == nil && c.Identities == nil {
			resp.Diagnostics.Append(unable(name, spec.KindIdentity)...)
			return
		}
	}
	if before, _, err := identityOf(req.State.Raw); err == nil && before != nil && before.Platform != "" && before.Platform != i.Platform {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("platform"))
	}
	resp.Diagnostics.Append(r.describe(ctx, resp.Plan.SetAttribute, cloudOf(req.Config.Raw), i)...)
}

// describe writes what follows from an identity. One that exists has the policy that
// somebody else gave it, unless the cloud can say what the grants need.
func (r *identityResource) describe(ctx context.Context, set func(context.Context, path.Path, any) diag.Diagnostics, in string, i *spec.Identity) (out diag.Diagnostics) {
	c, err := r.settings.cloud(in)
	policy := ""
	if err == nil {
		policy, err = c.Policy(*i)
	}
	if i.Existing != "" && errors.Is(err, cloud.ErrUnsupported) {
		err = nil
	}
	if err != nil {
		out.AddError("Unable to Plan Identity", err.Error())
		return out
	}
	out.Append(setAll(ctx, set, map[string]string{"principal": i.Principal(), "policy": policy})...)
	out.Append(set(ctx, path.Root("annotations"), i.Annotations(in))...)
	return out
}

// identityOf reads an identity; nil without one, and known is false while a value is not.
func identityOf(raw tftypes.Value) (i *spec.Identity, known bool, err error) {
	if raw.IsNull() {
		return nil, false, nil
	}
	d, err := decode(spec.KindIdentity, raw)
	if err != nil {
		return nil, false, err
	}
	i, ok := d.Spec.(*spec.Identity)
	if !ok {
		return nil, false, fmt.Errorf("a %s is no identity", d.Spec.Kind())
	}
	return i, len(d.Unknown) == 0, nil
}

func identityID(i *spec.Identity) string { return string(i.Platform) + "/" + i.Name }

func (r *identityResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	i, _, err := identityOf(req.Plan.Raw)
	if err == nil && i.Existing == "" {
		var c cloud.Cloud
		if c, err = r.settings.cloud(cloudOf(req.Plan.Raw)); err == nil {
			_, err = c.Identities.Create(ctx, *i)
		}
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create Identity", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.complete(ctx, &resp.State, cloudOf(req.Plan.Raw), i)...)
}

// state is what Create and Update write to.
type state interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// complete writes what a plan may not have known.
func (r *identityResource) complete(ctx context.Context, to state, in string, i *spec.Identity) (out diag.Diagnostics) {
	text, err := spec.Encode(i)
	if err != nil {
		out.AddError("Unable to Encode Identity", err.Error())
		return out
	}
	out.Append(setAll(ctx, to.SetAttribute, map[string]string{"id": identityID(i), "spec": text})...)
	out.Append(r.describe(ctx, to.SetAttribute, in, i)...)
	return out
}

// Read takes over the policy as it is: a change by hand shows in the next plan.
func (r *identityResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var id, existing types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("existing"), &existing)...)
	if resp.Diagnostics.HasError() || existing.ValueString() != "" {
		return
	}
	c, err := r.settings.cloud(cloudOf(req.State.Raw))
	var got cloud.Identity
	if err == nil {
		got, err = c.Identities.Read(ctx, id.ValueString())
	}
	switch {
	case errors.Is(err, cloud.ErrNotFound):
		resp.State.RemoveResource(ctx) // gone: the next plan makes it again
	case err != nil:
		resp.Diagnostics.AddError("Unable to Read Identity", err.Error())
	default:
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("policy"), got.Policy)...)
	}
}

func (r *identityResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	i, _, err := identityOf(req.Plan.Raw)
	if err == nil && i.Existing == "" {
		var c cloud.Cloud
		if c, err = r.settings.cloud(cloudOf(req.Plan.Raw)); err == nil {
			err = c.Identities.Update(ctx, identityID(i), *i)
		}
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Update Identity", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.complete(ctx, &resp.State, cloudOf(req.Plan.Raw), i)...)
}

func (r *identityResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	i, _, err := identityOf(req.State.Raw)
	if err != nil || i == nil || i.Existing != "" {
		return // what existed before stays
	}
	c, err := r.settings.cloud(cloudOf(req.State.Raw))
	if err == nil {
		err = c.Identities.Delete(ctx, identityID(i))
	}
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		resp.Diagnostics.AddError("Unable to Delete Identity", err.Error())
	}
}

// ImportState takes `platform/name`; the next plan takes the rest from the configuration.
func (r *identityResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	_, name, ok := cutLast(req.ID, "/")
	if !ok {
		resp.Diagnostics.AddError("Unable to Import Identity", fmt.Sprintf("%q must be PLATFORM/NAME.", req.ID))
		return
	}
	resp.Diagnostics.Append(setAll(ctx, resp.State.SetAttribute, map[string]string{"id": req.ID, "name": name})...)
}
