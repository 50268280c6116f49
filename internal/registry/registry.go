// Package registry is the door to model registries that have an API. It knows the
// shape of a registered model, no provider of it.
package registry

import (
	"context"
	"errors"
)

// Errors that every registry translates its own into; callers use errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("exists already")
	ErrHasVersions = errors.New("has versions")
	ErrDenied      = errors.New("access denied")
	ErrUnreachable = errors.New("cannot be reached")
	ErrUnknown     = errors.New("it is not known whether this was done")
)

// Model is a registered model without its versions and aliases, which belong to
// training and promotion.
type Model struct {
	Name        string
	Description string
	Tags        map[string]string
}

// Registry keeps registered models. Read of an absent model gives ErrNotFound,
// Create of a present one ErrExists, and ErrUnknown when the registry did not say
// whether it made it. Delete refuses a model that has versions,
// with ErrHasVersions, unless force is set.
type Registry interface {
	Create(context.Context, Model) error
	Read(ctx context.Context, name string) (Model, error)
	Update(ctx context.Context, before, after Model) error
	Delete(ctx context.Context, name string, force bool) error
}
