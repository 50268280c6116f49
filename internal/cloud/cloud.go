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
	ErrExists      = errors.New("exists already, and is not ours")
	ErrNotEmpty    = errors.New("not empty")
	ErrConflict    = errors.New("changed by somebody else in the meantime")
	ErrDenied      = errors.New("access denied")
	ErrUnsupported = errors.New("not supported by this version of the provider")
	ErrLater       = errors.New("known after apply")
)

// Dialect is what planning must know of a cloud. Its methods are pure: they need
// no credentials and no network.
type Dialect interface {
	// Name is the value of `cloud` in a configuration.
	Name() string
	// BucketURI is where a bucket will be, known before it exists.
	BucketURI(spec.Bucket) string
	// Policy is the least-privilege document of an identity in the cloud's own words.
	// It is ErrLater while it names something that only the cloud knows.
	Policy(Identity) (string, error)
}

// Settings are what an object is set to, each by the cloud's own name for it:
// "versioning" is "Enabled". A plan shows them, and a change by hand shows in the next
// plan. Values are short texts or JSON in one canonical form.
type Settings map[string]string

// Later stands for a setting that is known only after apply.
const Later = "\x00later"

// Plan says what becomes of an object before anything is asked of a cloud.
type Plan[S any] interface {
	// Settings are those that Create and Update bring about. An error says what the
	// cloud cannot express.
	Settings(S) (Settings, error)
	// Fixed names the settings that no update changes: another value is another object.
	Fixed() []string
}

// Store keeps the objects of one kind. Read, Update and Delete of an absent id give
// ErrNotFound.
type Store[S any] interface {
	// Create makes the object, waits until it is ready and gives its id. What an
	// interrupted Create of the same object left is taken up; one of somebody else
	// gives ErrExists. An id beside an error names what came to be all the same.
	Create(ctx context.Context, s S) (id string, err error)
	// Read gives the settings as they are, in the form of Plan.Settings of s. Of an
	// imported object s has the name only.
	Read(ctx context.Context, id string, s S) (Settings, error)
	// Update brings every setting about that is not fixed, whichever differ.
	Update(ctx context.Context, id string, s S) error
	// Delete waits until the object is gone.
	Delete(ctx context.Context, id string, s S) error
}

// Kind is how a cloud keeps the objects of one kind. Both are nil where it cannot, and
// only the store where the objects are kept through the emitted repository.
type Kind[S any] struct {
	Plan  Plan[S]
	Store Store[S]
}

// Cloud is one driver.
type Cloud struct {
	Dialect
	Buckets    Kind[Bucket]
	Pools      Kind[Pool]
	Identities Kind[Identity]
}
