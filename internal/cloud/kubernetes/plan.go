package kubernetes

import (
	"fmt"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// buckets are claims: what keeps their files is the cluster's own.
type buckets struct{ cloud.Declared[cloud.Bucket] }

// Settings are none. What no claim can have is refused by its name.
func (buckets) Settings(b cloud.Bucket) (cloud.Settings, error) {
	if name := b.Extra(); name != "" {
		return nil, fmt.Errorf("bucket %q: %s: a bucket of cloud \"kubernetes\" is a PersistentVolumeClaim, which has none: leave it out, or set it in the storage class of the cluster", b.Name, name)
	}
	return cloud.Settings{}, nil
}

// identities are service accounts of the cluster.
type identities struct{ cloud.Declared[cloud.Identity] }

// Settings are none. Who is no service account gets no identity from a cluster.
func (identities) Settings(i cloud.Identity) (cloud.Settings, error) {
	if i.Subject != nil && (i.Subject.GitHub != nil || i.Subject.GitLab != nil) {
		return nil, fmt.Errorf("identity %q: subject %q: a cluster knows its own service accounts only: set subject.kubernetes; clouds that know workflows of GitHub and GitLab: aws, google, azure", i.Name, i.Principal())
	}
	return cloud.Settings{}, nil
}
