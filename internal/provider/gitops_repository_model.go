package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// repositoryModel is the configuration, plan and state of mlops_gitops_repository.
type repositoryModel struct {
	URL         types.String `tfsdk:"url"`
	Branch      types.String `tfsdk:"branch"`
	Path        types.String `tfsdk:"path"`
	Contains    types.List   `tfsdk:"contains"` // of strings
	Starter     types.String `tfsdk:"starter"`
	Delivery    types.Object `tfsdk:"delivery"` // deliveryModel
	OnDrift     types.String `tfsdk:"on_drift"`
	OnDestroy   types.String `tfsdk:"on_destroy"`
	Adopt       types.List   `tfsdk:"adopt"`   // of strings
	Git         types.Object `tfsdk:"git"`     // repositoryGit
	Files       types.Map    `tfsdk:"files"`   // of strings
	Changes     types.String `tfsdk:"changes"` // a line for each file
	Commit      types.String `tfsdk:"commit"`
	PullRequest types.Object `tfsdk:"pull_request"`
	Cost        types.Object `tfsdk:"cost"`
}

type deliveryModel struct {
	Mode      types.String `tfsdk:"mode"`
	Forge     types.String `tfsdk:"forge"`
	Reviewers types.List   `tfsdk:"reviewers"`
	Labels    types.List   `tfsdk:"labels"`
	AutoMerge types.Bool   `tfsdk:"auto_merge"`
	Wait      types.String `tfsdk:"wait"`
}

// repositoryGit is how one repository is reached. Secrets are named, not held:
// refreshing needs them when no configuration is at hand, and they must not be in state.
type repositoryGit struct {
	Author         *authorSettings `tfsdk:"author"`
	Username       types.String    `tfsdk:"username"`
	PasswordEnv    types.String    `tfsdk:"password_env"`
	PrivateKeyFile types.String    `tfsdk:"private_key_file"`
	KnownHosts     types.String    `tfsdk:"known_hosts"`
	CACertificate  types.String    `tfsdk:"ca_certificate"`
}

var (
	pullRequestType = map[string]attr.Type{"number": types.Int64Type, "url": types.StringType, "state": types.StringType}
	costType        = map[string]attr.Type{"hourly": types.Float64Type, "monthly": types.Float64Type}
)

// verifiedKey names the private state that holds the head at which the branch was
// last seen to hold our files as declared.
const verifiedKey = "verified"

func verified(head string) []byte {
	data, _ := json.Marshal(map[string]string{"head": head}) // a map of strings always encodes
	return data
}

func (m *repositoryModel) repository() spec.Repository {
	return spec.Repository{URL: m.URL.ValueString(), Branch: first(m.Branch.ValueString(), "main"), Path: m.Path.ValueString(), Starter: first(m.Starter.ValueString(), "none")}
}

func (m *repositoryModel) desired(ctx context.Context, files *tree.Tree) gitops.Desired {
	var adopt []string
	m.Adopt.ElementsAs(ctx, &adopt, false)
	return gitops.Desired{Files: files, Adopt: adopt, OnDrift: gitops.Drift(m.OnDrift.ValueString())}
}

// git is the repository's own settings, empty where it has none.
func (m *repositoryModel) git(ctx context.Context) (g repositoryGit) {
	if !m.Git.IsNull() && !m.Git.IsUnknown() {
		m.Git.As(ctx, &g, basetypes.ObjectAsOptions{UnhandledNullAsEmpty: true, UnhandledUnknownAsEmpty: true})
	}
	return g
}

// fill sets the computed attributes from what a commit did, or will do.
func (m *repositoryModel) fill(ctx context.Context, c *gitops.Changes, p *spec.Project) (diags diag.Diagnostics) {
	var d diag.Diagnostics
	m.Files, d = types.MapValueFrom(ctx, types.StringType, fold(c.Files))
	diags.Append(d...)
	if m.Changes.IsUnknown() {
		m.Changes = types.StringValue(listed(c))
	}
	m.PullRequest = types.ObjectNull(pullRequestType)
	m.Cost = cost(p)
	return diags
}

// listed names every file that a commit touches, with what happens to it, a line
// each. It is one text: Terraform compares lists in time that grows with their square.
func listed(c *gitops.Changes) string {
	var out strings.Builder
	for _, part := range []struct {
		verb  string
		paths []string
	}{{"create", c.Create}, {"update", c.Update}, {"remove", c.Remove}} {
		for _, path := range part.paths {
			out.WriteString(part.verb + " " + path + "\n")
		}
	}
	return out.String()
}

// cost is what the contained pools cost at least.
func cost(p *spec.Project) types.Object {
	hourly, monthly := p.Cost()
	return types.ObjectValueMust(costType, map[string]attr.Value{"hourly": types.Float64Value(hourly.Float()), "monthly": types.Float64Value(monthly.Float())})
}

// foldAbove is the number of files up to which each has an entry of its own.
const foldAbove = 2000

// fold replaces files by the folders that hold them when they are too many: the
// deepest level whose folders fit. A folder's sum covers the paths and sums below it.
func fold(files map[string]string) map[string]string {
	if len(files) <= foldAbove {
		return files
	}
	paths := slices.Sorted(maps.Keys(files))
	for depth := 8; ; depth-- {
		folded := map[string]string{}
		var open string
		sum := sha256.New()
		for i, path := range paths {
			open = top(path, depth)
			sum.Write([]byte(path + "\x00" + files[path] + "\n"))
			if i == len(paths)-1 || top(paths[i+1], depth) != open {
				folded[open] = hex.EncodeToString(sum.Sum(nil))
				sum.Reset()
			}
		}
		if len(folded) <= foldAbove || depth == 1 {
			return folded
		}
	}
}

// top is the folder of a path that lies at most depth levels deep, with a slash at
// its end; a file above that depth is itself.
func top(path string, depth int) string {
	parts := strings.SplitAfterN(path, "/", depth+1)
	if len(parts) <= depth {
		if len(parts) == 1 {
			return path
		}
		return strings.Join(parts[:len(parts)-1], "")
	}
	return strings.Join(parts[:depth], "")
}

// open prepares a session with the branch.
func (r *gitopsRepositoryResource) open(ctx context.Context, m *repositoryModel) (*gitops.Branch, error) {
	auth, err := r.settings.auth(m.URL.ValueString(), m.git(ctx))
	if err != nil {
		return nil, err
	}
	return gitops.Open(ctx, gitops.Remote{URL: m.URL.ValueString(), Branch: first(m.Branch.ValueString(), "main"), Path: m.Path.ValueString(), Auth: auth})
}

// auth joins the repository's own settings with the provider's.
func (s *settings) auth(url string, own repositoryGit) (gitops.Auth, error) {
	g := gitSettings{}
	if s.Git != nil {
		g = *s.Git
	}
	a := gitops.Auth{
		Username:      first(own.Username.ValueString(), g.Username.ValueString()),
		Password:      first(os.Getenv(own.PasswordEnv.ValueString()), g.Password.ValueString(), g.Token.ValueString(), passwordFor(url)),
		PrivateKey:    g.PrivateKey.ValueString(),
		KnownHosts:    first(own.KnownHosts.ValueString(), g.KnownHosts.ValueString()),
		CACertificate: first(own.CACertificate.ValueString(), g.CACertificate.ValueString()),
	}
	if a.Username == "" && a.Password != "" {
		a.Username = "git"
	}
	if file := own.PrivateKeyFile.ValueString(); file != "" {
		key, err := os.ReadFile(file)
		if err != nil {
			return a, err
		}
		a.PrivateKey = string(key)
	}
	return a, nil
}

func (s *settings) author(ctx context.Context, m *repositoryModel) gitops.Signature {
	out := gitops.Signature{}
	for _, a := range []*authorSettings{m.git(ctx).Author, s.gitAuthor()} {
		if a != nil {
			out.Name, out.Email = first(out.Name, a.Name.ValueString()), first(out.Email, a.Email.ValueString())
		}
	}
	out.Name, out.Email = first(out.Name, "terraform-provider-mlops"), first(out.Email, "terraform-provider-mlops@noreply.invalid")
	return out
}

func (s *settings) gitAuthor() *authorSettings {
	if s.Git == nil {
		return nil
	}
	return s.Git.Author
}

func (s *settings) signingKey() string {
	if s.Git == nil {
		return ""
	}
	return s.Git.SigningKey.ValueString()
}
