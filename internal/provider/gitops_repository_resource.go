package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ resource.Resource                   = (*gitopsRepositoryResource)(nil)
	_ resource.ResourceWithConfigure      = (*gitopsRepositoryResource)(nil)
	_ resource.ResourceWithValidateConfig = (*gitopsRepositoryResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*gitopsRepositoryResource)(nil)
	_ resource.ResourceWithImportState    = (*gitopsRepositoryResource)(nil)
)

// gitopsRepositoryResource owns our files on one branch. It is the only resource
// that writes Git: the specs it contains become one commit.
type gitopsRepositoryResource struct{ configured }

// NewGitOpsRepositoryResource declares the emitted repository.
func NewGitOpsRepositoryResource() resource.Resource { return &gitopsRepositoryResource{} }

func (r *gitopsRepositoryResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_gitops_repository"
}

func (r *gitopsRepositoryResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan repositoryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	head, diags := r.commit(ctx, &plan, nil)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, verifiedKey, verified(head))...)
}

func (r *gitopsRepositoryResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state repositoryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	head, diags := r.commit(ctx, &plan, &state)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, verifiedKey, verified(head))...)
}

// commit makes the branch hold what the plan says and fills in what is known
// only now. It returns the head that was verified. The state before, if there is
// one, says what the branch held last, which spares a remote most of the traffic.
func (r *gitopsRepositoryResource) commit(ctx context.Context, plan, before *repositoryModel) (head string, diags diag.Diagnostics) {
	out, diags := r.render(ctx, plan)
	if diags.HasError() {
		return "", diags
	}
	branch, err := r.open(ctx, plan)
	if err != nil {
		diags.Append(branchError("Unable to Open Repository", err))
		return "", diags
	}
	defer func() { _ = branch.Close() }()
	desired := plan.desired(ctx, out.files)
	if before != nil {
		desired.Last = r.lastRender(ctx, plan, before, out)
	}
	res, err := branch.Commit(ctx, desired, gitops.CommitOptions{
		Message: message(out.project), Author: r.settings.author(ctx, plan), When: time.Now(), SigningKey: r.settings.signingKey(),
	})
	if err != nil {
		diags.Append(branchError("Unable to Commit Repository", err))
		return "", diags
	}
	diags.Append(plan.fill(ctx, &res.Changes, out.project)...)
	if plan.Commit.IsUnknown() {
		plan.Commit = types.StringValue(res.Commit)
	}
	return res.Commit, diags
}

// message is the commit's: what was applied.
func message(p *spec.Project) string {
	return fmt.Sprintf("Apply platform %s\n\nWritten by terraform-provider-mlops: %d pipelines, %d models, %d endpoints.\n", p.Platform.Name, len(p.Pipelines), len(p.Models), len(p.Endpoints))
}

// Read compares the branch with what was committed: a file edited by hand shows
// its own sum, a deleted one is missing. A branch that nobody has moved since is
// as it was.
func (r *gitopsRepositoryResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state repositoryModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := req.Private.GetKey(ctx, verifiedKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if late := r.settings.blindGit(state.URL.ValueString()); late != "" {
		resp.Diagnostics.AddWarning("Unable to Refresh Repository", putOff(late))
		return
	}
	branch, err := r.open(ctx, &state)
	if err != nil {
		resp.Diagnostics.Append(branchError("Unable to Open Repository", err))
		return
	}
	defer func() { _ = branch.Close() }()
	head, err := branch.Head(ctx)
	switch {
	case errors.Is(err, gitops.ErrNoBranch), err == nil && head == "":
		resp.State.RemoveResource(ctx) // the branch is gone: the next plan writes it again
		return
	case err != nil:
		resp.Diagnostics.Append(branchError("Unable to Read Repository", err))
		return
	case string(known) == string(verified(head)):
		return
	}
	resp.Diagnostics.Append(r.refresh(ctx, branch, &state, head)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// refresh fills the state's files from a branch that moved.
func (r *gitopsRepositoryResource) refresh(ctx context.Context, branch *gitops.Branch, state *repositoryModel, head string) diag.Diagnostics {
	held, err := branch.Read(ctx)
	if err != nil {
		return diag.Diagnostics{branchError("Unable to Read Repository", err)}
	}
	out, diags := r.render(ctx, state)
	if diags.HasError() {
		out.files = nil // only spares fetching what is proven equal by its name
	}
	sums, err := branch.Actual(ctx, held, out.files)
	if err != nil {
		return diag.Diagnostics{branchError("Unable to Read Repository", err)}
	}
	state.Files, diags = types.MapValueFrom(ctx, types.StringType, fold(sums))
	if state.Commit.IsNull() {
		state.Commit = types.StringValue(head)
	}
	return diags
}

func (r *gitopsRepositoryResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state repositoryModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.OnDestroy.ValueString() != "prune" {
		return // the files stay and belong to the repository from now on
	}
	branch, err := r.open(ctx, &state)
	if err != nil {
		resp.Diagnostics.Append(branchError("Unable to Open Repository", err))
		return
	}
	defer func() { _ = branch.Close() }()
	held, _ := r.render(ctx, &state) // only a hint, so its faults do not matter
	_, err = branch.Prune(ctx, gitops.PruneOptions{
		Last:          held.files,
		CommitOptions: gitops.CommitOptions{Message: "Remove what terraform-provider-mlops wrote\n", Author: r.settings.author(ctx, &state), When: time.Now(), SigningKey: r.settings.signingKey()},
		OnDrift:       gitops.Drift(state.OnDrift.ValueString()),
	})
	if err != nil {
		resp.Diagnostics.Append(branchError("Unable to Prune Repository", err))
	}
}

// ImportState takes URL#BRANCH or URL#BRANCH:PATH. Read fills in the files from
// the inventory in the repository.
func (r *gitopsRepositoryResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	url, rest, ok := cutLast(req.ID, "#")
	branch, folder, _ := strings.Cut(rest, ":")
	if !ok || url == "" || branch == "" {
		resp.Diagnostics.AddError("Unable to Import Repository", fmt.Sprintf("%q must be URL#BRANCH or URL#BRANCH:PATH, such as https://git.example.com/acme/fraud.git#main.", req.ID))
		return
	}
	for name, value := range map[string]string{"url": url, "branch": branch, "on_drift": "revert", "on_destroy": "keep"} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	if folder != "" {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("path"), folder)...)
	}
}

func cutLast(text, sep string) (before, after string, found bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// branchError puts a failure of the Git engine on the attribute that helps.
func branchError(summary string, err error) diag.Diagnostic {
	for _, on := range []struct {
		kind      error
		attribute string
	}{
		{gitops.ErrForeign, "adopt"}, {gitops.ErrDrift, "on_drift"}, {gitops.ErrNoBranch, "branch"}, {gitops.ErrAuth, "url"},
		{gitops.ErrHostKey, "url"}, {gitops.ErrNotFound, "url"}, {gitops.ErrAddress, "url"}, {gitops.ErrDenied, "branch"},
	} {
		if errors.Is(err, on.kind) {
			return diag.NewAttributeErrorDiagnostic(path.Root(on.attribute), summary, err.Error())
		}
	}
	return diag.NewErrorDiagnostic(summary, err.Error())
}
