package cloudtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Dialect checks the pure half of a driver. uri is where bucket "artifacts" of platform
// "suite" must be.
func Dialect(t *testing.T, c cloud.Cloud, name, uri string) {
	t.Helper()
	b := spec.Bucket{Platform: "suite", Name: "artifacts"}
	if c.Name() != name || c.BucketURI(b) != uri {
		t.Errorf("cloud %q has the bucket at %q, want %q", c.Name(), c.BucketURI(b), uri)
	}
	b.Existing = "s3://elsewhere"
	if got := c.BucketURI(b); got != b.Existing {
		t.Errorf("a bucket that exists is at %q, want %q", got, b.Existing)
	}
	i := Reader("suite", name)
	if policy, err := c.Policy(i); err == nil && !strings.Contains(policy, "transactions") || err != nil && !errors.Is(err, cloud.ErrLater) {
		t.Errorf("the policy must name what is granted: %s, %v", policy, err)
	}
}

// Reader is an identity that reads one prefix of a bucket.
func Reader(platform, in string) cloud.Identity {
	bucket := &spec.Bucket{Platform: spec.Ref(platform), Name: "data"}
	return cloud.Identity{
		Identity: &spec.Identity{
			Platform: spec.Ref(platform), Name: "trainer", Subject: &spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: platform + "-training", ServiceAccount: "trainer"}},
			Grants: []spec.Grant{{Access: "read", Bucket: "data", Prefix: "transactions/"}},
		},
		On:     cloud.On{Platform: &spec.Platform{Name: platform, Cloud: in, Region: regions[in], Cluster: &spec.Cluster{Name: "ml"}}},
		Grants: []cloud.Grant{{Access: "read", Bucket: bucket, Prefix: "transactions/"}},
	}
}

var regions = map[string]string{"aws": "eu-west-1", "google": "europe-west1", "azure": "westeurope"}
