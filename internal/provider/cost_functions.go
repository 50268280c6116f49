package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// acceleratorFunction reads the short form of an accelerator.
type acceleratorFunction struct{}

// NewAcceleratorFunction reads `nvidia-l4:2`.
func NewAcceleratorFunction() function.Function { return acceleratorFunction{} }

func (acceleratorFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "accelerator"
}

func (acceleratorFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Accelerators in short",
		MarkdownDescription: "Turns `nvidia-l4:2` into `{ type = \"nvidia-l4\", count = 2 }`, as `accelerator` of pools and `resources` take it. Without a count it is 1.",
		Parameters:          []function.Parameter{function.StringParameter{Name: "text", MarkdownDescription: "`TYPE` or `TYPE:COUNT`."}},
		Return:              function.ObjectReturn{AttributeTypes: map[string]attr.Type{"type": types.StringType, "count": types.Int64Type}},
	}
}

func (acceleratorFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	kind, given, has := strings.Cut(text, ":")
	out := struct {
		Type  string `tfsdk:"type"`
		Count int64  `tfsdk:"count"`
	}{kind, 1}
	if (spec.Accelerator{Type: kind}).Resource() == "" {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is not an accelerator; there are: %s", kind, strings.Join(spec.AcceleratorTypes(), ", ")))
		return
	}
	if has {
		n, err := strconv.ParseInt(given, 10, 64)
		if err != nil || n < 1 || n > 64 {
			resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("the count of %q must be from 1 to 64, such as nvidia-l4:2", text))
			return
		}
		out.Count = n
	}
	resp.Error = resp.Result.Set(ctx, out)
}

// monthlyCostFunction tells what a pool costs.
type monthlyCostFunction struct{}

// NewMonthlyCostFunction tells what a pool costs a month.
func NewMonthlyCostFunction() function.Function { return monthlyCostFunction{} }

func (monthlyCostFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "monthly_cost"
}

func (monthlyCostFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "What a pool costs a month",
		MarkdownDescription: "The list price of a pool's nodes for 730 hours in USD: `min` of the fewest nodes on the preferred capacity, `max` of the most of every kind of capacity. What is no pool costs nothing. An estimate, never a bill.",
		Parameters:          []function.Parameter{function.StringParameter{Name: "spec", MarkdownDescription: "`spec` of a `mlops_gpu_pool`."}},
		Return:              function.ObjectReturn{AttributeTypes: map[string]attr.Type{"min": types.NumberType, "max": types.NumberType}},
	}
}

func (monthlyCostFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	s, err := spec.Parse(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	least, most := spec.Number("0"), spec.Number("0")
	if g, ok := s.(*spec.GPUPool); ok {
		if least, most = g.Monthly(); least == "" {
			resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("the catalog has no price of pool %q (%s): give one with prices in the provider's configuration", g.Name, g.Machine))
			return
		}
	}
	resp.Error = resp.Result.Set(ctx, struct {
		Min types.Number `tfsdk:"min"`
		Max types.Number `tfsdk:"max"`
	}{amount(least), amount(most)})
}
