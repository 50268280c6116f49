package provider

import (
	"context"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/kubernetes"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/local"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

type awsSettings struct {
	Region              types.String            `tfsdk:"region"`
	Profile             types.String            `tfsdk:"profile"`
	AccessKey           types.String            `tfsdk:"access_key"`
	SecretKey           types.String            `tfsdk:"secret_key"`
	Token               types.String            `tfsdk:"token"`
	Account             types.String            `tfsdk:"account_id"`
	PermissionsBoundary types.String            `tfsdk:"permissions_boundary"`
	AssumeRole          *assumeRole             `tfsdk:"assume_role"`
	Endpoints           map[string]types.String `tfsdk:"endpoints"`
}

type assumeRole struct {
	RoleARN     types.String `tfsdk:"role_arn"`
	ExternalID  types.String `tfsdk:"external_id"`
	SessionName types.String `tfsdk:"session_name"`
}

type googleSettings struct {
	Project       types.String            `tfsdk:"project"`
	ProjectNumber types.String            `tfsdk:"project_number"`
	Region        types.String            `tfsdk:"region"`
	Credentials   types.String            `tfsdk:"credentials"`
	AccessToken   types.String            `tfsdk:"access_token"`
	WorkloadPool  types.String            `tfsdk:"workload_identity_pool"`
	Endpoints     map[string]types.String `tfsdk:"endpoints"`
}

type azureSettings struct {
	Subscription  types.String            `tfsdk:"subscription_id"`
	ResourceGroup types.String            `tfsdk:"resource_group"`
	Location      types.String            `tfsdk:"location"`
	Tenant        types.String            `tfsdk:"tenant_id"`
	ClusterGroup  types.String            `tfsdk:"cluster_resource_group"`
	VaultURL      types.String            `tfsdk:"vault_url"`
	VaultID       types.String            `tfsdk:"key_vault_id"`
	KeyIdentity   types.String            `tfsdk:"key_identity"`
	AccessToken   types.String            `tfsdk:"access_token"`
	Endpoints     map[string]types.String `tfsdk:"endpoints"`
}

type vaultSettings struct {
	Address       types.String   `tfsdk:"address"`
	Namespace     types.String   `tfsdk:"namespace"`
	Token         types.String   `tfsdk:"token"`
	CACertificate types.String   `tfsdk:"ca_certificate"`
	AppRole       *vaultAppRole  `tfsdk:"app_role"`
	Kubernetes    *vaultRole     `tfsdk:"kubernetes"`
	JWT           *vaultRole     `tfsdk:"jwt"`
	Userpass      *vaultUserpass `tfsdk:"userpass"`
}

type vaultAppRole struct {
	RoleID   types.String `tfsdk:"role_id"`
	SecretID types.String `tfsdk:"secret_id"`
	Mount    types.String `tfsdk:"mount"`
}

type vaultRole struct {
	Role  types.String `tfsdk:"role"`
	Token types.String `tfsdk:"token"`
	Mount types.String `tfsdk:"mount"`
}

type vaultUserpass struct {
	Username types.String `tfsdk:"username"`
	Password types.String `tfsdk:"password"`
	Mount    types.String `tfsdk:"mount"`
}

// cloudSections are the provider's attributes for clouds and Vault.
func cloudSections() map[string]schema.Attribute {
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc}
	}
	section := func(doc string, attrs map[string]schema.Attribute) schema.SingleNestedAttribute {
		return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: doc, Attributes: attrs}
	}
	endpoints := func(section string) schema.MapAttribute {
		return schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Other addresses of services, by `" + strings.Join(services[section], "`, `") + "`. Plain `http` is for this machine only."}
	}
	role := map[string]schema.Attribute{"role": said("Role."), "token": secretText("Token to sign in with; the pod's own for `kubernetes` when left out."), "mount": said("Mount of the method.")}
	return map[string]schema.Attribute{
		"prices": said("CSV file of negotiated or newer prices: columns `cloud`, `instance_type`, `on_demand`, and what else differs from the embedded list."),
		"aws": section("Amazon Web Services, for platforms with `cloud = \"aws\"` or `secret_store = \"aws_secrets_manager\"`. What is left out is found as the AWS tools find it.", map[string]schema.Attribute{
			"region": said("Region of what has none of its own; default `AWS_REGION`."), "profile": said("Profile of the shared files."),
			"access_key": secretText("Access key."), "secret_key": secretText("Secret key."), "token": secretText("Session token."),
			"account_id": said("Id of the account: with it policies are known at the first plan."), "permissions_boundary": said("ARN of a policy that bounds every role."),
			"assume_role": section("A role that is taken first.", map[string]schema.Attribute{"role_arn": said("ARN."), "external_id": said("External id."), "session_name": said("Name of the session.")}),
			"endpoints":   endpoints("aws"),
		}),
		"google": section("Google Cloud. Application default credentials unless something else is given.", map[string]schema.Attribute{
			"project": said("Project; default `GOOGLE_PROJECT`, `GOOGLE_CLOUD_PROJECT`."), "project_number": said("Its number: with it policies are known at the first plan."),
			"region": said("Region of what has none of its own."), "credentials": secretText("Key of a service account, as JSON."), "access_token": secretText("Access token."),
			"workload_identity_pool": said("Pool that GitHub and GitLab sign in through: `projects/NUMBER/locations/global/workloadIdentityPools/POOL`."),
			"endpoints":              endpoints("google"),
		}),
		"azure": section("Azure. The default credential chain of its tools.", map[string]schema.Attribute{
			"subscription_id": said("Default `ARM_SUBSCRIPTION_ID`, `AZURE_SUBSCRIPTION_ID`."), "resource_group": said("Default `AZURE_RESOURCE_GROUP`."), "location": said("Location of what has none of its own."),
			"tenant_id": said("Default `ARM_TENANT_ID`, `AZURE_TENANT_ID`."), "vault_url": said("Address of the key vault of `secret_store = \"azure_key_vault\"`, such as `https://acme-ml.vault.azure.net`; default `AZURE_KEY_VAULT_URL`."), "key_vault_id": said("Resource id of that key vault, when it is not in `resource_group`: what identities may read is granted there."),
			"cluster_resource_group": said("Resource group of the cluster; default `resource_group`."),
			"key_identity":           said("Resource id of a user-assigned identity that may use the keys that `kms_key` of buckets names (role Key Vault Crypto Service Encryption User): a storage account reads its key as somebody."),
			"access_token":           secretText("Token of Azure Resource Manager that somebody else got."), "endpoints": endpoints("azure"),
		}),
		"vault": section("HashiCorp Vault, for `secret_store = \"vault\"`. `VAULT_ADDR` and the other variables of Vault's own tools work.", map[string]schema.Attribute{
			"address": said("Such as `https://vault.example.com:8200`; default `VAULT_ADDR`. Plain `http` is for this machine only: values are sent to it."), "namespace": said("Default `VAULT_NAMESPACE`."), "token": secretText("Default `VAULT_TOKEN`."), "ca_certificate": said("PEM certificates to trust."),
			"app_role":   section("Signs in by AppRole.", map[string]schema.Attribute{"role_id": said("Role id."), "secret_id": secretText("Secret id."), "mount": said("Mount; default `approle`.")}),
			"kubernetes": section("Signs in as a pod.", role),
			"jwt":        section("Signs in by a JSON web token.", role),
			"userpass":   section("Signs in by a password.", map[string]schema.Attribute{"username": said("User."), "password": secretText("Password."), "mount": said("Mount; default `userpass`.")}),
		}),
	}
}

const agent = "terraform-provider-mlops"

// progress writes what a long wait sees to Terraform's log.
func progress(ctx context.Context) func(string) {
	return func(text string) { tflog.Info(ctx, text) }
}

// cloud opens the driver of a platform's cloud. Nothing is sent or read yet.
func (s *settings) cloud(ctx context.Context, p *spec.Platform) (cloud.Cloud, error) {
	c, err := s.driver(ctx, p)
	return s.reached(p, c), err
}

func (s *settings) driver(ctx context.Context, p *spec.Platform) (cloud.Cloud, error) {
	switch p.Cloud {
	case "aws":
		return aws.New(s.aws(ctx, p)), nil
	case "google":
		return google.New(s.google(ctx, p)), nil //nolint:contextcheck // its clients are made at first use
	case "azure":
		return azure.New(s.azure(ctx, p)), nil
	case "kubernetes":
		return kubernetes.New(), nil
	}
	root := ""
	if s.Local != nil {
		root = s.Local.Root.ValueString()
	}
	return local.New(first(root, ".mlops"))
}

func (s *settings) aws(ctx context.Context, p *spec.Platform) aws.Config {
	a := awsSettings{}
	if s.AWS != nil {
		a = *s.AWS
	}
	out := aws.Config{
		Region: first(regionOn(p, "aws"), a.Region.ValueString()), Profile: a.Profile.ValueString(), Account: a.Account.ValueString(),
		PermissionsBoundary: a.PermissionsBoundary.ValueString(), Endpoints: addresses(a.Endpoints), UserAgent: agent, Progress: progress(ctx),
	}
	if r := a.AssumeRole; r != nil {
		out.AssumeRole = &aws.AssumeRole{RoleARN: r.RoleARN.ValueString(), ExternalID: r.ExternalID.ValueString(), SessionName: r.SessionName.ValueString()}
	}
	if a.AccessKey.ValueString() != "" {
		out.Keys = &aws.Keys{AccessKey: a.AccessKey.ValueString(), SecretKey: a.SecretKey.ValueString(), SessionToken: a.Token.ValueString()}
	}
	return out
}

// regionOn is the platform's region where the platform is on a cloud.
func regionOn(p *spec.Platform, cloud string) string {
	if p.Cloud == cloud {
		return p.Region
	}
	return ""
}

func (s *settings) google(ctx context.Context, p *spec.Platform) google.Config {
	g := googleSettings{}
	if s.Google != nil {
		g = *s.Google
	}
	return google.Config{
		Project: s.googleProject(), ProjectNumber: g.ProjectNumber.ValueString(),
		Region: first(regionOn(p, "google"), g.Region.ValueString()), Credentials: g.Credentials.ValueString(), AccessToken: g.AccessToken.ValueString(),
		WorkloadIdentityPool: g.WorkloadPool.ValueString(), Endpoints: addresses(g.Endpoints), UserAgent: agent, Progress: progress(ctx),
	}
}

func (s *settings) azure(ctx context.Context, p *spec.Platform) azure.Config {
	a := s.azureSettings()
	out := azure.Config{
		SubscriptionID: subscription(a), ResourceGroup: resourceGroup(a),
		Location: first(regionOn(p, "azure"), a.Location.ValueString()), Tenant: tenant(a), Endpoints: addresses(a.Endpoints), UserAgent: agent, VaultURL: vaultURL(a), Progress: progress(ctx),
		ClusterResourceGroup: a.ClusterGroup.ValueString(), VaultID: a.VaultID.ValueString(), KeyIdentity: a.KeyIdentity.ValueString(), Locks: s.locks,
	}
	if token := a.AccessToken.ValueString(); token != "" {
		out.Credential = azure.Token(token)
	}
	return out
}

func (s *settings) azureSettings() azureSettings {
	if s.Azure != nil {
		return *s.Azure
	}
	return azureSettings{}
}

func (s *settings) googleProject() string {
	given := ""
	if s.Google != nil {
		given = s.Google.Project.ValueString()
	}
	return first(given, os.Getenv("GOOGLE_PROJECT"), os.Getenv("GOOGLE_CLOUD_PROJECT"))
}

func subscription(a azureSettings) string {
	return first(a.Subscription.ValueString(), os.Getenv("ARM_SUBSCRIPTION_ID"), os.Getenv("AZURE_SUBSCRIPTION_ID"))
}

func resourceGroup(a azureSettings) string {
	return first(a.ResourceGroup.ValueString(), os.Getenv("AZURE_RESOURCE_GROUP"))
}

func tenant(a azureSettings) string {
	return first(a.Tenant.ValueString(), os.Getenv("ARM_TENANT_ID"), os.Getenv("AZURE_TENANT_ID"))
}

func vaultURL(a azureSettings) string {
	return first(a.VaultURL.ValueString(), os.Getenv("AZURE_KEY_VAULT_URL"))
}
