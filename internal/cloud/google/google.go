// Package google is Google Cloud: buckets of Cloud Storage, node pools of GKE, and
// identities, which are bindings of a workload's own principal on what it may use. It
// talks to the REST interfaces, and knows nothing of Terraform nor of what is in a bucket.
package google

import (
	"net/http"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// The services that Config.Endpoints may name.
const (
	Storage         = "storage"
	Container       = "container"
	SecretManager   = "secretmanager"
	ResourceManager = "cloudresourcemanager"
)

// Config is what the driver must know. Only Project has no default.
type Config struct {
	Project string // id of the project
	Region  string // of a platform that names none
	// ProjectNumber stands in principals. Without it the cloud is asked at apply.
	ProjectNumber string
	// WorkloadIdentityPool is the pool whose provider takes the tokens of GitHub or GitLab:
	// projects/NUMBER/locations/global/workloadIdentityPools/POOL.
	WorkloadIdentityPool string
	// Credentials is the JSON of a credential file, AccessToken a token that is used as it
	// is. Without both the Application Default Credentials are found.
	Credentials string
	AccessToken string
	// Anonymous sends no credentials at all, which only a fake takes.
	Anonymous bool
	// Endpoints replaces the address of a service, by its name.
	Endpoints  map[string]string
	UserAgent  string
	HTTPClient http.RoundTripper // http.DefaultTransport when nil
	Attempt    time.Duration     // bound of one request, 30 s when 0
	// Pace is the first pause before a request is tried again and the pause between two
	// looks at an operation; 0 means one second and ten.
	Pace     time.Duration
	Progress func(string) // told what is waited for; may be nil
}

// New returns the cloud. It opens nothing: clients are made at their first use.
func New(c Config) cloud.Cloud {
	d := dialect{project: c.Project, number: c.ProjectNumber, pool: c.WorkloadIdentityPool}
	s := open(c)
	return cloud.Cloud{
		Dialect:    d,
		Buckets:    cloud.Kind[cloud.Bucket]{Plan: bucketPlan{c.Region}, Store: buckets{s, bucketPlan{c.Region}}},
		Pools:      cloud.Kind[cloud.Pool]{Plan: poolPlan{}, Store: pools{s}},
		Identities: cloud.Kind[cloud.Identity]{Plan: identityPlan{d}, Store: identities{s, d}},
	}
}

// dialect is the pure half.
type dialect struct{ project, number, pool string }

func (dialect) Name() string { return "google" }

func (d dialect) BucketURI(b spec.Bucket) string { return b.URI(d.Name(), "") }

// region is where the objects of a platform are.
func region(on cloud.On, fallback string) string {
	if on.Platform != nil && on.Platform.Region != "" {
		return on.Platform.Region
	}
	return fallback
}
