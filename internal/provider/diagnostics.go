package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// attributePath turns a spec's path into the framework's: the attribute names of
// the language are the field names of the spec.
func attributePath(p spec.Path) path.Path {
	out := path.Empty()
	for i, s := range p {
		switch {
		case s.Form == spec.KeyStep:
			out = out.AtMapKey(s.Key)
		case s.Form == spec.IndexStep:
			out = out.AtListIndex(s.Index)
		case i == 0 && s.Attr == outerName:
			out = path.Root(innerName)
		case i == 0:
			out = path.Root(s.Attr)
		default:
			out = out.AtName(s.Attr)
		}
	}
	return out
}

// invalid reports the faults of one resource, each on its attribute. What is no mistake
// of the language is left to the plan, unless there are mistakes beside it: Terraform also
// validates a resource with count = 0, which it never plans.
func invalid(kind spec.Kind, faults spec.Faults, planned bool) diag.Diagnostics {
	var out diag.Diagnostics
	mistaken := slices.ContainsFunc(faults, func(f spec.Fault) bool { return !f.Warning && !f.Later })
	for _, f := range faults {
		switch {
		case f.Later && !planned && !mistaken:
		case !f.Warning:
			out.AddAttributeError(attributePath(f.Path), "Invalid "+title(kind), about(f))
		case planned:
			out.AddAttributeWarning(attributePath(f.Path), "Check "+title(kind), about(f))
		}
	}
	return out
}

// about is the message of a fault. Terraform marks the whole resource when the fault is
// inside of an attribute, so it says where.
func about(f spec.Fault) string {
	if len(f.Path) > 1 {
		return f.Path.String() + ": " + f.Message + "."
	}
	return f.Message + "."
}

var titles = map[spec.Kind]string{
	spec.KindPlatform: "Platform", spec.KindBucket: "Bucket", spec.KindDataset: "Dataset", spec.KindRegistry: "Model Registry",
	spec.KindModel: "Registered Model", spec.KindPipeline: "Pipeline", spec.KindEndpoint: "Endpoint",
	spec.KindGPUPool: "GPU Pool", spec.KindIdentity: "Identity", spec.KindSecret: "Secret",
}

func title(kind spec.Kind) string { return titles[kind] }

// getter reads single attributes of a configuration, plan or state.
type getter interface {
	GetAttribute(ctx context.Context, at path.Path, target any) diag.Diagnostics
}

// needSpec checks that an attribute holds the spec of a kind, as far as it is known.
func needSpec(ctx context.Context, from getter, attribute string, kind spec.Kind) (out diag.Diagnostics) {
	var value types.String
	out.Append(from.GetAttribute(ctx, path.Root(attribute), &value)...)
	if out.HasError() || value.IsUnknown() || value.IsNull() {
		return out
	}
	s, err := spec.Parse(value.ValueString())
	if err == nil && s.Kind() != kind {
		err = fmt.Errorf("this is the spec of a %s", s.Kind())
	}
	if err != nil {
		out.AddAttributeError(path.Root(attribute), "Invalid "+title(kind), fmt.Sprintf("Must be the spec of a mlops_%s: %v.", kind, err))
	}
	return out
}

// cloudOf is the cloud of the platform whose spec a configuration, plan or state holds;
// "local" while there is none, as in an imported state.
func cloudOf(raw tftypes.Value) string {
	attrs, err := object(raw)
	if err != nil {
		return "local"
	}
	text, _ := attrs["platform"].(string)
	s, err := spec.Parse(text)
	if p, ok := s.(*spec.Platform); err == nil && ok {
		return p.Cloud
	}
	return "local"
}

// wayOut are what can be done about a resource that a cloud's driver cannot make.
var wayOut = map[spec.Kind]string{
	spec.KindBucket:   "make the bucket yourself, and name it in existing",
	spec.KindIdentity: "make the role yourself, and name it in existing",
	spec.KindGPUPool:  "make the nodes yourself, and leave pool out",
}

// unable refuses a resource that the driver of a cloud cannot make yet.
func unable(cloud string, kind spec.Kind) (out diag.Diagnostics) {
	out.AddAttributeError(path.Root("platform"), "Unable to Plan "+title(kind), fmt.Sprintf("Cloud %q cannot make a mlops_%s in this version of the provider: %s.", cloud, kind, wayOut[kind]))
	return out
}
