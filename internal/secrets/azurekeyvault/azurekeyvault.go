// Package azurekeyvault keeps secrets in a key vault of Azure: the values of one secret are
// one JSON object, and each write is a new version. It makes no vault, purges nothing, and
// knows nothing of Terraform.
package azurekeyvault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/loopback"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

// Config says which vault keeps the secrets of a platform that names none, and who asks.
// Without a Credential the default chain of the SDK finds one.
type Config struct {
	VaultURL   string // such as https://NAME.vault.azure.net
	Tenant     string
	Credential azcore.TokenCredential
	Transport  http.RoundTripper // nil is the SDK's own
	UserAgent  string
	Attempt    time.Duration // bound of one try of a request; 0 is 30 s
	Pace       time.Duration // the first wait before another try, and between polls; 0 is 1 s
	Progress   func(string)  // told what a wait sees; may be nil
}

// New is the store. It opens nothing: what is configured is tried at the first use.
func New(c Config) secrets.Store {
	if c.Attempt == 0 {
		c.Attempt = 30 * time.Second
	}
	if c.Pace == 0 {
		c.Pace = time.Second
	}
	s := &store{config: c, clients: map[string]*azsecrets.Client{}}
	s.signer = &signer{config: c}
	return secrets.Store{
		Kind:   cloud.Kind[secrets.Secret]{Plan: plan{}, Store: s},
		Reader: s,
		Reference: func(id string, sec secrets.Secret) string {
			if id != "" || sec.Secret == nil || s.vault(sec) == "" {
				return id
			}
			return place{s.vault(sec), sec.StoreName(storeType)}.id()
		},
	}
}

type store struct {
	config Config
	signer *signer

	mu      sync.Mutex
	clients map[string]*azsecrets.Client // by vault
}

// place is where a secret is.
type place struct{ vault, name string }

func (p place) id() string { return p.vault + "/secrets/" + p.name }

func (s *store) vault(sec secrets.Secret) string {
	vault := s.config.VaultURL
	if sec.Secret != nil && sec.Store != nil && sec.Store.Address != "" {
		vault = sec.Store.Address
	}
	return strings.TrimSuffix(vault, "/")
}

// placeOf reads an id; of one without a version it is the same.
func placeOf(id string) (place, error) {
	vault, name, two := strings.Cut(id, "/secrets/")
	name, _, _ = strings.Cut(name, "/")
	if !two || name == "" {
		return place{}, fmt.Errorf("%q is no id of a secret, such as https://NAME.vault.azure.net/secrets/tracker", id)
	}
	return place{vault, name}, nil
}

// session is one operation on one secret.
type session struct {
	*store
	*azsecrets.Client
	place
	sec secrets.Secret
}

func (s *store) open(p place, sec secrets.Secret) (session, error) {
	loopback, err := address(p.vault)
	if err != nil {
		return session{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[p.vault]; c != nil {
		return session{s, c, p, sec}, nil
	}
	options := s.config.options()
	// A token for Azure must not go to whoever asks for one: only this machine may name
	// another service than the vault's own.
	options.PerCallPolicies = append(options.PerCallPolicies, mute{})
	options.DisableChallengeResourceVerification = loopback
	c, err := azsecrets.NewClient(p.vault, s.signer, options)
	if err != nil {
		return session{}, fmt.Errorf("client of the key vault: %w", err)
	}
	s.clients[p.vault] = c
	return session{s, c, p, sec}, nil
}

// address refuses what no token may be sent to, and tells whether it is this machine.
func address(vault string) (here bool, err error) {
	u, err := url.Parse(vault)
	if vault == "" || err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" {
		return false, errors.New("the URL of the key vault must be like https://NAME.vault.azure.net: set it for the platform's secret store, or for Azure in the provider")
	}
	return loopback.Is(u.Hostname()), nil
}

const tries = 8 // beside the first

func (c Config) options() *azsecrets.ClientOptions {
	out := &azsecrets.ClientOptions{ClientOptions: policy.ClientOptions{
		Telemetry: policy.TelemetryOptions{ApplicationID: c.UserAgent},
		Retry:     policy.RetryOptions{MaxRetries: tries, TryTimeout: c.Attempt, RetryDelay: c.Pace, ShouldRetry: passing},
	}}
	if c.Transport != nil {
		out.Transport = transporter{c.Transport}
	}
	return out
}

// passing reports whether a request is worth another try as it is.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		var no unsigned
		return !errors.Is(err, context.Canceled) && !errors.As(err, &no)
	}
	return resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented
}

type transporter struct{ http.RoundTripper }

// Do sends a request.
func (t transporter) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// signer gets tokens, remembers the last one so that no error shows it, and marks what goes
// wrong as a matter of credentials.
type signer struct {
	config Config
	mu     sync.Mutex
	chain  azcore.TokenCredential
	token  string
}

// GetToken asks for a token.
func (s *signer) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	chain, err := s.credential()
	if err != nil {
		return azcore.AccessToken{}, unsigned{err}
	}
	token, err := chain.GetToken(ctx, options)
	if err != nil && ctx.Err() == nil {
		err = unsigned{err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token.Token
	return token, err
}

func (s *signer) credential() (azcore.TokenCredential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config.Credential != nil {
		return s.config.Credential, nil
	}
	if s.chain == nil {
		chain, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: s.config.options().ClientOptions, TenantID: s.config.Tenant})
		if err != nil {
			return nil, err
		}
		s.chain = chain
	}
	return s.chain, nil
}

func (s *signer) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}
