package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

var credentialsInURL = pattern.New(`://[^/@\s]*:[^/@\s]*@`)

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
	plan.Files, plan.Changes, plan.Commit = types.MapUnknown(types.StringType), types.StringUnknown(), types.StringUnknown()
	plan.PullRequest, plan.Cost = types.ObjectNull(pullRequestType), types.ObjectUnknown(costType)
	if plan.known() {
		resp.Diagnostics.Append(r.plan(ctx, req, &plan)...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// known reports whether everything that decides the files is, the specs aside.
func (m *repositoryModel) known() bool {
	for _, value := range []types.String{m.URL, m.Branch, m.Path, m.Starter, m.OnDrift} {
		if value.IsUnknown() {
			return false
		}
	}
	return !m.Contains.IsUnknown() && !m.Adopt.IsUnknown() && !m.Git.IsUnknown()
}

// plan sets what can be known of files, changes, commit and cost.
func (r *gitopsRepositoryResource) plan(ctx context.Context, req resource.ModifyPlanRequest, plan *repositoryModel) diag.Diagnostics {
	specs, index, waiting, diags := parseSpecs(plan.Contains)
	if diags.HasError() {
		return diags
	}
	if r.settings.blindGit(plan.URL.ValueString()) != "" {
		return diags // nothing can be asked of the branch yet
	}
	if waiting > 0 || r.settings.isLate("tags") || r.settings.lateWithin("tags") != "" {
		diags.Append(r.planPartly(ctx, plan, specs, index, waiting)...)
		return diags
	}
	out, d := r.link(plan, r.settings.tags(ctx), specs, index)
	diags.Append(d...)
	if diags.HasError() {
		return diags
	}
	state := repositoryModel{}
	if !req.State.Raw.IsNull() {
		diags.Append(req.State.Get(ctx, &state)...)
		out.last = r.lastRender(ctx, plan, &state, out)
	}
	changes, d := r.compare(ctx, plan, out)
	diags.Append(d...)
	if diags.HasError() {
		return diags
	}
	if !req.State.Raw.IsNull() && changes.Empty() {
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

// compare asks the branch what a commit of the rendered files would do.
func (r *gitopsRepositoryResource) compare(ctx context.Context, plan *repositoryModel, out rendering) (*gitops.Changes, diag.Diagnostics) {
	branch, err := r.open(ctx, plan)
	if err != nil {
		return nil, diag.Diagnostics{branchError("Unable to Open Repository", err)}
	}
	defer func() { _ = branch.Close() }()
	desired := plan.desired(ctx, out.files)
	desired.Last = out.last
	changes, err := branch.Compare(ctx, desired)
	if err != nil {
		return nil, diag.Diagnostics{branchError("Unable to Plan Repository", err)}
	}
	return changes, nil
}

// planPartly plans with specs that wait for a value of another resource. Each is
// rendered with stand-ins: what is the same for all of them is known, a file that
// differs is a named hole. Where even the list of files depends on the value,
// nothing is known before apply.
func (r *gitopsRepositoryResource) planPartly(ctx context.Context, plan *repositoryModel, specs []spec.Spec, index map[string]int, waiting int) (diags diag.Diagnostics) {
	lates := r.settings.pending.missing(specs)
	if len(lates) != waiting {
		return diags // a function waits, or a resource that is not of this plan
	}
	all := [3][]spec.Spec{specs, specs, specs}
	for _, l := range lates {
		variants, ok := l.variants()
		if !ok {
			return diags
		}
		for i := range all {
			all[i] = append(slices.Clip(all[i]), variants[i])
		}
	}
	ways, diags := r.settings.ways()
	if diags.HasError() {
		return diags
	}
	var rendered [3]rendering
	var faults [3]diag.Diagnostics
	for i := range all {
		rendered[i], faults[i] = r.link(plan, ways[i].tags(ctx), all[i], index)
	}
	if faults[0].HasError() || faults[1].HasError() || faults[2].HasError() {
		diags.Append(inBoth(faults[0], faults[1])...)
		return diags
	}
	var outs [3]*gitops.Changes
	for i := range rendered {
		var d diag.Diagnostics
		if outs[i], d = r.compare(ctx, plan, rendered[i]); d.HasError() {
			return d
		}
	}
	if costs := cost(rendered[0].project); costs.Equal(cost(rendered[1].project)) && costs.Equal(cost(rendered[2].project)) {
		plan.Cost = costs
	}
	plan.holes(outs)
	return diags
}

// inBoth lists the faults that two sets of stand-ins share: those that are not
// about the values we made up.
func inBoth(first, second diag.Diagnostics) (out diag.Diagnostics) {
	for _, d := range first {
		if second.Contains(d) {
			out.Append(d)
		}
	}
	return out
}

// holes sets files from what three renders would do: a sum where they agree,
// unknown where they do not, nothing where even the paths differ.
func (m *repositoryModel) holes(outs [3]*gitops.Changes) {
	sums, certain := map[string]attr.Value{}, true
	a, b, c := fold(outs[0].Files), fold(outs[1].Files), fold(outs[2].Files)
	if len(a) != len(b) || len(a) != len(c) {
		return
	}
	for path, sum := range a {
		second, ok2 := b[path]
		third, ok3 := c[path]
		switch {
		case !ok2 || !ok3:
			return
		case second == sum && third == second:
			sums[path] = types.StringValue(sum)
		default:
			sums[path] = types.StringUnknown()
			certain = certain && slices.Contains(outs[0].Create, path)
		}
	}
	m.Files = types.MapValueMust(types.StringType, sums)
	if !certain {
		return // a file that is there may turn out to stay as it is
	}
	m.Changes = types.StringValue(listed(outs[0]))
}

// rendering is what a repository's specs become.
type rendering struct {
	project *spec.Project
	files   *tree.Tree
	last    *tree.Tree // what the state says was committed; nil when that is not at hand
}

// lastRender is what the branch held after the last apply: a hint that spares a
// remote most of the traffic. A local repository does not need it.
func (r *gitopsRepositoryResource) lastRender(ctx context.Context, plan, state *repositoryModel, now rendering) *tree.Tree {
	switch {
	case strings.HasPrefix(plan.URL.ValueString(), "file://"):
		return nil
	case state.Contains.Equal(plan.Contains) && state.repository() == plan.repository():
		return now.files
	}
	before, diags := r.render(ctx, state)
	if diags.HasError() {
		return nil
	}
	return before.files
}

// render parses, links and renders what a repository contains.
func (r *gitopsRepositoryResource) render(ctx context.Context, m *repositoryModel) (rendering, diag.Diagnostics) {
	specs, index, _, diags := parseSpecs(m.Contains)
	if diags.HasError() {
		return rendering{}, diags
	}
	out, d := r.link(m, r.settings.tags(ctx), specs, index)
	diags.Append(d...)
	return out, diags
}

// parseSpecs reads the elements of contains that are known, counts the others, and
// remembers where each resource stands.
func parseSpecs(contains types.List) (specs []spec.Spec, index map[string]int, waiting int, diags diag.Diagnostics) {
	index = map[string]int{}
	for i, element := range contains.Elements() {
		text, ok := element.(types.String)
		if !ok || text.IsUnknown() {
			waiting++
			continue
		}
		s, err := spec.Parse(text.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("contains").AtListIndex(i), "Invalid Repository", fmt.Sprintf("Element %d of contains is %v.", i, err))
			continue
		}
		index[key(s.Kind(), s.ID())] = i
		specs = append(specs, s)
	}
	return specs, index, waiting, diags
}

// link joins the specs and renders them. Every fault is reported on the element of
// contains that it concerns.
func (r *gitopsRepositoryResource) link(m *repositoryModel, tags map[string]string, specs []spec.Spec, index map[string]int) (out rendering, diags diag.Diagnostics) {
	project, faults := spec.Link(m.repository(), tags, specs)
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
	if i, there := index[key(f.Kind, f.Name)]; there {
		at = at.AtListIndex(i)
	}
	if f.Warning {
		return diag.NewAttributeWarningDiagnostic(at, "Check Repository", f.Error()+".")
	}
	return diag.NewAttributeErrorDiagnostic(at, "Invalid Repository", f.Error()+".")
}
