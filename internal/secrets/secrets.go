// Package secrets is the one door to any secret store: values that cannot be printed,
// and small drivers for what lives behind a store's API. It knows no store.
package secrets

import (
	"context"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Secret is a secret where it is. Values are those to write, empty when they stay as
// they are; Version is the store's newest as it was last seen, and a write is refused
// with cloud.ErrConflict when the store has another one by then.
type Secret struct {
	*spec.Secret
	cloud.On
	Values  Values
	Version string
}

// Reader reads what a store holds of a secret. What is absent gives cloud.ErrNotFound.
type Reader interface {
	// Version is the newest version's number or id.
	Version(ctx context.Context, id string, s Secret) (string, error)
	// Values are those of a version, the newest when it is "".
	Values(ctx context.Context, id string, s Secret, version string) (Values, error)
}

// Store is one driver, by the rules of package cloud: its Settings hold everything but
// values and versions. Reference is what policies and the cluster call the secret, "" until
// it is known.
type Store struct {
	cloud.Kind[Secret]
	Reader
	// Reference is what policies and the cluster call the secret whose id is given.
	Reference func(id string, s Secret) string
}
