// Package provider is the Terraform side: schemas, plans and diagnostics. It turns
// configurations into specs and hands them to the packages below; it knows no
// system that files are written for.
package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ provider.Provider                   = (*mlopsProvider)(nil)
	_ provider.ProviderWithFunctions      = (*mlopsProvider)(nil)
	_ provider.ProviderWithValidateConfig = (*mlopsProvider)(nil)
)

// New returns the provider's constructor; version is the release.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &mlopsProvider{version: version} }
}

type mlopsProvider struct{ version string }

func (p *mlopsProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "mlops"
	resp.Version = p.version
}

func (p *mlopsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Machine-learning platforms as code: resources describe platforms, pipelines, models and endpoints; one resource emits the Git repository that runs them. " +
			"A section is read only when something uses it, and every value may be ephemeral.",
		Attributes: map[string]schema.Attribute{
			"tags": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "On every emitted workload."},
			"git": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "How repositories are reached.", Attributes: map[string]schema.Attribute{
				"author": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Who commits.", Attributes: map[string]schema.Attribute{
					"name":  schema.StringAttribute{Optional: true, MarkdownDescription: "Name; default `terraform-provider-mlops`."},
					"email": schema.StringAttribute{Optional: true, MarkdownDescription: "Address; default `terraform-provider-mlops@noreply.invalid`."},
				}},
				"username":       schema.StringAttribute{Optional: true, MarkdownDescription: "User for `https://`; default `git`."},
				"password":       secretText("Password or token for `https://`. `GITHUB_TOKEN`, `GITLAB_TOKEN` and `GIT_PASSWORD` work as well."),
				"token":          secretText("The same as `password`."),
				"private_key":    secretText("Key for `ssh://`, in PEM or OpenSSH form."),
				"known_hosts":    schema.StringAttribute{Optional: true, MarkdownDescription: "Lines of a known_hosts file for `ssh://`; an unknown host is refused."},
				"ca_certificate": schema.StringAttribute{Optional: true, MarkdownDescription: "PEM certificates to trust for `https://`, besides the system's."},
				"signing_key":    secretText("OpenPGP or OpenSSH private key: commits are signed when set."),
			}},
			"local": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The embedded cloud.", Attributes: map[string]schema.Attribute{
				"root": schema.StringAttribute{Optional: true, MarkdownDescription: "Folder of its buckets; default `.mlops`."},
			}},
			"mlflow": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "An existing MLflow server, for `mlops_registered_model` and `mlops_model_version`. Half a minute per request and five tries; `MLFLOW_HTTP_REQUEST_TIMEOUT` and `MLFLOW_HTTP_REQUEST_MAX_RETRIES` change that.", Attributes: map[string]schema.Attribute{
				"tracking_uri": schema.StringAttribute{Optional: true, MarkdownDescription: "Address as this machine reaches it; default `MLFLOW_TRACKING_URI`, then the registry's own address."},
				"username":     schema.StringAttribute{Optional: true, MarkdownDescription: "User; default `MLFLOW_TRACKING_USERNAME`."},
				"password":     secretText("Password; default `MLFLOW_TRACKING_PASSWORD`."),
				"token":        secretText("Bearer token; default `MLFLOW_TRACKING_TOKEN`."),
			}},
		},
	}
	maps.Copy(resp.Schema.Attributes, cloudSections())
}

func secretText(doc string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: doc}
}

// ValidateConfig refuses what is malformed whatever the resources are. What is left out
// is a matter of the resources that need it.
func (p *mlopsProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	config, diags := readSettings(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.malformed()...)
	}
}

func (p *mlopsProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	config, diags := readSettings(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData = config
	resp.DataSourceData = config
	resp.EphemeralResourceData = config
}

// Resources lists the resources, logical ones first.
func (p *mlopsProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		NewPlatformResource,
		NewDatasetResource,
		NewModelRegistryResource,
		NewPipelineResource,
		NewEndpointResource,
		NewBucketResource,
		NewGPUPoolResource,
		NewIdentityResource,
		NewSecretResource,
		NewRegisteredModelResource,
		NewGitOpsRepositoryResource,
	}
}

// EphemeralResources lists what is read without leaving a trace.
func (p *mlopsProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{NewSecretEphemeral}
}

// DataSources lists what is read.
func (p *mlopsProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{NewModelVersionDataSource, NewAcceleratorsDataSource, NewCostEstimateDataSource}
}

// Functions gives each kind that functions can build its singular and its plural, and
// the functions that compute.
func (p *mlopsProvider) Functions(context.Context) []func() function.Function {
	all := []func() function.Function{NewGateFunction, NewModelURIFunction, NewK8sNameFunction, NewAcceleratorFunction, NewMonthlyCostFunction}
	for _, kind := range []spec.Kind{spec.KindPipeline, spec.KindEndpoint, spec.KindDataset, spec.KindModel, spec.KindRegistry} {
		all = append(all,
			func() function.Function { return &specFunction{kind: kind} },
			func() function.Function { return &specsFunction{kind: kind} })
	}
	return all
}
