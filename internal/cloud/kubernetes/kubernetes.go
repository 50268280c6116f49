// Package kubernetes is a cluster without a cloud: buckets are PersistentVolumeClaims,
// pools are flavours of Kueue, identities are service accounts. All of them are objects
// of the emitted repository, so there is no API to call and no store.
package kubernetes

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// New returns the cloud. It needs no account.
func New() cloud.Cloud {
	return cloud.Cloud{
		Dialect:    dialect{},
		Buckets:    cloud.Kind[cloud.Bucket]{Plan: buckets{}},
		Pools:      cloud.Kind[cloud.Pool]{Plan: cloud.GivenNodes{Cloud: "kubernetes"}},
		Identities: cloud.Kind[cloud.Identity]{Plan: identities{}},
	}
}

type dialect struct{}

func (dialect) Name() string { return "kubernetes" }

func (d dialect) BucketURI(b spec.Bucket) string { return b.URI(d.Name(), "") }

// Policy is the policy in the terms of the language: a cluster enforces who mounts a
// claim by its namespace only.
func (dialect) Policy(i cloud.Identity) (string, error) { return cloud.PortablePolicy(i) }
