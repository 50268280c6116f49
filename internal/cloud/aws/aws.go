// Package aws is Amazon Web Services: buckets of S3, pools as node groups of EKS, and
// identities as roles of IAM. It talks to the services' APIs through the SDK, knows no
// Terraform, and no tool that runs on what it makes.
package aws

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// New returns the cloud. It opens nothing: what is configured is tried at the first use.
func New(c Config) cloud.Cloud {
	shared := newClients(c)
	return cloud.Cloud{Dialect: dialect{c}, Buckets: newBuckets(shared), Pools: newPools(shared), Identities: newIdentities(shared)}
}

type dialect struct{ config Config }

func (dialect) Name() string { return "aws" }

func (d dialect) BucketURI(b spec.Bucket) string { return b.URI(d.Name(), "") }

// Policy is what stands in the role of an identity.
func (d dialect) Policy(i cloud.Identity) (string, error) {
	return rolePolicy(i, whereOf(i, d.config))
}
