package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// attributesIn are the attributes of a configuration, plan or state, or the elements of a
// map; nil without one.
func attributesIn(raw tftypes.Value) map[string]tftypes.Value {
	var attrs map[string]tftypes.Value
	if raw.IsNull() || !raw.IsKnown() || raw.As(&attrs) != nil {
		return nil
	}
	return attrs
}

// textIn is a text attribute; "" while it is null or unknown.
func textIn(raw tftypes.Value, name string) string {
	value, there := attributesIn(raw)[name]
	text := ""
	if !there || !value.IsKnown() || value.IsNull() || value.As(&text) != nil {
		return ""
	}
	return text
}

func idOf(raw tftypes.Value) string { return textIn(raw, "id") }

// plannable reads the configuration of a resource that is of a platform, and reports what is
// wrong with it. It is false when there is nothing more to plan.
func (r *logicalResource) plannable(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) bool {
	if req.Plan.Raw.IsNull() || r.settings == nil {
		return false
	}
	attrs, err := attributesOf(req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read "+title(r.kind), err.Error())
		return false
	}
	d := spec.Decode(r.kind, attrs)
	r.settings.pending.note(r.kind, attrs, d)
	resp.Diagnostics.Append(invalid(r.kind, d.Faults, true)...)
	resp.Diagnostics.Append(needSpec(ctx, req.Config, "platform", spec.KindPlatform)...)
	return !resp.Diagnostics.HasError() && len(d.Unknown) == 0
}

// identify gives an id to what an earlier release kept without one, and to what exists.
func identify(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, s spec.Spec) {
	if id := spec.ExistingID(s); id != "" {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), id)...)
		return
	}
	name := s.ID()
	if !req.State.Raw.IsNull() && idOf(req.State.Raw) == "" && len(resp.RequiresReplace) == 0 {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), nameIn(req.Config.Raw, name))...)
	}
}

// platformOf is the platform whose spec a configuration, plan or state holds, or nil.
func platformOf(raw tftypes.Value) *spec.Platform {
	s, err := spec.Parse(textIn(raw, "platform"))
	if p, ok := s.(*spec.Platform); err == nil && ok {
		return p
	}
	return nil
}

// elsewhere reports whether an object of one platform is another one on the other, although
// no setting of it says so: nodes are in one cluster, and pod identities of AWS in a region.
func elsewhere(kind spec.Kind, from, to *spec.Platform) bool {
	cluster := func(p *spec.Platform) string {
		if p.Cluster == nil {
			return ""
		}
		return p.Cluster.Name
	}
	switch {
	case from.Name != to.Name || from.Cloud != to.Cloud:
		return true
	case kind == spec.KindGPUPool:
		return from.Region != to.Region || cluster(from) != cluster(to)
	case kind == spec.KindIdentity:
		return to.Cloud == "aws" && from.Region != to.Region
	}
	return false
}

// settingsOf are the settings in a state.
func settingsOf(raw tftypes.Value) cloud.Settings {
	out := cloud.Settings{}
	for name, v := range attributesIn(attributesIn(raw)["settings"]) {
		text := ""
		if v.IsKnown() && v.As(&text) == nil {
			out[name] = text
		}
	}
	return out
}

// lateSettings names the settings that a plan did not know.
func lateSettings(plan tftypes.Value) (out []string) {
	for name, v := range attributesIn(attributesIn(plan)["settings"]) {
		if !v.IsKnown() {
			out = append(out, name)
		}
	}
	return out
}

// patience is how long an operation may take when `timeouts` does not say. A pool of
// nodes takes as long as the big providers of the clouds wait.
func patience(kind spec.Kind) time.Duration {
	if kind == spec.KindGPUPool {
		return time.Hour
	}
	return 10 * time.Minute
}

func durationText() schema.StringAttribute {
	a := text("Such as `60m`.")
	a.Validators = []validator.String{durationValidator{}}
	return a
}

// durationValidator takes what within reads.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return "a duration such as 60m"
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Timeout", fmt.Sprintf("%s: %q must be %s.", req.Path, req.ConfigValue.ValueString(), v.Description(ctx)))
	}
}

// within bounds an operation by `timeouts`.
func within(ctx context.Context, raw tftypes.Value, operation string, kind spec.Kind) (context.Context, context.CancelFunc) {
	limit := patience(kind)
	if given, err := time.ParseDuration(textIn(attributesIn(raw)["timeouts"], operation)); err == nil && given > 0 {
		limit = given
	}
	return context.WithTimeout(ctx, limit)
}

// imported parts the id of an import into cloud and id.
func imported(text string) (in, id string) {
	if in, id, ok := strings.Cut(text, ":"); ok {
		return in, id
	}
	return "local", text
}

func setAll(ctx context.Context, set setter, values map[string]string) (out diag.Diagnostics) {
	for name, value := range values {
		out.Append(set(ctx, path.Root(name), value)...)
	}
	return out
}
