package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/container/v1"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"
	"google.golang.org/api/storage/v1"
	transport "google.golang.org/api/transport/http"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

const scope = "https://www.googleapis.com/auth/cloud-platform"

// services are the clients, each made at its first use.
type services struct {
	Config
	storage   func() (*storage.Service, error)
	container func() (*container.Service, error)
	secrets   func() (*secretmanager.Service, error)
	projects  func() (*cloudresourcemanager.Service, error)
	numbers   *sync.Map // of projects, as the cloud gave them
}

func open(c Config) services {
	if c.Attempt == 0 {
		c.Attempt = 30 * time.Second
	}
	dial := sync.OnceValues(c.transport)
	return services{
		Config: c, numbers: &sync.Map{},
		storage:   sync.OnceValues(func() (*storage.Service, error) { return made(c, Storage, dial, storage.NewService) }),
		container: sync.OnceValues(func() (*container.Service, error) { return made(c, Container, dial, container.NewService) }),
		secrets:   sync.OnceValues(func() (*secretmanager.Service, error) { return made(c, SecretManager, dial, secretmanager.NewService) }),
		projects: sync.OnceValues(func() (*cloudresourcemanager.Service, error) {
			return made(c, ResourceManager, dial, cloudresourcemanager.NewService)
		}),
	}
}

func made[S any](c Config, name string, dial func() (http.RoundTripper, error), build func(context.Context, ...option.ClientOption) (*S, error)) (*S, error) {
	if c.Project == "" {
		return nil, errors.New("the project of Google Cloud is not known: set project in the provider's google block")
	}
	rt, err := dial()
	if err != nil {
		return nil, err
	}
	options := []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: rt})}
	if address := c.Endpoints[name]; address != "" {
		options = append(options, option.WithEndpoint(address))
	}
	s, err := build(context.Background(), options...)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", name, err)
	}
	return s, nil
}

// transport puts credentials on requests, and tries again what is worth it.
func (c Config) transport() (http.RoundTripper, error) {
	base := c.HTTPClient
	if base == nil {
		base = http.DefaultTransport
	}
	options := []option.ClientOption{option.WithScopes(scope), option.WithUserAgent(c.UserAgent), option.WithTelemetryDisabled()}
	switch {
	case c.Anonymous:
		options = append(options, option.WithoutAuthentication())
	case c.AccessToken != "":
		options = append(options, option.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: c.AccessToken})))
	case c.Credentials != "":
		kind, err := credentialsType(c.Credentials)
		if err != nil {
			return nil, err
		}
		options = append(options, option.WithAuthCredentialsJSON(kind, []byte(c.Credentials)))
	}
	rt, err := transport.NewTransport(context.Background(), base, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: no credentials of Google Cloud are found: %w; %s", cloud.ErrDenied, err, howToLogIn)
	}
	return &retrier{next: rt, attempt: c.Attempt, pace: c.pace(time.Second), progress: c.Progress}, nil
}

// credentialsType reads the kind of a credential file. The file itself never gets into an
// error.
func credentialsType(text string) (option.CredentialsType, error) {
	var file struct{ Type option.CredentialsType }
	if err := json.Unmarshal([]byte(text), &file); err != nil || file.Type == "" {
		return "", fmt.Errorf("%w: the credentials are not the JSON of a credential file of Google Cloud: hand in the content of the file, not its path", cloud.ErrDenied)
	}
	return file.Type, nil
}

// pace is the configured pause, or what production waits.
func (c Config) pace(production time.Duration) time.Duration {
	if c.Pace > 0 {
		return c.Pace
	}
	return production
}

// say tells what is waited for.
func (c Config) say(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

// patient tries again, a few times, what fails because its object is not there yet.
func (c Config) patient(ctx context.Context, do func() error) error {
	for n := 0; ; n++ {
		err := do()
		if !errors.Is(err, cloud.ErrNotFound) || n == 4 {
			return err
		}
		if cloud.Pause(ctx, c.pace(time.Second)<<n) != nil {
			return err
		}
	}
}
