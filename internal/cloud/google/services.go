package google

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// Secrets is a client for those who write values of secrets. It logs nothing, whatever
// GOOGLE_SDK_GO_LOGGING_LEVEL says: the bodies of requests would be in the log. A request
// that adds a version is tried once, since a second try would add another.
func (c Config) Secrets() (*secretmanager.Service, error) {
	if c.Attempt == 0 {
		c.Attempt = 30 * time.Second
	}
	dial := func() (http.RoundTripper, error) {
		rt, err := c.transport()
		if r, retries := rt.(*retrier); retries {
			return carefully{r}, err
		}
		return rt, err
	}
	build := func(ctx context.Context, options ...option.ClientOption) (*secretmanager.Service, error) {
		return secretmanager.NewService(ctx, append(options, option.WithLogger(slog.New(slog.DiscardHandler)))...)
	}
	return made(c, SecretManager, dial, build)
}

// Translate puts an error of such a client into the words of package cloud. permission is
// what the request needs.
func Translate(err error, permission string) error { return failure(err, permission) }

// Labels are the marks and tags of an object that has a name.
func Labels(on cloud.On, name string) (map[string]string, error) { return labels(on, name) }

// carefully tries a request once that must not be taken twice.
type carefully struct{ *retrier }

// RoundTrip sends a request.
func (c carefully) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, ":addVersion") || req.Body == nil {
		return c.retrier.RoundTrip(req)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_ = req.Body.Close()
	resp, _, err := c.once(req, body)
	return resp, err
}
