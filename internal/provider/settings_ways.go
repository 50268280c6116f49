package provider

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// waits reports whether a plan may depend on what is known only after apply.
func (s *settings) waits() bool { return s != nil && len(s.late) > 0 && !s.tried }

// planner plans a resource with settings.
type planner func(s *settings, resp *resource.ModifyPlanResponse)

// planEachWay plans a resource with each of the values that stand in for what is late. What
// comes out the same is known, and the rest is known after apply (ADR 0005).
func (s *settings) planEachWay(kind spec.Kind, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, plan planner) {
	if req.Plan.Raw.IsNull() {
		return
	}
	ways, diags := s.ways()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var outs []*resource.ModifyPlanResponse
	for i, way := range ways {
		out := &resource.ModifyPlanResponse{Plan: resp.Plan, Private: resp.Private}
		plan(way, out)
		if i < 2 || !out.Diagnostics.HasError() { // what must be set cannot be left out
			outs = append(outs, out)
		}
	}
	a, b := outs[0], outs[1]
	shared := inBoth(a.Diagnostics, b.Diagnostics)
	resp.Diagnostics.Append(shared...)
	switch {
	case shared.HasError():
	case a.Diagnostics.HasError() || b.Diagnostics.HasError():
		// It depends on what stands in whether there is a plan at all.
		resp.Plan.Raw = unplanned(req, resp)
	default:
		resp.Plan.Raw = s.merged(kind, req.Config.Raw, outs)
		resp.RequiresReplace = certain(a.RequiresReplace, outs)
	}
}

// merged is what plans have in common.
func (s *settings) merged(kind spec.Kind, config tftypes.Value, outs []*resource.ModifyPlanResponse) tftypes.Value {
	out := maps.Clone(attributesIn(outs[0].Plan.Raw))
	for name := range out {
		var values []tftypes.Value
		for _, o := range outs {
			values = append(values, attributesIn(o.Plan.Raw)[name])
		}
		out[name] = common(values)
	}
	for _, name := range s.ofPrices(kind, config) {
		out[name] = tftypes.NewValue(out[name].Type(), tftypes.UnknownValue)
	}
	if !out["spec"].IsKnown() {
		s.noteWays(outs)
	}
	return tftypes.NewValue(outs[0].Plan.Raw.Type(), out)
}

// common is a value that all share, or unknown: of a map with the same keys, element by element.
func common(values []tftypes.Value) tftypes.Value {
	one := values[0]
	if !slices.ContainsFunc(values, func(v tftypes.Value) bool { return !v.Equal(one) }) {
		return one
	}
	unknown := tftypes.NewValue(one.Type(), tftypes.UnknownValue)
	if !one.Type().Is(tftypes.Map{}) || one.IsNull() || !one.IsKnown() {
		return unknown
	}
	elements := attributesIn(one)
	out := make(map[string]tftypes.Value, len(elements))
	for key := range elements {
		var each []tftypes.Value
		for _, v := range values {
			others := attributesIn(v)
			element, there := others[key]
			if !there || len(others) != len(elements) {
				return unknown
			}
			each = append(each, element)
		}
		out[key] = common(each)
	}
	return tftypes.NewValue(one.Type(), out)
}

// certain are the paths that every plan replaces the object for, and not because of what
// stands in: whether another value asks for another object is seen when it is known.
func certain(paths path.Paths, outs []*resource.ModifyPlanResponse) (out path.Paths) {
	for _, p := range paths {
		same := true
		for _, o := range outs {
			same = same && o.RequiresReplace.Contains(p) && valueAt(o.Plan.Raw, p).Equal(valueAt(outs[0].Plan.Raw, p))
		}
		if same {
			out = append(out, p)
		}
	}
	return out
}

// valueAt is an attribute, or an element of a map that is one.
func valueAt(raw tftypes.Value, at path.Path) tftypes.Value {
	for _, step := range at.Steps() {
		switch step := step.(type) {
		case path.PathStepAttributeName:
			raw = attributesIn(raw)[string(step)]
		case path.PathStepElementKeyString:
			raw = attributesIn(raw)[string(step)]
		}
	}
	return raw
}

// unplanned is a plan in which all that is computed is known after apply, the id aside.
func unplanned(req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) tftypes.Value {
	out, given := maps.Clone(attributesIn(resp.Plan.Raw)), attributesIn(req.Config.Raw)
	for name, a := range resp.Plan.Schema.GetAttributes() {
		if a.IsComputed() && name != "id" && given[name].IsNull() {
			out[name] = tftypes.NewValue(out[name].Type(), tftypes.UnknownValue)
		}
	}
	return tftypes.NewValue(resp.Plan.Raw.Type(), out)
}

// noteWays remembers the specs that a resource may have, for a repository that contains it.
func (s *settings) noteWays(outs []*resource.ModifyPlanResponse) {
	var all [3]spec.Spec
	for i := range all {
		text := textIn(outs[min(i, len(outs)-1)].Plan.Raw, "spec")
		if len(outs) == 2 && i == 2 {
			text = textIn(outs[0].Plan.Raw, "spec")
		}
		one, err := spec.Parse(text)
		if err != nil {
			return // it waits for more than the settings
		}
		all[i] = one
	}
	s.pending.noteSpecs(all)
}

// lateReading puts off what refreshing needs and is late. The state stays as it is.
func (s *settings) lateReading(kind spec.Kind, state tftypes.Value) (put bool, out diag.Diagnostics) {
	p := platformOf(state)
	if s == nil || p == nil || textIn(state, "existing") != "" {
		return false, nil
	}
	late := s.blind(p.Cloud)
	if kind == spec.KindSecret {
		late = s.blind(storeSections[p.SecretStore])
	} else if kind == spec.KindIdentity && late == "" && grantsSecret(state) {
		late = s.blind(storeSections[p.SecretStore])
	}
	if late == "" {
		return false, nil
	}
	out.AddWarning("Unable to Refresh "+title(kind), putOff(late))
	return true, out
}

// grantsSecret reports whether an identity may read a secret.
func grantsSecret(state tftypes.Value) bool {
	var grants []tftypes.Value
	if all := attributesIn(state)["grants"]; !all.IsKnown() || all.IsNull() || all.As(&grants) != nil {
		return false
	}
	return slices.ContainsFunc(grants, func(g tftypes.Value) bool { return textIn(g, "secret") != "" })
}

// putOff says why a refresh did not look.
func putOff(late string) string {
	return late + " in the provider's configuration is known only after apply, so nothing is read now: the state stays as it is, and the next plan looks for changes by hand."
}

// storeSections are the sections of the provider's configuration by secret store.
var storeSections = map[string]string{"vault": "vault", "aws_secrets_manager": "aws", "google_secret_manager": "google", "azure_key_vault": "azure"}

// blind is the first late value without which nothing can be asked of a section's cloud or
// store, or "".
func (s *settings) blind(section string) string {
	return s.lateWithin(section, "aws.account_id", "aws.permissions_boundary", "google.project_number", "google.region",
		"google.workload_identity_pool", "azure.location", "azure.key_identity", "azure.key_vault_id")
}

// blindGit is the first late value without which a repository cannot be asked, or "".
func (s *settings) blindGit(address string) string {
	if s == nil || strings.HasPrefix(address, "file://") {
		return ""
	}
	return s.lateWithin("git", "git.author", "git.author.name", "git.author.email", "git.signing_key")
}
