package provider

import (
	"context"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
	"github.com/gitops-ml/terraform-provider-mlops/internal/registry/mlflow"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
)

// configuration is what the provider's block says.
type configuration struct {
	Tags   types.Map       `tfsdk:"tags"` // of strings
	Git    *gitSettings    `tfsdk:"git"`
	Local  *localSettings  `tfsdk:"local"`
	MLflow *mlflowSettings `tfsdk:"mlflow"`
	Prices types.String    `tfsdk:"prices"`
	AWS    *awsSettings    `tfsdk:"aws"`
	Google *googleSettings `tfsdk:"google"`
	Azure  *azureSettings  `tfsdk:"azure"`
	Vault  *vaultSettings  `tfsdk:"vault"`
}

// settings is the provider's configuration with what its resources share. Each part is
// looked at only when a resource needs it.
type settings struct {
	configuration

	pending *pending
	claims  *claims
	login   *vault.Shared // one login to Vault for all resources
	locks   *azure.Locks
	late    []string // names such as tags, vault.address, aws.endpoints.s3; a section that is late has its own only
	way     int      // which values stand in for the late ones; 0 when they are left out
	tried   bool     // these are settings as they may turn out to be
	// ways are the settings as they may turn out to be: with one value and with another in
	// the place of all that is late, and without.
	ways func() ([3]*settings, diag.Diagnostics)
}

type gitSettings struct {
	Author        *authorSettings `tfsdk:"author"`
	Username      types.String    `tfsdk:"username"`
	Password      types.String    `tfsdk:"password"`
	Token         types.String    `tfsdk:"token"`
	PrivateKey    types.String    `tfsdk:"private_key"`
	KnownHosts    types.String    `tfsdk:"known_hosts"`
	CACertificate types.String    `tfsdk:"ca_certificate"`
	SigningKey    types.String    `tfsdk:"signing_key"`
}

type authorSettings struct {
	Name  types.String `tfsdk:"name"`
	Email types.String `tfsdk:"email"`
}

type localSettings struct {
	Root types.String `tfsdk:"root"`
}

type mlflowSettings struct {
	TrackingURI types.String `tfsdk:"tracking_uri"`
	Username    types.String `tfsdk:"username"`
	Password    types.String `tfsdk:"password"`
	Token       types.String `tfsdk:"token"`
}

// first is the first value that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// mlflow opens the server of a registry; nothing is sent yet.
func (s *settings) mlflow(trackingURI string) registry.Registry {
	return mlflow.New(s.server(trackingURI))
}

// versions opens the versions of a registry; nothing is sent yet.
func (s *settings) versions(trackingURI string) registry.Versions {
	return mlflow.NewVersions(s.server(trackingURI))
}

// server is where the server of a registry is, and how this machine signs in.
func (s *settings) server(trackingURI string) mlflow.Config {
	var m mlflowSettings
	if s.MLflow != nil {
		m = *s.MLflow
	}
	return mlflow.Config{
		TrackingURI: first(m.TrackingURI.ValueString(), os.Getenv("MLFLOW_TRACKING_URI"), trackingURI),
		Username:    first(m.Username.ValueString(), os.Getenv("MLFLOW_TRACKING_USERNAME")),
		Password:    first(m.Password.ValueString(), os.Getenv("MLFLOW_TRACKING_PASSWORD")),
		Token:       first(m.Token.ValueString(), os.Getenv("MLFLOW_TRACKING_TOKEN")),
		// MLflow's own clients read these two as well.
		Timeout:  time.Duration(count("MLFLOW_HTTP_REQUEST_TIMEOUT")) * time.Second,
		Attempts: count("MLFLOW_HTTP_REQUEST_MAX_RETRIES") + 1,
	}
}

// count is the number that a variable holds; what is none is -1.
func count(variable string) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// tags are the provider's tags. One that is null is none.
func (s *settings) tags(context.Context) map[string]string {
	out := map[string]string{}
	for name, value := range s.Tags.Elements() {
		if text, ok := value.(types.String); ok && !text.IsNull() {
			out[name] = text.ValueString()
		}
	}
	return out
}

// passwordFor finds a password for a repository's host in the variables that other
// tools of the host use.
func passwordFor(repository string) string {
	u, err := url.Parse(repository)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	switch host := u.Hostname(); {
	case host == "github.com":
		return first(os.Getenv("GITHUB_TOKEN"), os.Getenv("GIT_PASSWORD"))
	case strings.HasPrefix(host, "gitlab."):
		return first(os.Getenv("GITLAB_TOKEN"), os.Getenv("GIT_PASSWORD"))
	}
	return os.Getenv("GIT_PASSWORD")
}

// configured is embedded by resources that need the provider's configuration.
type configured struct {
	settings *settings
}

// Configure keeps the provider's configuration; it is absent while Terraform only validates.
func (c *configured) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return
	}
	s, ok := req.ProviderData.(*settings)
	if !ok {
		resp.Diagnostics.AddError("Unable to Configure Resource", "The provider handed over something that is not its configuration. This is a bug of the provider: please report it.")
		return
	}
	c.settings = s
}

// read is embedded by data sources that need the provider's configuration.
type read struct{ settings *settings }

// Configure keeps the provider's configuration; it is absent while Terraform only validates.
func (d *read) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*settings); ok {
		d.settings = s
	}
}
