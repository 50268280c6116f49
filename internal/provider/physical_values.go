package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// attributesIn are the attributes of a configuration, plan or state; nil without one.
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
	var values map[string]tftypes.Value
	out := cloud.Settings{}
	value, there := attributesIn(raw)["settings"]
	if !there || value.IsNull() || !value.IsKnown() || value.As(&values) != nil {
		return out
	}
	for name, v := range values {
		text := ""
		if v.IsKnown() && v.As(&text) == nil {
			out[name] = text
		}
	}
	return out
}

// lateSettings names the settings that a plan did not know.
func lateSettings(plan tftypes.Value) (out []string) {
	var values map[string]tftypes.Value
	value, there := attributesIn(plan)["settings"]
	if !there || value.IsNull() || !value.IsKnown() || value.As(&values) != nil {
		return nil
	}
	for name, v := range values {
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
