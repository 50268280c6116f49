package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// hint says where requests go and what can be checked, for errors of requests that got no
// answer: those of an SDK often name neither.
type hint string

// of adds the hint to an error that there was no answer.
func (h hint) of(err error) error {
	var dial *net.OpError
	var name *net.DNSError
	var sent *url.Error
	switch {
	case err == nil, h == "", strings.Contains(err.Error(), string(h)):
		return err
	case errors.As(err, &dial), errors.As(err, &name), errors.As(err, &sent) && !errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: there is no answer from %s", err, h)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: the time is over. Where nothing was answered at all, check %s; where it only took longer, raise timeouts", err, h)
	}
	return err
}

// asking is a store whose errors say where it asked.
type asking[S any] struct {
	cloud.Store[S]
	hint
}

func (a asking[S]) Create(ctx context.Context, s S) (string, error) {
	id, err := a.Store.Create(ctx, s)
	return id, a.of(err)
}

func (a asking[S]) Read(ctx context.Context, id string, s S) (cloud.Settings, error) {
	got, err := a.Store.Read(ctx, id, s)
	return got, a.of(err)
}

func (a asking[S]) Update(ctx context.Context, id string, s S) error {
	return a.of(a.Store.Update(ctx, id, s))
}

func (a asking[S]) Delete(ctx context.Context, id string, s S) error {
	return a.of(a.Store.Delete(ctx, id, s))
}

// addressing is a store of identities that is asked for their addresses.
type addressing struct {
	asking[cloud.Identity]
	of addresser
}

// Address is later where nothing can be asked yet.
func (a addressing) Address(ctx context.Context, id string) (string, error) {
	if a.of == nil {
		return "", fmt.Errorf("identity %q: %w", id, cloud.ErrLater)
	}
	address, err := a.of.Address(ctx, id)
	return address, a.asking.of(err)
}

func asked[S any](store cloud.Store[S], h hint) cloud.Store[S] {
	if store == nil {
		return nil
	}
	return asking[S]{store, h}
}

// reached lets the errors of a driver say where it asked.
func (s *settings) reached(p *spec.Platform, c cloud.Cloud) cloud.Cloud {
	h := s.where(p.Cloud, p.Region)
	if h == "" {
		return c
	}
	c.Buckets.Store, c.Pools.Store = asked(c.Buckets.Store, h), asked(c.Pools.Store, h)
	if of, ok := c.Identities.Store.(addresser); ok {
		if s.blind(p.Cloud) != "" {
			of = nil
		}
		c.Identities.Store = addressing{asking[cloud.Identity]{c.Identities.Store, h}, of}
	} else {
		c.Identities.Store = asked(c.Identities.Store, h)
	}
	return c
}

// reader is that of a secret store whose errors say where it asked.
type reader struct {
	secrets.Reader
	hint
}

func (r reader) Version(ctx context.Context, id string, s secrets.Secret) (string, error) {
	version, err := r.Reader.Version(ctx, id, s)
	return version, r.of(err)
}

func (r reader) Values(ctx context.Context, id string, s secrets.Secret, version string) (secrets.Values, error) {
	values, err := r.Reader.Values(ctx, id, s, version)
	return values, r.of(err)
}

func (s *settings) reachedStore(at *spec.SecretStore, store secrets.Store) secrets.Store {
	h := s.where(storeSections[at.Type], at.Region)
	switch at.Type {
	case "vault":
		h = hint(fmt.Sprintf("the address of Vault, %s (vault.address or VAULT_ADDR), its port, whether it is up and unsealed, and the network and proxy (HTTPS_PROXY) of this machine", at.Address))
	case "azure_key_vault":
		h = hint(fmt.Sprintf("the address of the key vault, %s (azure.vault_url or AZURE_KEY_VAULT_URL), its firewall, and the network and proxy (HTTPS_PROXY) of this machine", at.Address))
	}
	store.Store, store.Reader = asked(store.Store, h), reader{store.Reader, h}
	return store
}

// where names the addresses of a section's services.
func (s *settings) where(section, region string) hint {
	given := map[string]string{}
	public := ""
	switch section {
	case "aws":
		if public = "AWS"; s.AWS != nil {
			given = addresses(s.AWS.Endpoints)
		}
	case "google":
		if public = "Google Cloud"; s.Google != nil {
			given = addresses(s.Google.Endpoints)
		}
	case "azure":
		if public = "Azure"; s.Azure != nil {
			given = addresses(s.Azure.Endpoints)
		}
	default:
		return ""
	}
	if region != "" {
		public += " in " + region
	}
	var at []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		at = append(at, fmt.Sprintf("%s.endpoints.%s = %s", section, name, given[name]))
	}
	out := "the public addresses of " + public
	if len(at) > 0 {
		out += ", or where the provider's configuration says otherwise: " + strings.Join(at, ", ")
	}
	return hint(out + "; check the address, the region, and the network and proxy (HTTPS_PROXY) of this machine")
}
