// Package cloud is the one door to any cloud: a pure dialect that rendering and
// planning need, and small stores for what lives behind an API. It knows the
// shapes, no provider of them.
package cloud

import (
	"context"
	"errors"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Errors that every driver translates its own into; callers use errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("exists already")
	ErrNotEmpty    = errors.New("not empty")
	ErrDenied      = errors.New("access denied")
	ErrUnsupported = errors.New("not supported by this version of the provider")
)

// Dialect is what planning must know of a cloud. Its methods are pure: they need
// no credentials and no network.
type Dialect interface {
	// Name is the value of `cloud` in a configuration.
	Name() string
	// BucketURI is where a bucket will be, known before it exists.
	BucketURI(spec.Bucket) string
	// Policy is the least-privilege document of an identity in the cloud's own words.
	Policy(spec.Identity) (string, error)
}

// Store keeps the objects of one kind. Read, Update and Delete of an absent id
// give ErrNotFound; Create of a present one gives ErrExists.
type Store[S any] interface {
	Create(context.Context, S) (id string, err error)
	Read(ctx context.Context, id string) (S, error)
	Update(ctx context.Context, id string, s S) error
	Delete(ctx context.Context, id string) error
}

// Identity is what a cloud says of an identity.
type Identity struct {
	Policy string // the document as the cloud has it
}

// Identities keeps identities with their policies, by the rules of Store.
type Identities interface {
	Create(context.Context, spec.Identity) (id string, err error)
	Read(ctx context.Context, id string) (Identity, error)
	Update(ctx context.Context, id string, i spec.Identity) error
	Delete(ctx context.Context, id string) error
}

// Cloud is one driver. A store is nil where the driver cannot keep such objects yet.
type Cloud struct {
	Dialect
	Buckets    Store[spec.Bucket]
	Identities Identities
}
