package azure

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// Azure's words for role definitions.
const (
	undefined = "RoleDefinitionDoesNotExist"
	sameName  = "RoleDefinitionWithSameNameExists"
	inUse     = "RoleDefinitionHasAssignments"
)

// found looks a role definition up.
func (c *clients) found(ctx context.Context, want definition) (have definition, ours bool, err error) {
	var got armauthorization.RoleDefinitionsClientGetResponse
	err = c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.definitions.Get(ctx, strings.TrimPrefix(want.scope, "/"), want.ID, nil)
		return err
	})
	if err != nil {
		return have, false, fmt.Errorf("role definition %s: %w", want.Name, err)
	}
	have, ours = want.read(got.RoleDefinition)
	return have, ours, nil
}

// defined are the role definitions that there are of those wanted.
func (c *clients) defined(ctx context.Context, wanted []definition) ([]definition, error) {
	out := []definition{}
	for _, want := range wanted {
		have, _, err := c.found(ctx, want)
		switch {
		case errors.Is(err, cloud.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			out = append(out, have)
		}
	}
	return out, nil
}

// define makes the role definitions those wanted. It writes none that is as it should be:
// other identities have them too.
func (c *clients) define(ctx context.Context, wanted ...definition) error {
	defer c.cfg.Locks.alone("role definitions")()
	for _, want := range wanted {
		have, ours, err := c.found(ctx, want)
		switch {
		case errors.Is(err, cloud.ErrNotFound):
		case err != nil:
			return err
		case !ours:
			return taken(want)
		case canonical(have) == canonical(want):
			continue
		}
		if err := c.putDefinition(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

func taken(d definition) error {
	return fmt.Errorf("role definition %s (%s): %w: delete it, or give the platform another name", d.Name, d.ID, cloud.ErrExists)
}

func (c *clients) putDefinition(ctx context.Context, d definition) error {
	err := c.repeat(ctx, func(ctx context.Context) error {
		_, err := c.definitions.CreateOrUpdate(ctx, strings.TrimPrefix(d.scope, "/"), d.ID, d.body(), nil)
		return err
	}, func(err error, n int) bool {
		// A name is free only a while after its role was deleted.
		return busy(err) || ((late(err) || code(err) == sameName) && n < looks)
	})
	switch {
	case code(err) == sameName:
		return taken(d)
	case err != nil:
		return fmt.Errorf("role definition %s: %w", d.Name, err)
	}
	return nil
}

// retire deletes the role definitions of ours that nobody but principal had. Azure keeps
// those that have assignments, so one that is wanted again in the meantime stays.
func (c *clients) retire(ctx context.Context, principal string, list []definition) error {
	defer c.cfg.Locks.alone("role definitions")()
	for _, d := range list {
		_, ours, err := c.found(ctx, d)
		switch {
		case errors.Is(err, cloud.ErrNotFound), err == nil && !ours:
			continue
		case err != nil:
			return err
		}
		shared, err := c.shared(ctx, principal, d)
		if err != nil {
			return err
		}
		if shared {
			continue
		}
		if err := c.deleteDefinition(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// shared reports whether somebody else than principal has a role.
func (c *clients) shared(ctx context.Context, principal string, d definition) (bool, error) {
	list, err := c.listed(ctx, d.scope, nil)
	if err != nil {
		return false, fmt.Errorf("role assignments of %s: %w", d.Name, err)
	}
	for _, r := range list {
		if roleID(r) == d.ID && !strings.EqualFold(deref(r.Properties.PrincipalID), principal) {
			return true, nil
		}
	}
	return false, nil
}

func (c *clients) deleteDefinition(ctx context.Context, d definition) error {
	err := c.repeat(ctx, func(ctx context.Context) error {
		_, err := c.definitions.Delete(ctx, strings.TrimPrefix(d.scope, "/"), d.ID, nil)
		return err
	}, func(err error, n int) bool {
		// An assignment that was taken back counts for a while.
		return busy(err) || (code(err) == inUse && n < looks)
	})
	if err != nil && code(err) != inUse && !errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("role definition %s: %w", d.Name, err)
	}
	return nil
}
