package provider

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
)

// readSettings reads the provider's configuration. What is late in it, known only after
// apply, is left out: Terraform configures a provider with unknown values while it plans,
// and never while it applies.
func readSettings(ctx context.Context, config tfsdk.Config) (*settings, diag.Diagnostics) {
	s := &settings{pending: &pending{}, claims: &claims{}, login: &vault.Shared{}, locks: &azure.Locks{}, late: lateIn(config.Raw)}
	ctx = context.WithoutCancel(ctx) // the ways are read when a resource asks for them
	s.ways = sync.OnceValues(func() (out [3]*settings, diags diag.Diagnostics) {
		for i, way := range [3]int{1, 2, 0} {
			out[i] = &settings{pending: s.pending, claims: &claims{}, login: s.login, locks: s.locks, late: s.late, way: way, tried: true}
			diags.Append(out[i].read(ctx, config)...)
		}
		return out, diags
	})
	return s, s.read(ctx, config)
}

// read fills the settings in from the configuration, with what stands in on this way.
func (s *settings) read(ctx context.Context, config tfsdk.Config) (out diag.Diagnostics) {
	raw, err := filled(config.Raw, s.way)
	if err != nil {
		out.AddError("Unable to Read Provider Configuration", err.Error())
		return out
	}
	config.Raw = raw
	return config.Get(ctx, &s.configuration)
}

// lateIn names the values that are unknown.
func lateIn(config tftypes.Value) (out []string) {
	_ = tftypes.Walk(config, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		if !v.IsKnown() {
			out = append(out, valueName(at))
			return false, nil
		}
		return true, nil
	})
	slices.Sort(out)
	return out
}

// valueName is the name of a value, such as aws.endpoints.s3.
func valueName(at *tftypes.AttributePath) string {
	var parts []string
	for _, step := range at.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			parts = append(parts, string(step))
		case tftypes.ElementKeyString:
			parts = append(parts, string(step))
		}
	}
	return strings.Join(parts, ".")
}

// isLate reports whether a value, or what it is in, is late.
func (s *settings) isLate(name string) bool {
	return s != nil && slices.ContainsFunc(s.late, func(late string) bool { return late == name || strings.HasPrefix(name, late+".") })
}

// lateWithin is the first late value of a section that is not among others, or "".
func (s *settings) lateWithin(section string, others ...string) string {
	for _, late := range s.late {
		if (late == section || strings.HasPrefix(late, section+".")) && !slices.Contains(others, late) {
			return late
		}
	}
	return ""
}

// pairs stand in for what is late, two by two: the two differ in every part, so that what
// depends on the value differs as well. A plan depends on no other text. The account and
// the number of a project are not here: drivers plan without them.
var pairs = map[string][2]string{
	"local.root":                    {"/late-a", "/late-b"},
	"aws.region":                    {"eu-west-1", "us-east-2"},
	"aws.permissions_boundary":      {"arn:aws:iam::000000000001:policy/late-a", "arn:aws:iam::000000000002:policy/late-b"},
	"google.project":                {"late-a", "late-b"},
	"google.region":                 {"europe-west1", "us-east4"},
	"google.workload_identity_pool": {"projects/1/locations/global/workloadIdentityPools/late-a", "projects/2/locations/global/workloadIdentityPools/late-b"},
	"azure.subscription_id":         {"00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"},
	"azure.resource_group":          {"late-a", "late-b"},
	"azure.cluster_resource_group":  {"late-a", "late-b"},
	"azure.location":                {"westeurope", "eastus2"},
	"azure.tenant_id":               {"00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"},
	"azure.vault_url":               {"https://late-a.vault.azure.net", "https://late-b.vault.azure.net:7001"},
	"azure.key_vault_id":            {lateIDs + "a/providers/Microsoft.KeyVault/vaults/late-a", lateIDs + "b/providers/Microsoft.KeyVault/vaults/late-b"},
	"azure.key_identity":            {lateIDs + "a/providers/Microsoft.ManagedIdentity/userAssignedIdentities/late-a", lateIDs + "b/providers/Microsoft.ManagedIdentity/userAssignedIdentities/late-b"},
	"vault.address":                 {"https://late-a.invalid:7001", "https://late-b.invalid"},
	"vault.namespace":               {"late-a", "late-b"},
}

// letters stand in for a text that may be anything.
var letters = [2]string{"late-a", "late-b"}

const lateIDs = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/late-"

// filled is a configuration with something in the place of every value that is unknown:
// the first or second of its pair, or nothing.
func filled(config tftypes.Value, way int) (tftypes.Value, error) {
	return tftypes.Transform(config, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		return standIn(valueName(at), v.Type(), way), nil
	})
}

func standIn(name string, kind tftypes.Type, way int) tftypes.Value {
	if way == 0 {
		return tftypes.NewValue(kind, nil)
	}
	pair, known := pairs[name]
	switch kind := kind.(type) {
	case tftypes.Object:
		attrs := map[string]tftypes.Value{}
		for attribute, of := range kind.AttributeTypes {
			attrs[attribute] = standIn(name+"."+attribute, of, way)
		}
		return tftypes.NewValue(kind, attrs)
	case tftypes.Map:
		if name == "tags" {
			return tftypes.NewValue(kind, map[string]tftypes.Value{letters[way-1]: tftypes.NewValue(kind.ElementType, letters[way-1])})
		}
	default:
		if strings.HasPrefix(name, "tags.") {
			return tftypes.NewValue(kind, letters[way-1])
		}
		if known {
			return tftypes.NewValue(kind, pair[way-1])
		}
	}
	return tftypes.NewValue(kind, nil)
}

// addresses are those of the elements that say one.
func addresses(given map[string]types.String) map[string]string {
	out := map[string]string{}
	for name, address := range given {
		if address.ValueString() != "" {
			out[name] = address.ValueString()
		}
	}
	return out
}
