package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*secretEphemeral)(nil)

// secretEphemeral reads a secret without leaving a trace: its values are in no state and
// no plan.
type secretEphemeral struct{ settings *settings }

// NewSecretEphemeral reads the values of a secret.
func NewSecretEphemeral() ephemeral.EphemeralResource { return &secretEphemeral{} }

type openedSecret struct {
	Platform types.String `tfsdk:"platform"`
	Secret   types.String `tfsdk:"secret"`
	ID       types.String `tfsdk:"id"`
	Version  types.String `tfsdk:"version"`
	Values   types.Map    `tfsdk:"values"`
}

func (e *secretEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

func (e *secretEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a secret of the platform's store without leaving a trace: for other providers' configuration and for write-only attributes.",
		Attributes: map[string]schema.Attribute{
			"platform": schema.StringAttribute{Required: true, MarkdownDescription: "`spec` of the `mlops_platform`."},
			"secret":   schema.StringAttribute{Required: true, MarkdownDescription: "`spec` of the `mlops_secret`."},
			"id":       schema.StringAttribute{Required: true, MarkdownDescription: "`id` of the `mlops_secret`: it makes the reading wait until the secret is there."},
			"version":  schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Version to read; the newest when left out."},
			"values":   schema.MapAttribute{Computed: true, Sensitive: true, ElementType: types.StringType, MarkdownDescription: "The values, by key."},
		},
	}
}

// Configure keeps the provider's configuration; it is absent while Terraform only validates.
func (e *secretEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	if s, ok := req.ProviderData.(*settings); ok {
		e.settings = s
	}
}

func (e *secretEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var o openedSecret
	resp.Diagnostics.Append(req.Config.Get(ctx, &o)...)
	resp.Diagnostics.Append(needSpec(ctx, req.Config, "platform", spec.KindPlatform)...)
	resp.Diagnostics.Append(needSpec(ctx, req.Config, "secret", spec.KindSecret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if late := e.settings.blind(storeSections[named[*spec.Platform](o.Platform.ValueString()).SecretStore]); late != "" {
		o.Version, o.Values = types.StringUnknown(), types.MapUnknown(types.StringType)
		resp.Diagnostics.Append(resp.Result.Set(ctx, o)...)
		return
	}
	values, version, err := e.read(ctx, o)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("secret"), "Unable to Read Secret", err.Error()+".")
		return
	}
	o.Version = types.StringValue(version)
	revealed, d := types.MapValueFrom(ctx, types.StringType, values.Reveal())
	resp.Diagnostics.Append(d...)
	o.Values = revealed
	resp.Diagnostics.Append(resp.Result.Set(ctx, o)...)
}

func (e *secretEphemeral) read(ctx context.Context, o openedSecret) (secrets.Values, string, error) {
	s, p := named[*spec.Secret](o.Secret.ValueString()), named[*spec.Platform](o.Platform.ValueString())
	if s.Existing != "" {
		return secrets.Values{}, "", fmt.Errorf("secret %q is a Secret of the cluster, which this provider does not read", s.Name)
	}
	store, _, err := e.settings.secretStore(ctx, p)
	if err != nil {
		return secrets.Values{}, "", err
	}
	secret := secrets.Secret{Secret: s, On: cloud.On{Platform: p, ID: o.ID.ValueString()}}
	version := o.Version.ValueString()
	if version == "" {
		if version, err = store.Version(ctx, secret.On.ID, secret); err != nil {
			return secrets.Values{}, "", err
		}
	}
	values, err := store.Values(ctx, secret.On.ID, secret, version)
	return values, version, err
}
