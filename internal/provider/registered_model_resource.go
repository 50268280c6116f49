package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ resource.Resource                   = (*registeredModelResource)(nil)
	_ resource.ResourceWithConfigure      = (*registeredModelResource)(nil)
	_ resource.ResourceWithValidateConfig = (*registeredModelResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*registeredModelResource)(nil)
	_ resource.ResourceWithImportState    = (*registeredModelResource)(nil)
)

// registeredModelResource owns a registered model where the registry exists and has
// an API. Where the emitted repository deploys the registry, the emitted
// registration program creates the model and this resource only checks it.
type registeredModelResource struct {
	logicalResource
}

// NewRegisteredModelResource declares a model with its gates.
func NewRegisteredModelResource() resource.Resource {
	name, of := requiredText("Lower-case letters, digits and dashes, starting with a letter, at most 50 characters."), requiredText("`spec` of the `mlops_model_registry`.")
	name.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return &registeredModelResource{logicalResource{kind: spec.KindModel, schema: schemaOf("A registered model with its gates and its way to production.\n\nA **physical** resource where the registry exists (`managed = false`): name, description and tags live there; versions and aliases are never touched. "+
		"Where the emitted repository deploys the registry it is logical: the emitted registration program creates the model.",
		attributes{
			"name":        name,
			"registry":    of,
			"description": text("What the model is for; shown in the registry."),
			"gates": nestedList("Conditions that every version must meet before it is registered and before it is promoted. Required: a model without a gate is an error unless `gates = []` is written out.", attributes{
				"metric":    text("Name in the metrics file."),
				"op":        choice("Comparison.", "op", ""),
				"threshold": number("Bound."),
				"min":       number("Least value, for `between`."),
				"max":       number("Greatest value, for `between`."),
				"baseline":  text("`champion`: compare with the version that serves production."),
				"tolerance": number("By how much it may be worse than the baseline; default 0."),
				"required":  flag("Whether a missing metric rejects; default `true`."),
			}),
			"promotion": nested("Where a version may go.", attributes{
				"to":   texts("Environments; all of the platform's when left out."),
				"mode": choice("How.", "promotion", "pull_request"),
				"soak": text("How long a version must have been in one environment before the next, such as `\"24h\"`."),
			}),
			"lineage":       nested("What must be known of a version.", attributes{"require": texts("Any of `code`, `data`, `environment`, `parameters`; default all.")}),
			"tags":          textMap("Tags in the registry."),
			"force_destroy": flag("Lets a model that has versions be deleted from the registry; default `false`."),
		})}}
}

func (r *registeredModelResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	r.logicalResource.ValidateConfig(ctx, req, resp)
	resp.Diagnostics.Append(needSpec(ctx, req.Config, "registry", spec.KindRegistry)...)
}

// remote is a model as its registry keeps it, and that registry; it is nil where
// the emitted program owns the model.
func (r *registeredModelResource) remote(raw tftypes.Value) (registry.Registry, registry.Model, *spec.Model, error) {
	d, err := decode(spec.KindModel, raw)
	if err != nil {
		return nil, registry.Model{}, nil, err
	}
	m, ok := d.Spec.(*spec.Model)
	if !ok {
		return nil, registry.Model{}, nil, fmt.Errorf("a %s is no registered model", d.Spec.Kind())
	}
	model := registry.Model{Name: m.Name, Description: m.Description, Tags: maps.Clone(m.Tags)}
	if model.Tags == nil {
		model.Tags = map[string]string{}
	}
	attrs, err := object(raw)
	if err != nil {
		return nil, model, m, err
	}
	text, _ := attrs["registry"].(string)
	if text == "" {
		return nil, model, m, nil // imported by name only
	}
	s, err := spec.Parse(text)
	if err != nil {
		return nil, model, m, fmt.Errorf("registry: %w", err)
	}
	reg, ok := s.(*spec.Registry)
	if !ok || reg.Managed() || reg.MLflow == nil {
		return nil, model, m, nil // the emitted program owns the model
	}
	return r.settings.mlflow(reg.MLflow.TrackingURI), model, m, nil
}

// Create keeps a model in state when its registry did not say whether it made it:
// the next apply finds out, and no model is left that nobody knows of.
func (r *registeredModelResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	reg, model, _, err := r.remote(req.Plan.Raw)
	if err == nil && reg != nil {
		err = create(ctx, reg, model)
	}
	if err == nil || errors.Is(err, registry.ErrUnknown) {
		resp.State.Raw = req.Plan.Raw
	}
	switch {
	case errors.Is(err, registry.ErrExists):
		err = fmt.Errorf("%w: import it with `terraform import`, then it is managed as it is", err)
	case errors.Is(err, registry.ErrUnknown):
		err = fmt.Errorf("%w. The next apply makes it anew if it is not there, and replaces it if it is; `terraform untaint` keeps it", err)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create Registered Model", err.Error())
	}
}

// create looks first, so that only what it made itself can be in doubt.
func create(ctx context.Context, reg registry.Registry, model registry.Model) error {
	_, err := reg.Read(ctx, model.Name)
	switch {
	case err == nil:
		return fmt.Errorf("model %q %w", model.Name, registry.ErrExists)
	case errors.Is(err, registry.ErrNotFound):
		return reg.Create(ctx, model)
	}
	return fmt.Errorf("%w. Nothing was made", err)
}

// Read takes over description and tags; tags that this resource never set stay
// out of state, they belong to others.
func (r *registeredModelResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	reg, was, _, err := r.remote(req.State.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Registered Model", err.Error())
		return
	}
	if reg == nil {
		return
	}
	if late := r.settings.lateWithin("mlflow"); late != "" {
		resp.Diagnostics.AddWarning("Unable to Refresh Registered Model", putOff(late))
		return
	}
	is, err := reg.Read(ctx, was.Name)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError("Unable to Read Registered Model", fmt.Sprintf("Model %q cannot be refreshed: %v. Its state stays as it is; -refresh=false plans from it without the registry.", was.Name, err))
		return
	}
	if is.Description != was.Description {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("description"), types.StringValue(is.Description))...)
	}
	ours := map[string]string{}
	for key := range was.Tags {
		if value, there := is.Tags[key]; there {
			ours[key] = value
		}
	}
	if !maps.Equal(ours, was.Tags) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("tags"), ours)...)
	}
}

func (r *registeredModelResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	_, before, _, err := r.remote(req.State.Raw)
	reg, after, _, err2 := r.remote(req.Plan.Raw)
	if err = errors.Join(err, err2); err == nil && reg != nil {
		err = r.update(ctx, reg, before, after)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Update Registered Model", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

// update compares with what the registry holds, so that an imported model's
// description is written even when the state never knew it.
func (r *registeredModelResource) update(ctx context.Context, reg registry.Registry, before, after registry.Model) error {
	is, err := reg.Read(ctx, after.Name)
	if errors.Is(err, registry.ErrNotFound) {
		return reg.Create(ctx, after)
	}
	if err != nil {
		return err
	}
	for key := range is.Tags {
		_, was := before.Tags[key]
		_, stays := after.Tags[key]
		if !was && !stays {
			delete(is.Tags, key) // not ours: leave it alone
		}
	}
	return reg.Update(ctx, is, after)
}

func (r *registeredModelResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	reg, model, m, err := r.remote(req.State.Raw)
	if err == nil && reg != nil {
		err = reg.Delete(ctx, model.Name, m.ForceDestroy)
	}
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		resp.Diagnostics.AddError("Unable to Delete Registered Model", err.Error())
	}
}
