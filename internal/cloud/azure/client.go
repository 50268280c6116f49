package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/loopback"
)

// clients are those of Azure Resource Manager, and blobs the pipeline of the data plane.
type clients struct {
	cfg         Config
	accounts    *armstorage.AccountsClient
	services    *armstorage.BlobServicesClient
	containers  *armstorage.BlobContainersClient
	policies    *armstorage.ManagementPoliciesClient
	identities  *armmsi.UserAssignedIdentitiesClient
	credentials *armmsi.FederatedIdentityCredentialsClient
	roles       *armauthorization.RoleAssignmentsClient
	definitions *armauthorization.RoleDefinitionsClient
	pools       *armcontainerservice.AgentPoolsClient
	clusters    *armcontainerservice.ManagedClustersClient
	blobs       runtime.Pipeline
}

// tries is how often one request is sent again, and looks how often what was just made is
// looked for: for a minute, when nothing else is said. learns is looks for a new role,
// which Azure takes up to ten minutes to know everywhere.
const (
	tries  = 8
	looks  = 5
	learns = 20
)

func connect(cfg Config) (*clients, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	options, err := cfg.options()
	if err != nil {
		return nil, err
	}
	if err := onlyHere(cfg.Endpoints["blob"]); err != nil {
		return nil, err
	}
	credential, err := cfg.credential(options.ClientOptions)
	if err != nil {
		return nil, err
	}
	storage, err := armstorage.NewClientFactory(cfg.SubscriptionID, credential, options)
	if err != nil {
		return nil, err
	}
	msi, err := armmsi.NewClientFactory(cfg.SubscriptionID, credential, options)
	if err != nil {
		return nil, err
	}
	containers, err := armcontainerservice.NewClientFactory(cfg.SubscriptionID, credential, options)
	if err != nil {
		return nil, err
	}
	roles, err := armauthorization.NewRoleAssignmentsClient(cfg.SubscriptionID, credential, options)
	if err != nil {
		return nil, err
	}
	definitions, err := armauthorization.NewRoleDefinitionsClient(credential, options)
	if err != nil {
		return nil, err
	}
	bearer := runtime.NewBearerTokenPolicy(credential, []string{"https://storage.azure.com/.default"},
		&policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: plain(cfg.Endpoints["blob"])})
	return &clients{
		cfg:         cfg,
		accounts:    storage.NewAccountsClient(),
		services:    storage.NewBlobServicesClient(),
		containers:  storage.NewBlobContainersClient(),
		policies:    storage.NewManagementPoliciesClient(),
		identities:  msi.NewUserAssignedIdentitiesClient(),
		credentials: msi.NewFederatedIdentityCredentialsClient(),
		roles:       roles,
		definitions: definitions,
		pools:       containers.NewAgentPoolsClient(),
		clusters:    containers.NewManagedClustersClient(),
		blobs:       runtime.NewPipeline("mlops", "1", runtime.PipelineOptions{PerRetry: []policy.Policy{bearer}}, &options.ClientOptions),
	}, nil
}

func (c Config) options() (*arm.ClientOptions, error) {
	attempt := c.Attempt
	if attempt == 0 {
		attempt = 30 * time.Second
	}
	out := &arm.ClientOptions{
		// Registering a resource provider changes a subscription for everybody: the error says how.
		DisableRPRegistration: true,
		ClientOptions: policy.ClientOptions{
			Cloud:     azcloud.AzurePublic,
			Telemetry: policy.TelemetryOptions{ApplicationID: c.UserAgent},
			Retry: policy.RetryOptions{
				MaxRetries: tries, TryTimeout: attempt, RetryDelay: c.Pace,
				// Resource Manager asks for minutes when it throttles; the context is the bound.
				MaxRetryDelay: 10 * time.Minute, ShouldRetry: transient,
			},
		},
	}
	if c.Transport != nil {
		out.Transport = transporter{c.Transport}
	}
	if authority := c.Endpoints["authority"]; authority != "" {
		out.Cloud.ActiveDirectoryAuthorityHost = authority
	}
	if endpoint := strings.TrimSuffix(c.Endpoints["resource_manager"], "/"); endpoint != "" {
		if err := onlyHere(endpoint); err != nil {
			return nil, err
		}
		out.Cloud.Services = map[azcloud.ServiceName]azcloud.ServiceConfiguration{
			azcloud.ResourceManager: {Endpoint: endpoint, Audience: endpoint},
		}
		out.InsecureAllowCredentialWithHTTP = plain(endpoint)
	}
	return out, nil
}

func plain(endpoint string) bool { return strings.HasPrefix(endpoint, "http://") }

// onlyHere refuses an endpoint that tokens would be sent to in the clear.
func onlyHere(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("an endpoint of Azure must be a URL such as https://management.azure.com, without a user")
	}
	if plain(endpoint) && !loopback.Is(u.Hostname()) {
		return fmt.Errorf("endpoint of Azure on %q: http is for this machine only, since tokens are sent to it: use https", u.Hostname())
	}
	return nil
}

// transient reports whether a request is worth another try as it is.
func transient(resp *http.Response, err error) bool {
	if err != nil {
		return !errors.Is(err, context.Canceled)
	}
	return runtime.HasStatusCode(resp, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout)
}

type transporter struct{ http.RoundTripper }

func (t transporter) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// credential marks what goes wrong before a request is sent as a matter of credentials.
type credential struct{ azcore.TokenCredential }

func (c Config) credential(options policy.ClientOptions) (azcore.TokenCredential, error) {
	if c.Credential != nil {
		return credential{c.Credential}, nil
	}
	chain, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: c.Tenant})
	if err != nil {
		return nil, unsigned{err}
	}
	return credential{chain}, nil
}

func (c credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.TokenCredential.GetToken(ctx, options)
	if err != nil && ctx.Err() == nil {
		err = unsigned{err}
	}
	return token, err
}
