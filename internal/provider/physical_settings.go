package provider

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// plannedSettings are the settings that a plan shows, and the paths of those that only
// another object can have. What is known after apply stays as it is once it is known.
func plannedSettings[S any](p cloud.Plan[S], thing S, have cloud.Settings) (types.Map, path.Paths, error) {
	want, err := p.Settings(thing)
	if err != nil {
		return types.MapUnknown(types.StringType), nil, err
	}
	planned, replaced := map[string]attr.Value{}, path.Paths{}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch is, there := have[name]; {
		case want[name] == cloud.Later && is != "":
			planned[name] = types.StringValue(is)
		case want[name] == cloud.Later:
			planned[name] = types.StringUnknown()
		default:
			planned[name] = types.StringValue(want[name])
			if there && is != want[name] && slices.Contains(p.Fixed(), name) {
				replaced = append(replaced, path.Root("settings").AtMapKey(name))
			}
		}
	}
	return types.MapValueMust(types.StringType, planned), replaced, nil
}
