package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
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
