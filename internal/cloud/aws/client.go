package aws

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// Config is how the account is reached. What is empty is found by the SDK's own chain:
// the environment, the shared files, single sign-on, the role of the machine.
type Config struct {
	Region     string // of what has none of its own
	Profile    string
	AssumeRole *AssumeRole
	Keys       *Keys
	// Account is the id of the account, and is asked for when it is "" and needed.
	Account string
	// PermissionsBoundary is the ARN of a policy that every role gets as its boundary.
	PermissionsBoundary string
	// Endpoints replace the addresses of services by their names: s3, iam, sts, eks.
	Endpoints  map[string]string
	HTTPClient http.RoundTripper // of the services; nil is the SDK's own
	UserAgent  string            // NAME or NAME/VERSION
	Attempt    time.Duration     // bound of one try of a request; 0 is 30 s
	Pace       time.Duration     // between tries and polls; 0 is what suits a cloud
	Progress   func(string)      // told what a long wait sees, in the cloud's own words
}

// AssumeRole is a role that the credentials take before anything is asked.
type AssumeRole struct{ RoleARN, ExternalID, SessionName string }

// Keys are credentials that are given, and not found.
type Keys struct{ AccessKey, SecretKey, SessionToken string }

// clients makes the clients of services. Nothing is read or opened before the first.
type clients struct {
	Config

	mu      sync.Mutex
	loaded  *sdk.Config
	account string
}

func newClients(c Config) *clients {
	if c.Attempt == 0 {
		c.Attempt = 30 * time.Second
	}
	return &clients{Config: c, account: c.Account}
}

// in is the configuration of clients in a region ("" is the configured one). also are
// codes of errors that pass by themselves where the client is used: what was made a
// moment ago is not there yet.
func (c *clients) in(ctx context.Context, region string, also []string) (sdk.Config, error) {
	base, err := c.base(ctx)
	if err != nil {
		return sdk.Config{}, err
	}
	out := base.Copy()
	if region != "" {
		out.Region = region
	}
	if out.Region == "" {
		return out, fmt.Errorf("no region: set region on the platform or for the provider")
	}
	out.Retryer = func() sdk.Retryer { return c.retryer(also) }
	return out, nil
}

// base loads the configuration and credentials. A failure is not kept: single sign-on
// may have been renewed by the next try.
func (c *clients) base(ctx context.Context) (sdk.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded == nil {
		loaded, err := config.LoadDefaultConfig(ctx, c.options()...)
		if err != nil {
			return sdk.Config{}, unusable(ctx, "the configuration of AWS and its credentials (environment, shared files, profile) cannot be loaded", err)
		}
		if c.HTTPClient != nil { // which knows its own certificates
			loaded.HTTPClient = &http.Client{Transport: c.HTTPClient, Timeout: c.Attempt}
		}
		if r := c.AssumeRole; r != nil && r.RoleARN != "" {
			loaded.Credentials = sdk.NewCredentialsCache(c.assumed(loaded, *r))
		}
		c.loaded = &loaded
	}
	if _, err := c.loaded.Credentials.Retrieve(ctx); err != nil {
		return sdk.Config{}, unloaded(ctx, err)
	}
	return *c.loaded, nil
}

func (c *clients) options() []func(*config.LoadOptions) error {
	out := []func(*config.LoadOptions) error{
		config.WithRetryer(func() sdk.Retryer { return c.retryer(nil) }),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(c.Attempt)), // it takes AWS_CA_BUNDLE
	}
	if c.Region != "" {
		out = append(out, config.WithRegion(c.Region))
	}
	if c.Profile != "" {
		out = append(out, config.WithSharedConfigProfile(c.Profile))
	}
	if k := c.Keys; k != nil {
		out = append(out, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(k.AccessKey, k.SecretKey, k.SessionToken)))
	}
	if name, version, two := strings.Cut(c.UserAgent, "/"); name != "" {
		add := awsmiddleware.AddUserAgentKey(name)
		if two {
			add = awsmiddleware.AddUserAgentKeyValue(name, version)
		}
		out = append(out, config.WithAPIOptions([]func(*middleware.Stack) error{add}))
	}
	return out
}

func (c *clients) assumed(base sdk.Config, r AssumeRole) sdk.CredentialsProvider {
	client := sts.NewFromConfig(base, func(o *sts.Options) { o.BaseEndpoint = c.endpoint("sts", o.BaseEndpoint) })
	return stscreds.NewAssumeRoleProvider(client, r.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = r.SessionName
		if o.RoleSessionName == "" {
			o.RoleSessionName = cloud.Manager
		}
		if r.ExternalID != "" {
			o.ExternalID = &r.ExternalID
		}
	})
}

// endpoint is the address of a service: the configured one, or what the SDK found.
func (c *clients) endpoint(service string, found *string) *string {
	if address := c.Endpoints[service]; address != "" {
		return &address
	}
	return found
}

func (c *clients) s3(ctx context.Context, region string, also ...string) (*s3.Client, error) {
	base, err := c.in(ctx, region, also)
	if err != nil {
		return nil, err
	}
	return s3.NewFromConfig(base, func(o *s3.Options) {
		o.BaseEndpoint = c.endpoint("s3", o.BaseEndpoint)
		o.UsePathStyle = o.BaseEndpoint != nil // nobody resolves BUCKET.localhost
	}), nil
}

func (c *clients) iam(ctx context.Context, region string, also ...string) (*iam.Client, error) {
	base, err := c.in(ctx, region, also)
	if err != nil {
		return nil, err
	}
	return iam.NewFromConfig(base, func(o *iam.Options) { o.BaseEndpoint = c.endpoint("iam", o.BaseEndpoint) }), nil
}

func (c *clients) eks(ctx context.Context, region string, also ...string) (*eks.Client, error) {
	base, err := c.in(ctx, region, also)
	if err != nil {
		return nil, err
	}
	return eks.NewFromConfig(base, func(o *eks.Options) { o.BaseEndpoint = c.endpoint("eks", o.BaseEndpoint) }), nil
}

// accountID is the account of the credentials.
func (c *clients) accountID(ctx context.Context, region string) (string, error) {
	c.mu.Lock()
	known := c.account
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	base, err := c.in(ctx, region, nil)
	if err != nil {
		return "", err
	}
	client := sts.NewFromConfig(base, func(o *sts.Options) { o.BaseEndpoint = c.endpoint("sts", o.BaseEndpoint) })
	caller, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", translate("the account of the credentials", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account = sdk.ToString(caller.Account)
	return c.account, nil
}

// tell passes the cloud's own words on while something is waited for.
func (c *clients) tell(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

// pause waits between two polls.
func (c *clients) pause(ctx context.Context, production time.Duration) error {
	if c.Pace != 0 {
		production = c.Pace
	}
	return cloud.Pause(ctx, production)
}
