package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// TestSchemas_haveTheFieldsOfTheirSpec ties schema and spec: every field can be
// written, and every attribute is read.
func TestSchemas_haveTheFieldsOfTheirSpec(t *testing.T) {
	t.Parallel()
	for kind, r := range map[spec.Kind]resource.Resource{
		spec.KindPlatform: NewPlatformResource(), spec.KindDataset: NewDatasetResource(), spec.KindRegistry: NewModelRegistryResource(),
		spec.KindPipeline: NewPipelineResource(), spec.KindEndpoint: NewEndpointResource(), spec.KindBucket: NewBucketResource(), spec.KindModel: NewRegisteredModelResource(),
		spec.KindGPUPool: NewGPUPoolResource(), spec.KindIdentity: NewIdentityResource(), spec.KindSecret: NewSecretResource(),
	} {
		var resp resource.SchemaResponse
		r.Schema(context.Background(), resource.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(context.Background()); diags.HasError() {
			t.Errorf("%s: %v", kind, diags)
		}
		attrs := maps.Clone(resp.Schema.Attributes)
		for _, ours := range computed {
			delete(attrs, ours)
		}
		parity(t, string(kind), reflect.TypeOf(spec.New(kind)).Elem(), attrs)
	}
}

// filledIn are fields of specs that the provider knows and users do not write.
var filledIn = []string{"gpu_pool.machine", "gpu_pool.model", "gpu_pool.price", "identity.address", "secret.store"}

func parity(t *testing.T, at string, typ reflect.Type, attrs map[string]schema.Attribute) {
	t.Helper()
	fields := map[string]reflect.Type{}
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if slices.Contains(filledIn, at+"."+name) {
			continue
		}
		if name == outerName {
			name = innerName
		}
		fields[name] = typ.Field(i).Type
	}
	if want, got := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(attrs)); !slices.Equal(want, got) {
		t.Errorf("%s: the schema has %v, the spec %v", at, got, want)
		return
	}
	for name, attribute := range attrs {
		if attribute.GetMarkdownDescription() == "" {
			t.Errorf("%s.%s: no description", at, name)
		}
		if !attribute.IsRequired() && !attribute.IsOptional() {
			t.Errorf("%s.%s: neither required nor optional", at, name)
		}
		below := fields[name]
		for below.Kind() == reflect.Pointer || below.Kind() == reflect.Slice || below.Kind() == reflect.Map {
			below = below.Elem()
		}
		switch a := attribute.(type) {
		case schema.SingleNestedAttribute:
			parity(t, at+"."+name, below, a.Attributes)
		case schema.ListNestedAttribute:
			parity(t, at+"."+name, below, a.NestedObject.Attributes)
		case schema.MapNestedAttribute:
			parity(t, at+"."+name, below, a.NestedObject.Attributes)
		default:
			if below.Kind() == reflect.Struct {
				t.Errorf("%s.%s: the spec has fields below it, the schema has none", at, name)
			}
		}
	}
}
