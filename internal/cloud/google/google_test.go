package google_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// strict puts requests and answers before Google's generated server.
var strict func(req *http.Request, body, answer []byte) error

const pool = "projects/415104041262/locations/global/workloadIdentityPools/forges"

func config(rt http.RoundTripper) google.Config {
	return google.Config{
		Project: googlefake.Project, WorkloadIdentityPool: pool, Anonymous: true, UserAgent: "test/1",
		HTTPClient: rt, Attempt: 100 * time.Millisecond, Pace: 100 * time.Microsecond,
	}
}

// rig is a driver on an empty fake, which prepare may fill.
func rig(prepare func(*googlefake.Fake)) cloudtest.Open {
	return func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		t.Helper()
		f := googlefake.New(t)
		f.Strict = strict
		if prepare != nil {
			prepare(f)
		}
		return cloudtest.Rig{Cloud: google.New(config(wrap(f))), Count: f.Count, Fake: f, Answer: googlefake.Answer}
	}
}

func fakeOf(r cloudtest.Rig) *googlefake.Fake { return r.Fake.(*googlefake.Fake) }

// opened is a driver and its fake for a test of one thing.
func opened(t *testing.T) (cloud.Cloud, *googlefake.Fake) {
	t.Helper()
	f := googlefake.New(t)
	f.Strict = strict
	return google.New(config(f)), f
}

func on(tags map[string]string) cloud.On {
	return cloud.On{Tags: tags, Platform: &spec.Platform{
		Name: "churn", Region: "europe-west1", SecretStore: "google_secret_manager", Cluster: &spec.Cluster{Name: "ml"},
	}}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	c := google.New(google.Config{})
	if got := c.BucketURI(spec.Bucket{Name: "artifacts"}); c.Name() != "google" || got != "gs://artifacts" {
		t.Errorf("%s has %s", c.Name(), got)
	}
}
