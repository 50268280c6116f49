package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// object turns an object or map of Terraform into what spec.Decode reads. Computed
// attributes are left out: their values are ours.
func object(v tftypes.Value, leave ...string) (map[string]any, error) {
	var attrs map[string]tftypes.Value
	if err := v.As(&attrs); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(attrs))
	for name, value := range attrs {
		converted, err := plain(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if converted != nil {
			out[name] = converted
		}
	}
	for _, name := range leave {
		delete(out, name)
	}
	return out, nil
}

// plain turns any value of Terraform into nil, bool, string, json.Number, []any,
// map[string]any or spec.Unknown.
func plain(v tftypes.Value) (any, error) {
	if !v.IsKnown() {
		return spec.Unknown{}, nil
	}
	if v.IsNull() {
		return nil, nil
	}
	t := v.Type()
	switch {
	case t.Is(tftypes.String):
		var s string
		err := v.As(&s)
		return s, err
	case t.Is(tftypes.Bool):
		var b bool
		err := v.As(&b)
		return b, err
	case t.Is(tftypes.Number):
		var f big.Float
		err := v.As(&f)
		return json.Number(f.Text('f', -1)), err
	case t.Is(tftypes.Object{}), t.Is(tftypes.Map{}):
		return object(v)
	}
	var elems []tftypes.Value
	if err := v.As(&elems); err != nil {
		return nil, err
	}
	out := make([]any, len(elems))
	for i, e := range elems {
		var err error
		if out[i], err = plain(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// argument is plain for a value of the framework.
func argument(ctx context.Context, v attr.Value) (any, error) {
	raw, err := v.ToTerraformValue(ctx)
	if err != nil {
		return nil, err
	}
	return plain(raw)
}
