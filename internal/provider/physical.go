package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// resolved is what a configuration, plan or state says of one object of a cloud.
type resolved[S any] struct {
	spec.Decoded
	thing    S
	kind     cloud.Kind[S]
	in       cloud.Dialect // the words of its cloud
	existing bool          // it is only referred to
	late     bool          // what the cloud calls it is known after apply
	chosen   prices.Choice // of a pool
}

// physical owns the objects of one kind in a cloud. The plan shows every setting that
// it manages, and reading shows what somebody changed.
type physical[S any] struct {
	logicalResource
	// resolve is the object in raw; was is empty before there is one.
	resolve func(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[S], error)
	// describe writes the attributes that follow from the object and are known at plan.
	describe func(ctx context.Context, set setter, o resolved[S]) diag.Diagnostics
	// finish fills in what is known only after the object is there; ErrLater until then.
	finish func(ctx context.Context, o resolved[S]) error
	// found is an object of which no more is known than its place, for an import.
	found func(on cloud.On, name string) S
	// of is the kind among those of a cloud.
	of func(cloud.Cloud) cloud.Kind[S]
}

type setter func(ctx context.Context, at path.Path, value any) diag.Diagnostics

// owned adds the attributes that every physical resource has.
func owned(doc string, attrs attributes) schema.Schema {
	attrs["id"] = schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()}, MarkdownDescription: "What the cloud calls the object."}
	attrs["settings"] = schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Every setting that is managed, by the cloud's own name; known at plan. A change by hand shows here, and the next apply repairs it."}
	attrs["timeouts"] = nested("How long an operation may take.", attributes{"create": durationText(), "update": durationText(), "delete": durationText()})
	return schemaOf(doc, attrs)
}

func (r *physical[S]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.settings.waits() {
		r.settings.planEachWay(r.kind, req, resp, func(s *settings, resp *resource.ModifyPlanResponse) {
			way := *r
			way.settings = s
			way.ModifyPlan(ctx, req, resp)
		})
		return
	}
	if !r.plannable(ctx, req, resp) {
		return
	}
	o, err := r.resolve(ctx, r.settings, req.Config.Raw, beforeOf(req.State.Raw))
	if err == nil && !o.existing {
		err = r.settings.lacks(platformOf(req.Config.Raw))
	}
	if err != nil {
		resp.Diagnostics.Append(unplannable(r.kind, err)...)
		return
	}
	if !o.existing && o.kind.Plan == nil {
		resp.Diagnostics.Append(unable(cloudOf(req.Config.Raw), r.kind)...)
		return
	}
	r.plan(ctx, req, resp, o)
}

// plan shows what becomes of an object.
func (r *physical[S]) plan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, o resolved[S]) {
	if from, to := platformOf(req.State.Raw), platformOf(req.Config.Raw); from != nil && elsewhere(r.kind, from, to) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("platform"))
	}
	planned := types.MapValueMust(types.StringType, map[string]attr.Value{})
	if !o.existing {
		var replaced path.Paths
		var err error
		if planned, replaced, err = plannedSettings(o.kind.Plan, o.thing, settingsOf(req.State.Raw)); err != nil {
			resp.Diagnostics.Append(unplannable(r.kind, err)...)
			return
		}
		resp.RequiresReplace = append(resp.RequiresReplace, replaced...)
		mine := owner{r.kind, o.Spec.ID(), platformOf(req.Config.Raw), req.Config.Raw}
		if err := r.settings.claims.plan(mine, o.kind.Plan, settingsIn(planned)); err != nil {
			resp.Diagnostics.Append(unplannable(r.kind, err)...)
			return
		}
	}
	identify(ctx, req, resp, o.Spec)
	if err := r.finished(ctx, &o); err != nil {
		resp.Diagnostics.Append(unplannable(r.kind, err)...)
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("settings"), planned)...)
	resp.Diagnostics.Append(r.describe(ctx, resp.Plan.SetAttribute, o)...)
	r.planSpec(ctx, req, resp, o)
}

// finished finishes an object, as far as it is there.
func (r *physical[S]) finished(ctx context.Context, o *resolved[S]) error {
	if r.finish == nil || o.existing {
		return nil
	}
	err := r.finish(ctx, *o)
	if o.late = errors.Is(err, cloud.ErrLater); o.late {
		return nil
	}
	return err
}

// planSpec keeps the spec unknown while it waits for what only the cloud knows.
func (r *physical[S]) planSpec(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, o resolved[S]) {
	if o.late {
		attrs, err := attributesOf(req.Config.Raw)
		if err != nil {
			resp.Diagnostics.AddError("Unable to Read "+title(r.kind), err.Error())
			return
		}
		attrs["address"] = spec.Unknown{}
		r.settings.pending.note(r.kind, attrs, spec.Decode(r.kind, attrs))
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("spec"), types.StringUnknown())...)
		return
	}
	value, err := specValue(o.Decoded)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Encode "+title(r.kind), err.Error())
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("spec"), value)...)
}

// attributeError is an error about one attribute.
type attributeError struct {
	at  path.Path
	err error
}

func (e attributeError) Error() string { return e.err.Error() }
func (e attributeError) Unwrap() error { return e.err }

// unplannable is what hinders a plan: each fault on the attribute that caused it.
func unplannable(kind spec.Kind, err error) (out diag.Diagnostics) {
	var on attributeError
	if errors.As(err, &on) {
		out.AddAttributeError(on.at, "Unable to Plan "+title(kind), on.Error()+".")
		return out
	}
	for _, f := range spec.FaultsOf(err) {
		out.AddAttributeError(attributePath(f.Path), "Unable to Plan "+title(kind), about(f))
	}
	return out
}

func (r *physical[S]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx, done := within(ctx, req.Plan.Raw, "create", r.kind)
	defer done()
	ctx = cloud.Warned(ctx, func(text string) { resp.Diagnostics.AddWarning("Check "+title(r.kind), text+".") })
	o, err := r.resolve(ctx, r.settings, req.Config.Raw, before{})
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create "+title(r.kind), err.Error())
		return
	}
	id := first(spec.ExistingID(o.Spec), nameIn(req.Config.Raw, o.Spec.ID()))
	if !o.existing && o.kind.Store != nil {
		id, err = o.kind.Store.Create(ctx, o.thing)
		id, err = r.settings.claims.created(r.kind, id, err)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create "+title(r.kind), err.Error()+importHint(err, r.kind, req.Config.Raw, o.Spec))
		if id == "" {
			return // nothing came to be
		}
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(r.settle(ctx, req.Config.Raw, req.Plan.Raw, &resp.State, id)...)
}

// nameIn is the id of what no API keeps.
func nameIn(raw tftypes.Value, name string) string {
	if p := platformOf(raw); p != nil {
		return p.Name + "/" + name
	}
	return name
}

// settle writes what a plan could not know.
func (r *physical[S]) settle(ctx context.Context, config, plan tftypes.Value, to state, id string) (out diag.Diagnostics) {
	was := beforeOf(plan)
	was.id = id
	o, err := r.resolve(ctx, r.settings, config, was)
	if err != nil {
		out.AddError("Unable to Read "+title(r.kind), err.Error())
		return out
	}
	late := lateSettings(plan)
	if len(late) > 0 {
		got := cloud.Settings{}
		if o.kind.Store != nil && !o.existing {
			if got, err = o.kind.Store.Read(ctx, id, o.thing); err != nil {
				out.AddWarning("Unable to Read "+title(r.kind), err.Error())
			}
		}
		for _, name := range late {
			out.Append(to.SetAttribute(ctx, path.Root("settings").AtMapKey(name), got[name])...)
		}
	}
	if err := r.finished(ctx, &o); err != nil {
		out.AddError("Unable to Read "+title(r.kind), err.Error())
	}
	out.Append(r.describe(ctx, to.SetAttribute, o)...)
	text, err := spec.Encode(o.Spec)
	if err != nil {
		out.AddError("Unable to Encode "+title(r.kind), err.Error())
	}
	out.Append(to.SetAttribute(ctx, path.Root("spec"), text)...)
	return out
}

// state is what Create and Update write to.
type state interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// Read takes over the settings as they are: a change by hand shows in the next plan.
func (r *physical[S]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if platformOf(req.State.Raw) == nil {
		return // just imported: the next plan knows the platform
	}
	if late, why := r.settings.lateReading(r.kind, req.State.Raw); late {
		resp.Diagnostics.Append(why...)
		return
	}
	id := idOf(req.State.Raw)
	o, err := r.resolve(ctx, r.settings, req.State.Raw, thereOf(req.State.Raw))
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read "+title(r.kind), err.Error())
		return
	}
	if o.existing || o.kind.Store == nil {
		return
	}
	got, err := o.kind.Store.Read(ctx, id, o.thing)
	switch {
	case errors.Is(err, cloud.ErrNotFound):
		resp.State.RemoveResource(ctx) // gone: the next plan makes it again
	case err != nil:
		resp.Diagnostics.AddError("Unable to Read "+title(r.kind), err.Error())
	default:
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("settings"), map[string]string(got))...)
	}
}

func (r *physical[S]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx, done := within(ctx, req.Plan.Raw, "update", r.kind)
	defer done()
	ctx = cloud.Warned(ctx, func(text string) { resp.Diagnostics.AddWarning("Check "+title(r.kind), text+".") })
	id := idOf(req.State.Raw)
	o, err := r.resolve(ctx, r.settings, req.Config.Raw, beforeOf(req.State.Raw))
	if err == nil {
		id = first(spec.ExistingID(o.Spec), id, nameIn(req.Config.Raw, o.Spec.ID()))
	}
	if err == nil && !o.existing && o.kind.Store != nil {
		err = o.kind.Store.Update(ctx, id, o.thing)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Update "+title(r.kind), err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(r.settle(ctx, req.Config.Raw, req.Plan.Raw, &resp.State, id)...)
}

func (r *physical[S]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx, done := within(ctx, req.State.Raw, "delete", r.kind)
	defer done()
	id := idOf(req.State.Raw)
	o, err := r.resolve(ctx, r.settings, req.State.Raw, thereOf(req.State.Raw))
	if platformOf(req.State.Raw) == nil {
		o, err = r.foundAgain(ctx, id, req.Private)
	}
	if err == nil && !o.existing && o.kind.Store != nil { // what existed before stays
		if err = r.settings.claims.remove(r.kind, id); err == nil {
			err = o.kind.Store.Delete(ctx, id, o.thing)
		}
	}
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		resp.Diagnostics.AddError("Unable to Delete "+title(r.kind), err.Error())
	}
}
