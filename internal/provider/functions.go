package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// gateFunction judges metrics as the emitted gate does.
type gateFunction struct{}

// NewGateFunction judges metrics.
func NewGateFunction() function.Function { return gateFunction{} }

func (gateFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "gate"
}

var findingTypes = map[string]attr.Type{
	"metric": types.StringType, "op": types.StringType, "bound": types.StringType, "value": types.StringType, "passed": types.BoolType, "sentence": types.StringType,
}

func (gateFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Judge metrics by gates",
		MarkdownDescription: "Applies `gates` of a `mlops_registered_model` to metrics by the rules of the emitted gate: numbers are compared as decimals, and what is missing or no number is rejected. " +
			"Returns `accepted` and the `findings`, one for each gate: `metric`, `op`, `bound`, `value`, `passed` and `sentence`.",
		Parameters: []function.Parameter{
			function.DynamicParameter{Name: "gates", MarkdownDescription: "List of gates, as in `mlops_registered_model`."},
			function.DynamicParameter{Name: "metrics", AllowNullValue: true, MarkdownDescription: "What was measured: an object of numbers, the text of a metrics file, or null when there is none. A text is judged more strictly: a key that is written twice is rejected."},
		},
		VariadicParameter: function.DynamicParameter{Name: "champion", AllowNullValue: true, MarkdownDescription: "What was measured of the champion, an object of numbers; null or `{}` while there is none yet. Left out, a gate with `baseline` rejects."},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"accepted": types.BoolType, "findings": types.ListType{ElemType: types.ObjectType{AttrTypes: findingTypes}},
		}},
	}
}

type verdict struct {
	Accepted bool      `tfsdk:"accepted"`
	Findings []finding `tfsdk:"findings"`
}

type finding struct {
	Metric   string  `tfsdk:"metric"`
	Op       string  `tfsdk:"op"`
	Bound    string  `tfsdk:"bound"`
	Value    *string `tfsdk:"value"`
	Passed   bool    `tfsdk:"passed"`
	Sentence string  `tfsdk:"sentence"`
}

func (gateFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var gates, metrics types.Dynamic
	var champions []types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &gates, &metrics, &champions); resp.Error != nil {
		return
	}
	rules, err := gatesOf(ctx, gates)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	measured, err := metricsOf(ctx, metrics)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	var champion *spec.Metrics
	if len(champions) > 1 {
		resp.Error = function.NewArgumentFuncError(3, "there is one champion: give at most three arguments")
		return
	}
	if len(champions) == 1 {
		m, err := metricsOf(ctx, champions[0])
		if err == nil && m.Broken {
			err = fmt.Errorf("metrics of the champion: %s", m.Fault)
		}
		if err != nil {
			resp.Error = function.NewArgumentFuncError(2, err.Error())
			return
		}
		champion = &m
	}
	out := verdict{Findings: []finding{}}
	var found []spec.Finding
	out.Accepted, found = spec.Judge(rules, measured, champion)
	for _, f := range found {
		out.Findings = append(out.Findings, finding(f))
	}
	resp.Error = resp.Result.Set(ctx, out)
}

// gatesOf reads gates with the rules of a registered model.
func gatesOf(ctx context.Context, v types.Dynamic) ([]spec.Gate, error) {
	list, err := argument(ctx, v)
	if err != nil {
		return nil, err
	}
	d := spec.Decode(spec.KindModel, map[string]any{"name": "m", "registry": "m", "gates": list})
	if err := d.Faults.Err(); err != nil {
		return nil, err
	}
	m, ok := d.Spec.(*spec.Model)
	if !ok {
		return nil, fmt.Errorf("a %s has no gates", d.Spec.Kind())
	}
	return m.Gates, nil
}

// metricsOf reads metrics as an object, as the text of a file, or as null.
func metricsOf(ctx context.Context, v types.Dynamic) (spec.Metrics, error) {
	if v.IsNull() || v.IsUnderlyingValueNull() {
		return spec.Metrics{Fault: "there are no metrics"}, nil
	}
	raw, err := v.ToTerraformValue(ctx)
	if err != nil {
		return spec.Metrics{}, err
	}
	if raw.Type().Is(tftypes.String) {
		var text string
		err := raw.As(&text)
		return spec.ReadMetrics(text), err
	}
	var attrs map[string]tftypes.Value
	if raw.As(&attrs) != nil {
		return spec.Metrics{}, errors.New("must be an object of numbers, or the text of a metrics file")
	}
	values := make(map[string]any, len(attrs))
	for name, value := range attrs {
		if values[name], err = plain(value); err != nil { // a null stays: it was measured, and is no number
			return spec.Metrics{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return spec.Metrics{Values: values}, nil
}

// textFunction computes a text from texts.
type textFunction struct {
	name, summary, doc string
	parameters         []function.Parameter
	compute            func(texts []string) (string, *function.FuncError)
}

func (f *textFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = f.name
}

func (f *textFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{Summary: f.summary, MarkdownDescription: f.doc, Parameters: f.parameters, Return: function.StringReturn{}}
}

func (f *textFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	texts := make([]string, len(f.parameters))
	for i := range texts {
		if resp.Error = req.Arguments.GetArgument(ctx, i, &texts[i]); resp.Error != nil {
			return
		}
	}
	text, err := f.compute(texts)
	if resp.Error = err; err == nil {
		resp.Error = resp.Result.Set(ctx, text)
	}
}

// Aliases as MLflow 3.17 takes them, which keeps "latest" and "v7" for itself.
var (
	modelForm     = pattern.New(`^[A-Za-z0-9_][A-Za-z0-9_. -]*$`)
	aliasForm     = pattern.New(`^[A-Za-z0-9_-]{1,255}$`)
	reservedAlias = pattern.New(`^(?i:latest|v[0-9]+)$`)
)

// NewModelURIFunction writes the address by which clients of MLflow load a model.
func NewModelURIFunction() function.Function {
	return &textFunction{
		name: "model_uri", summary: "The address of a model's alias",
		doc: "Returns `models:/NAME@ALIAS`, by which clients of MLflow load the version that an alias names.",
		parameters: []function.Parameter{
			function.StringParameter{Name: "name", MarkdownDescription: "Name of the registered model."},
			function.StringParameter{Name: "alias", MarkdownDescription: "Alias, such as `champion`."},
		},
		compute: func(texts []string) (string, *function.FuncError) {
			if !modelForm.MatchString(texts[0]) {
				return "", function.NewArgumentFuncError(0, fmt.Sprintf("%q must be the name of a registered model: letters, digits, dashes, dots, underscores and spaces", texts[0]))
			}
			if !aliasForm.MatchString(texts[1]) {
				return "", function.NewArgumentFuncError(1, fmt.Sprintf("%q must be an alias: letters, digits, dashes and underscores, at most 255", texts[1]))
			}
			if reservedAlias.MatchString(texts[1]) {
				return "", function.NewArgumentFuncError(1, fmt.Sprintf("%q is no alias: registries keep latest and v followed by a number for themselves", texts[1]))
			}
			return "models:/" + texts[0] + "@" + texts[1], nil
		},
	}
}

// NewK8sNameFunction turns a text into a name of Kubernetes.
func NewK8sNameFunction() function.Function {
	return &textFunction{
		name: "k8s_name", summary: "A name that Kubernetes takes",
		doc:        "Turns any text into an RFC 1123 label of at most 63 characters, as the emitted repository does. A text that is one already stays as it is; one that had to be cut carries a hash of the whole.",
		parameters: []function.Parameter{function.StringParameter{Name: "text", MarkdownDescription: "Any text."}},
		compute:    func(texts []string) (string, *function.FuncError) { return spec.K8sName(texts[0]), nil },
	}
}
