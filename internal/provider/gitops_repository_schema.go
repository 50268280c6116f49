package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func (r *gitopsRepositoryResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	url, folder := requiredText("Address: `file://`, `https://` or `ssh://`, without credentials."), text("Sub-folder of a monorepo; the root when left out.")
	url.PlanModifiers, folder.PlanModifiers = replace, replace
	branch := defaultText("Branch.", "main")
	branch.PlanModifiers = replace
	resp.Schema = schema.Schema{
		MarkdownDescription: "The emitted Git repository: everything that `contains` describes, as files on one branch, in one commit.\n\n" +
			"A **physical** resource: it owns the files that `.mlops/inventory.json` in the repository lists, and no other. The plan names every file and its sum before anything is written.",
		Attributes: attributes{
			"url":        url,
			"branch":     branch,
			"path":       folder,
			"contains":   requiredTexts("Specs of the resources that the repository holds, in any order: one platform and what belongs to it."),
			"starter":    oneOf(choice("Code that trains at once, written once and then the team's.", "starter", "none"), spec.Values("starter")...),
			"delivery":   deliveryAttribute(),
			"on_drift":   oneOf(defaultText("What happens to a file of ours that was edited by hand: `revert` writes it again, `fail` stops, `keep` leaves the edit.", "revert"), "revert", "fail", "keep"),
			"on_destroy": oneOf(defaultText("What happens to our files on destroy: `keep` leaves them, `prune` removes them in one commit.", "keep"), "keep", "prune"),
			"adopt":      texts("Foreign paths that may be taken over; a folder ends in `/`."),
			"git": nested("This repository's own access, over the provider's. Secrets are named, not held: none of them reaches the state.", attributes{
				"author":           nested("Who commits.", attributes{"name": text("Name."), "email": text("Address.")}),
				"username":         text("User for `https://`."),
				"password_env":     text("Environment variable that holds the password or token."),
				"private_key_file": text("File that holds the key for `ssh://`."),
				"known_hosts":      text("Lines of a known_hosts file."),
				"ca_certificate":   text("PEM certificates to trust."),
			}),
			"files":   schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Path → SHA-256 of every file that is ours. Above 2,000 files: folder → SHA-256 over the paths and sums below it."},
			"changes": schema.StringAttribute{Computed: true, MarkdownDescription: "Every file that this plan writes or removes, a line each: `create PATH`, `update PATH`, `remove PATH`. Afterwards: what the last apply did."},
			"commit":  schema.StringAttribute{Computed: true, MarkdownDescription: "The commit that holds the files."},
			"pull_request": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "The pull request that carries the change; null when delivery is `commit`.", Attributes: attributes{
				"number": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number."},
				"url":    schema.StringAttribute{Computed: true, MarkdownDescription: "Address."},
				"state":  schema.StringAttribute{Computed: true, MarkdownDescription: "State."},
			}},
			"cost": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "What the contained pools cost in USD.", Attributes: attributes{
				"hourly":  schema.Float64Attribute{Computed: true, MarkdownDescription: "Per hour, of the fewest nodes of all pools on their preferred capacity, by list price."},
				"monthly": schema.Float64Attribute{Computed: true, MarkdownDescription: "The same per month of 730 hours."},
			}},
		},
	}
}

func deliveryAttribute() schema.SingleNestedAttribute {
	return nested("How the change reaches the branch.", attributes{
		"mode":       text("`commit` pushes to the branch; `pull_request` is not supported yet. Default `commit`."),
		"forge":      text("`github`, `gitlab` or `gitea`, for `pull_request`."),
		"reviewers":  texts("Who is asked to review, for `pull_request`."),
		"labels":     texts("Labels, for `pull_request`."),
		"auto_merge": flag("Merge when the checks pass, for `pull_request`."),
		"wait":       text("How long to wait for the merge, for `pull_request`."),
	})
}

func defaultText(doc, value string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(value), MarkdownDescription: doc + " Default `" + value + "`."}
}

func oneOf(a schema.StringAttribute, values ...string) schema.StringAttribute {
	a.Validators = []validator.String{stringvalidator.OneOf(values...)}
	return a
}
