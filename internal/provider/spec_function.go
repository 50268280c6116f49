package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ function.Function = (*specFunction)(nil)
	_ function.Function = (*specsFunction)(nil)
)

// specFunction builds the spec of one kind from an object, without a resource.
type specFunction struct{ kind spec.Kind }

func (f *specFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = string(f.kind)
}

func (f *specFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "The spec of " + article(f.kind),
		MarkdownDescription: fmt.Sprintf("Takes the attributes of `mlops_%s` as an object and returns its spec, without a resource in state. Other resources are referred to by name.", f.kind),
		Parameters:          []function.Parameter{function.DynamicParameter{Name: "attributes", MarkdownDescription: fmt.Sprintf("The attributes of `mlops_%s`.", f.kind)}},
		Return:              function.StringReturn{},
	}
}

func (f *specFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var attrs types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &attrs); resp.Error != nil {
		return
	}
	value, err := argument(ctx, attrs)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	text, err := encoded(f.kind, value)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("Invalid %s: %v", title(f.kind), err))
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// specsFunction builds the specs of many objects of one kind in one call.
type specsFunction struct{ kind spec.Kind }

func (f *specsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = plural(f.kind)
}

func (f *specsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "The specs of many " + plural(f.kind),
		MarkdownDescription: fmt.Sprintf("Takes a list of objects with the attributes of `mlops_%s` and returns the list of their specs: a fleet in one call.", f.kind),
		Parameters:          []function.Parameter{function.DynamicParameter{Name: "list", MarkdownDescription: "A list of objects."}},
		Return:              function.ListReturn{ElementType: types.StringType},
	}
}

func (f *specsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var list types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &list); resp.Error != nil {
		return
	}
	value, err := argument(ctx, list)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	objects, ok := value.([]any)
	if !ok {
		resp.Error = function.NewArgumentFuncError(0, "must be a list of objects")
		return
	}
	texts := make([]string, len(objects))
	for i, o := range objects {
		if texts[i], err = encoded(f.kind, o); err != nil {
			resp.Error = function.ConcatFuncErrors(resp.Error, function.NewArgumentFuncError(0, fmt.Sprintf("Invalid %s [%d]: %v", title(f.kind), i, err)))
		}
	}
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, texts)
	}
}

// encoded is the spec of an object. All its faults are one error, a line each;
// warnings have no place in a function.
func encoded(kind spec.Kind, value any) (string, error) {
	attrs, ok := value.(map[string]any)
	if !ok {
		return "", fmt.Errorf("must be an object with the attributes of mlops_%s", kind)
	}
	for name, v := range attrs {
		if v == nil {
			delete(attrs, name)
		}
	}
	d := spec.Decode(kind, attrs)
	if err := d.Faults.Err(); err != nil {
		return "", err
	}
	return spec.Encode(d.Spec)
}

func plural(kind spec.Kind) string {
	if kind == spec.KindRegistry {
		return "model_registries"
	}
	return string(kind) + "s"
}

func article(kind spec.Kind) string {
	if kind == spec.KindEndpoint {
		return "an endpoint"
	}
	return "a " + string(kind)
}
