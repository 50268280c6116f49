package aws_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
)

// interrupted ends a run while it waits for the answer to the request that makes an object.
type interrupted struct {
	next   http.RoundTripper
	makes  func(*http.Request) bool
	cancel context.CancelFunc
}

func (i interrupted) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, err := i.next.RoundTrip(req)
	if err != nil || !i.makes(req) {
		return answer, err
	}
	_ = answer.Body.Close()
	i.cancel()
	return nil, context.Canceled
}

// Whoever stops an apply gets an object into the state that may have been made: nobody would
// look for it otherwise.
func TestWhatMayHaveBeenMadeIsNotLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		makes func(*http.Request) bool
		do    func(ctx context.Context, c cloud.Cloud) (string, error)
		id    string
	}{
		"bucket": {
			func(r *http.Request) bool { return r.Method == http.MethodPut && r.URL.RawQuery == "" },
			func(ctx context.Context, c cloud.Cloud) (string, error) {
				return c.Buckets.Store.Create(ctx, bucket(on(), nil))
			}, "fraud-artifacts",
		},
		"role": {
			func(r *http.Request) bool { return awsfake.ServiceOf(r) == "iam" && r.ContentLength > 300 },
			func(ctx context.Context, c cloud.Cloud) (string, error) {
				return c.Identities.Store.Create(ctx, identity(on(), github))
			}, roleID,
		},
		"pool": {
			func(r *http.Request) bool {
				return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/node-groups")
			},
			func(ctx context.Context, c cloud.Cloud) (string, error) { return c.Pools.Store.Create(ctx, pool(nil)) }, poolIDs,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			driver, _ := openWhole(t, func(config *aws.Config) { config.HTTPClient = interrupted{config.HTTPClient, c.makes, cancel} })
			if id, err := c.do(ctx, driver); id != c.id || !errors.Is(err, context.Canceled) {
				t.Errorf("create: %q, %v; want %q", id, err, c.id)
			}
		})
	}
}
