package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// identities keeps identities as user-assigned identities PLATFORM-NAME. The id is the
// identity's resource id.
type identities struct{ *driver }

// Settings are those of the identity, of who takes it and of what it may do.
func (s identities) Settings(i cloud.Identity) (cloud.Settings, error) {
	w, err := s.wanted(i, "")
	if err != nil {
		return nil, err
	}
	out := w.describe(s.location(i.On), w.tags, []federated{w.trust}, w.roles, w.definitions)
	if w.trust.issuer == "" {
		out["issuer"] = cloud.Later
	}
	if w.later {
		out["policy"] = cloud.Later
	}
	return out, nil
}

// Fixed are the name and the place.
func (identities) Fixed() []string { return []string{"name", "location"} }

func (s identities) Create(ctx context.Context, i cloud.Identity) (string, error) {
	w, err := s.wanted(i, "")
	if err != nil {
		return "", err
	}
	c, err := s.clients()
	if err != nil {
		return "", err
	}
	if err := w.resolve(ctx, c, i); err != nil {
		return "", err
	}
	defer s.alone("identity " + w.name)()
	have, err := c.identity(ctx, w.name)
	switch {
	case errors.Is(err, cloud.ErrNotFound):
	case err == nil && !i.Ours(values(have.Tags), i.Name):
		return "", fmt.Errorf("identity %s of resource group %s: %w: import it with its resource id, or name its client id in existing", w.name, s.cfg.ResourceGroup, cloud.ErrExists)
	case err != nil:
		return "", err
	}
	// A role of somebody else is refused before there is an identity.
	if err := c.define(ctx, w.definitions...); err != nil {
		return "", err
	}
	if have == nil {
		if have, err = c.putIdentity(ctx, w, s.location(i.On), nil); err != nil {
			return "", err
		}
	}
	if err := s.apply(ctx, c, w, have); err != nil {
		return "", err
	}
	group, err := s.group(s.cfg.ResourceGroup)
	return group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + w.name, err
}

// apply brings about what differs.
func (s identities) apply(ctx context.Context, c *clients, w wantedIdentity, have *armmsi.Identity) error {
	if !maps.Equal(cloud.Managed(values(have.Tags), w.tags), w.tags) {
		if _, err := c.putIdentity(ctx, w, deref(have.Location), have.Tags); err != nil {
			return err
		}
	}
	if err := c.federate(ctx, w.name, w.trust); err != nil {
		return err
	}
	if principal(have) == "" {
		return fmt.Errorf("identity %s: Azure names no principal for it", w.name)
	}
	back, err := c.assign(ctx, principal(have), w.roles)
	if err != nil {
		return err
	}
	return c.retire(ctx, principal(have), w.given(back))
}

// principal is who an identity is in role assignments.
func principal(i *armmsi.Identity) string {
	if i.Properties == nil {
		return ""
	}
	return deref(i.Properties.PrincipalID)
}

func (c *clients) identity(ctx context.Context, name string) (*armmsi.Identity, error) {
	var got armmsi.UserAssignedIdentitiesClientGetResponse
	err := c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.identities.Get(ctx, c.cfg.ResourceGroup, name, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", name, err)
	}
	return &got.Identity, nil
}

func (c *clients) putIdentity(ctx context.Context, w wantedIdentity, location string, there map[string]*string) (*armmsi.Identity, error) {
	var got armmsi.UserAssignedIdentitiesClientCreateOrUpdateResponse
	err := c.made(ctx, func(ctx context.Context) (err error) {
		got, err = c.identities.CreateOrUpdate(ctx, c.cfg.ResourceGroup, w.name, armmsi.Identity{Location: to.Ptr(location), Tags: merged(there, w.tags)}, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", w.name, err)
	}
	return &got.Identity, nil
}

// named is the name in the resource id of an identity of this resource group.
func (s identities) named(id string) (string, error) {
	group, err := s.group(s.cfg.ResourceGroup)
	if err != nil {
		return "", err
	}
	prefix := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	if len(id) <= len(prefix) || !strings.EqualFold(id[:len(prefix)], prefix) || strings.Contains(id[len(prefix):], "/") {
		return "", fmt.Errorf("%q is no id of an identity of this resource group: it is %sNAME", id, prefix)
	}
	return id[len(prefix):], nil
}

// open finds the identity with an id.
func (s identities) open(ctx context.Context, id string) (*clients, *armmsi.Identity, string, error) {
	name, err := s.named(id)
	if err != nil {
		return nil, nil, "", err
	}
	c, err := s.clients()
	if err != nil {
		return nil, nil, "", err
	}
	have, err := c.identity(ctx, name)
	return c, have, name, err
}

func (s identities) Read(ctx context.Context, id string, i cloud.Identity) (cloud.Settings, error) {
	c, have, name, err := s.open(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := s.wanted(i, name)
	if err != nil {
		return nil, err
	}
	credentials, err := c.credentialsOf(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := c.recognize(ctx, i, w, credentials); err != nil {
		return nil, err
	}
	roles, err := c.assigned(ctx, principal(have), w.roles)
	if err != nil {
		return nil, err
	}
	definitions, err := c.defined(ctx, w.definitions)
	if err != nil {
		return nil, err
	}
	return w.describe(deref(have.Location), values(have.Tags), credentials, roles, definitions), nil
}

func (s identities) Update(ctx context.Context, id string, i cloud.Identity) error {
	name, err := s.named(id)
	if err != nil {
		return err
	}
	defer s.alone("identity " + name)()
	c, have, _, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	w, err := s.wanted(i, name)
	if err != nil {
		return err
	}
	if err := w.resolve(ctx, c, i); err != nil {
		return err
	}
	if err := c.define(ctx, w.definitions...); err != nil {
		return err
	}
	return s.apply(ctx, c, w, have)
}

// Delete takes the roles back first: an assignment of a principal that is gone stays for
// ever. Roles that nobody else has go with them.
func (s identities) Delete(ctx context.Context, id string, i cloud.Identity) error {
	name, err := s.named(id)
	if err != nil {
		return err
	}
	defer s.alone("identity " + name)()
	c, have, _, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	platform := platformOf(i)
	if platform == "" { // an imported identity has a name only
		platform = deref(have.Tags[cloud.MarkPlatform])
	}
	shared, err := s.definitionsOf(platform)
	if err != nil {
		return err
	}
	if _, err := c.assign(ctx, principal(have), nil); err != nil {
		return err
	}
	if err := c.retire(ctx, principal(have), shared); err != nil {
		return err
	}
	err = c.try(ctx, func(ctx context.Context) error {
		_, err := c.identities.Delete(ctx, c.cfg.ResourceGroup, name, nil)
		return err
	})
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("identity %s: %w", name, err)
	}
	return nil
}

// Address is the client id, which service accounts name the identity by.
func (s identities) Address(ctx context.Context, id string) (string, error) {
	_, have, name, err := s.open(ctx, id)
	if err != nil {
		return "", err
	}
	if have.Properties == nil || deref(have.Properties.ClientID) == "" {
		return "", fmt.Errorf("identity %s: Azure names no client id for it", name)
	}
	return deref(have.Properties.ClientID), nil
}
