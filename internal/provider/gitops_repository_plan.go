package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

var credentialsInURL = regexp.MustCompile(`://[^/@\s]*:[^/@\s]*@`)

func (r *gitopsRepositoryResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config repositoryModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if credentialsInURL.MatchString(config.URL.ValueString()) {
		resp.Diagnostics.AddAttributeError(path.Root("url"), "Invalid Repository", "The address must not carry user:password@: it would reach state and logs. Use the provider's git block.")
	}
	resp.Diagnostics.Append(checkDelivery(ctx, config.Delivery)...)
}

func checkDelivery(ctx context.Context, value types.Object) (diags diag.Diagnostics) {
	if value.IsNull() || value.IsUnknown() {
		return diags
	}
	var d deliveryModel
	diags.Append(value.As(ctx, &d, basetypes.ObjectAsOptions{UnhandledNullAsEmpty: true, UnhandledUnknownAsEmpty: true})...)
	at := path.Root("delivery")
	switch mode := d.Mode.ValueString(); {
	case mode == "pull_request":
		diags.AddAttributeError(at.AtName("mode"), "Invalid Repository", "\"pull_request\" is not supported by this version of the provider yet; supported: commit.")
	case mode != "" && mode != "commit":
		diags.AddAttributeError(at.AtName("mode"), "Invalid Repository", fmt.Sprintf("%q is not one of commit, pull_request.", mode))
	case !d.Forge.IsNull() || !d.Wait.IsNull() || !d.AutoMerge.IsNull() || len(d.Labels.Elements())+len(d.Reviewers.Elements()) > 0:
		diags.AddAttributeError(at, "Invalid Repository", "forge, reviewers, labels, auto_merge and wait belong to mode \"pull_request\".")
	}
	return diags
}

// ModifyPlan renders everything and asks the branch what of it is new, so that the
// plan, the first one too, names every file.
func (r *gitopsRepositoryResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.settings == nil {
		return
	}
	var plan repositoryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Files, plan.Changes, plan.Commit = types.MapUnknown(types.StringType), types.ListUnknown(types.StringType), types.StringUnknown()
	plan.PullRequest, plan.Cost = types.ObjectNull(pullRequestType), types.ObjectUnknown(costType)
	if plan.known() {
		resp.Diagnostics.Append(r.plan(ctx, req, &plan)...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// known reports whether everything that decides the files is.
func (m *repositoryModel) known() bool {
	for _, value := range []types.String{m.URL, m.Branch, m.Path, m.Starter, m.OnDrift} {
		if value.IsUnknown() {
			return false
		}
	}
	if m.Contains.IsUnknown() || m.Adopt.IsUnknown() || m.Git.IsUnknown() {
		return false
	}
	for _, element := range m.Contains.Elements() {
		if element.IsUnknown() {
			return false
		}
	}
	return true
}

func (r *gitopsRepositoryResource) plan(ctx context.Context, req resource.ModifyPlanRequest, plan *repositoryModel) diag.Diagnostics {
	out, diags := r.render(ctx, plan)
	if diags.HasError() {
		return diags
	}
	branch, err := r.open(ctx, plan)
	if err != nil {
		diags.Append(branchError("Unable to Open Repository", err))
		return diags
	}
	defer func() { _ = branch.Close() }()
	changes, err := branch.Compare(ctx, plan.desired(ctx, out.files))
	if err != nil {
		diags.Append(branchError("Unable to Plan Repository", err))
		return diags
	}
	if !req.State.Raw.IsNull() && changes.Empty() {
		var state repositoryModel
		diags.Append(req.State.Get(ctx, &state)...)
		if !state.Commit.IsNull() && state.URL.Equal(plan.URL) && state.Branch.Equal(plan.Branch) && state.Path.Equal(plan.Path) {
			plan.Commit = state.Commit
		}
		if !state.Changes.IsNull() {
			plan.Changes = state.Changes // nothing to do: what the last apply did stands
		}
	}
	diags.Append(plan.fill(ctx, changes, out.project)...)
	return diags
}

// rendering is what a repository's specs become.
type rendering struct {
	project *spec.Project
	files   *tree.Tree
}

// render parses, links and renders what a repository contains. Every fault is
// reported on the element of contains that it concerns.
func (r *gitopsRepositoryResource) render(ctx context.Context, m *repositoryModel) (out rendering, diags diag.Diagnostics) {
	var texts []string
	diags.Append(m.Contains.ElementsAs(ctx, &texts, false)...)
	if diags.HasError() {
		return out, diags
	}
	specs, index := make([]spec.Spec, 0, len(texts)), map[string]int{}
	for i, text := range texts {
		s, err := spec.Parse(text)
		if err != nil {
			diags.AddAttributeError(path.Root("contains").AtListIndex(i), "Invalid Repository", fmt.Sprintf("Element %d of contains is %v.", i, err))
			continue
		}
		index[string(s.Kind())+"/"+s.ID()] = i
		specs = append(specs, s)
	}
	if diags.HasError() {
		return out, diags
	}
	project, faults := spec.Link(m.repository(), r.settings.tags(ctx), specs)
	if faults.Err() == nil {
		var err error
		out.files, err = templates.Render(all.Targets(), project)
		faults = append(faults, spec.FaultsOf(err)...)
	}
	for _, f := range faults {
		diags.Append(contained(f, index))
	}
	out.project = project
	return out, diags
}

// contained puts a fault between resources on the element that it concerns.
func contained(f spec.Fault, index map[string]int) diag.Diagnostic {
	at := path.Root("contains")
	if i, there := index[string(f.Kind)+"/"+f.Name]; there {
		at = at.AtListIndex(i)
	}
	if f.Warning {
		return diag.NewAttributeWarningDiagnostic(at, "Check Repository", f.Error()+".")
	}
	return diag.NewAttributeErrorDiagnostic(at, "Invalid Repository", f.Error()+".")
}
