// Package azure is Microsoft Azure. It knows its words only: where buckets are,
// which are containers of the platform's storage account. It has no stores, so it makes and changes nothing.
package azure

import (
	"fmt"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// New returns the cloud. It needs no account.
func New() cloud.Cloud { return cloud.Cloud{Dialect: dialect{}} }

type dialect struct{}

func (dialect) Name() string { return "azure" }

func (d dialect) BucketURI(b spec.Bucket) string { return b.URI(d.Name(), "") }

func (d dialect) Policy(i spec.Identity) (string, error) {
	return "", fmt.Errorf("policy of identity %q on cloud %q: %w", i.Name, d.Name(), cloud.ErrUnsupported)
}
