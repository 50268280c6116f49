package kubernetes

import (
	"fmt"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// buckets are claims: what keeps their files is the cluster's own.
type buckets struct{ cloud.Declared[cloud.Bucket] }

// Settings are none. What no claim can have is refused by its name.
func (buckets) Settings(b cloud.Bucket) (cloud.Settings, error) {
	for _, s := range []struct {
		name string
		set  bool
	}{{"kms_key", b.KMSKey != ""}, {"access_logs", b.AccessLogs != nil}, {"soft_delete_days", b.SoftDeleteDays != 0}} {
		if s.set {
			return nil, fmt.Errorf("bucket %q: %s: a bucket of cloud \"kubernetes\" is a PersistentVolumeClaim, which has none: leave it out, or set it in the storage class of the cluster", b.Name, s.name)
		}
	}
	return cloud.Settings{}, nil
}

// pools are nodes that somebody else makes.
type pools struct{ cloud.Declared[cloud.Pool] }

// Settings are none. What says how nodes are made is refused by its name.
func (pools) Settings(p cloud.Pool) (cloud.Settings, error) {
	for _, s := range []struct {
		name string
		set  bool
	}{{"zones", len(p.Zones) > 0}, {"disk", p.Disk != nil}, {"reservation", p.Reservation != ""}, {"driver", p.Driver == "latest"}} {
		if s.set {
			return nil, fmt.Errorf("pool %q: %s: nobody makes nodes on cloud \"kubernetes\", they are there: leave it out", p.Name, s.name)
		}
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
