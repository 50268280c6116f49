package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/api/storage/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// identities keeps the bindings of identities. The id is NUMBER/PLATFORM/NAME, with the
// number of the project, or its id for the workflows of a forge.
type identities struct {
	services
	d dialect
}

// Create binds what is granted. It takes up what an earlier one left.
func (s identities) Create(ctx context.Context, i cloud.Identity) (string, error) {
	id, err := s.identify(ctx, i)
	if err != nil {
		return "", fmt.Errorf("identity %q: %w", i.Name, err)
	}
	i.On.ID = id
	changed, _, err := s.reconcile(ctx, i, false)
	if err != nil {
		if !changed {
			id = "" // nothing came to be
		}
		return id, fmt.Errorf("identity %q: %w", i.Name, err)
	}
	return id, nil
}

// identify makes the id. The number in it makes the principal known in every later plan.
func (s identities) identify(ctx context.Context, i cloud.Identity) (string, error) {
	owner := s.Project
	if i.Subject != nil && i.Subject.Kubernetes != nil {
		var err error
		if owner, err = s.number(ctx); err != nil {
			return "", err
		}
	}
	return owner + "/" + i.On.Platform.Name + "/" + i.Name, nil
}

func (s identities) Read(ctx context.Context, id string, i cloud.Identity) (cloud.Settings, error) {
	i.On.ID = id
	g, err := grants(i)
	if err != nil {
		return nil, err
	}
	out := cloud.Settings{"principal": "", "bindings": presence(g), "elsewhere": g.elsewhere(s.Project)}
	for _, setting := range g.later {
		out[setting] = cloud.Later
	}
	var members []string
	for _, p := range g.places {
		have, err := s.get(ctx, p)
		if err != nil && !errors.Is(err, cloud.ErrNotFound) {
			return nil, fmt.Errorf("identity %q: %s: %w", i.Name, p.setting, err)
		}
		ours, _ := have.marked(s.d.mark(i))
		rules, whose := found(ours)
		out[p.setting], members = canonicalSet(rules), append(members, whose...)
	}
	slices.Sort(members)
	members = slices.Compact(members)
	switch {
	case len(members) == 1:
		out["principal"] = members[0]
	case len(members) > 1:
		out["principal"] = canonical(members)
	case len(g.places) > 0:
		return nil, fmt.Errorf("identity %q: no bindings of it: %w", i.Name, cloud.ErrNotFound)
	default:
		principal, err := s.principal(ctx, i)
		if err != nil {
			return nil, err
		}
		out["principal"] = principal
	}
	return out, nil
}

// Update binds what is granted, and removes what is granted no longer, wherever it is in the
// project.
func (s identities) Update(ctx context.Context, id string, i cloud.Identity) error {
	i.On.ID = id
	_, before, err := s.reconcile(ctx, i, true)
	if err == nil && before == 0 {
		err = s.missing(i)
	}
	if err != nil {
		return fmt.Errorf("identity %q: %w", i.Name, err)
	}
	return nil
}

// missing is ErrNotFound for an identity that should have had bindings.
func (identities) missing(i cloud.Identity) error {
	g, err := grants(i)
	if err != nil || presence(g) == unset {
		return err
	}
	return fmt.Errorf("no bindings of it: %w", cloud.ErrNotFound)
}

// Delete removes the bindings, and nothing else. What they were on may be gone already.
func (s identities) Delete(ctx context.Context, id string, i cloud.Identity) error {
	i.On.ID = id
	g, err := grants(i)
	if err != nil {
		return err
	}
	before := 0
	places, err := s.everywhere(ctx, i, g)
	for _, p := range places {
		if err != nil {
			break
		}
		var n int
		n, err = s.release(ctx, p, i)
		before += n
	}
	switch {
	case err != nil:
		return fmt.Errorf("identity %q: %w", i.Name, err)
	case before == 0:
		return fmt.Errorf("identity %q: no bindings of it: %w", i.Name, cloud.ErrNotFound)
	}
	return nil
}

// reconcile brings the bindings about. When exact, bindings that were there before are
// wanted: with none the identity is gone, and nothing is made.
func (s identities) reconcile(ctx context.Context, i cloud.Identity, exact bool) (changed bool, before int, err error) {
	g, err := grants(i)
	if err != nil {
		return false, 0, err
	}
	if len(g.later) > 0 {
		return false, 0, fmt.Errorf("%s: its name in the store is not known: %w", g.later[0], cloud.ErrLater)
	}
	principal, err := s.principal(ctx, i)
	if err != nil {
		return false, 0, err
	}
	places, err := s.everywhere(ctx, i, g)
	if err != nil {
		return false, 0, err
	}
	if exact {
		if before, err = s.count(ctx, places, i); err != nil || before == 0 {
			return false, before, err
		}
	}
	for _, p := range places {
		if p.granted {
			err = s.grant(ctx, p.place, i, s.d.bindings(i, principal, g.rules[p.place]))
		} else {
			_, err = s.release(ctx, p, i)
		}
		if err != nil {
			return changed, before, err
		}
		changed = changed || p.granted
	}
	return changed, before, nil
}

// everywhere are the granted places first, then the others of the project.
func (s identities) everywhere(ctx context.Context, i cloud.Identity, g granted) ([]candidate, error) {
	secrets := i.On.Platform.SecretStore == "google_secret_manager" || slices.ContainsFunc(g.places, func(p place) bool { return p.secret != "" })
	others, err := s.bound(ctx, secrets)
	if err != nil {
		return nil, err
	}
	var out []candidate
	for _, p := range g.places {
		out = append(out, candidate{place: p, granted: true})
	}
	return append(out, slices.DeleteFunc(others, func(c candidate) bool {
		return slices.ContainsFunc(g.places, func(p place) bool { return p.resource() == c.resource() })
	})...), nil
}

// count stops at the first place with bindings: more need not be known.
func (s identities) count(ctx context.Context, places []candidate, i cloud.Identity) (int, error) {
	for _, p := range places {
		have, err := s.get(ctx, p.place)
		if err != nil && !p.ignores(err) {
			return 0, fmt.Errorf("%s: %w", p.setting, err)
		}
		if ours, _ := have.marked(s.d.mark(i)); len(ours) > 0 {
			return len(ours), nil
		}
	}
	return 0, nil
}

// grant binds on a place that may have been made a moment ago.
func (s identities) grant(ctx context.Context, p place, i cloud.Identity, ours []*storage.PolicyBindings) error {
	err := s.patient(ctx, func() error {
		_, err := s.bind(ctx, p, s.d.mark(i), ours)
		return err
	})
	if errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("%s is granted and does not exist: make it first, or refer to it so that Terraform does", p.setting)
	}
	if err != nil && strings.Contains(err.Error(), "Identity Pool does not exist") {
		return fmt.Errorf("%s: %w; a cluster of the project with Workload Identity makes the pool of service accounts, `gcloud iam workload-identity-pools create` that of a forge", p.setting, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.setting, err)
	}
	return nil
}

// release removes the bindings of an identity from a place, and says how many there were.
func (s identities) release(ctx context.Context, p candidate, i cloud.Identity) (int, error) {
	n, err := s.bind(ctx, p.place, s.d.mark(i), nil)
	if err != nil && !p.ignores(err) {
		return n, fmt.Errorf("%s: %w", p.setting, err)
	}
	return n, nil
}

// ignores are errors that need not end a search: a place that is gone holds no bindings,
// and one of somebody else that is closed to us was never ours to bind on.
func (p candidate) ignores(err error) bool {
	return errors.Is(err, cloud.ErrNotFound) || (!p.granted && !p.ours && errors.Is(err, errForbidden))
}

// principal is the dialect's, with the number asked for when it must be.
func (s identities) principal(ctx context.Context, i cloud.Identity) (string, error) {
	out, err := s.d.principal(i)
	if !errors.Is(err, cloud.ErrLater) {
		return out, err
	}
	d := s.d
	if d.number, err = s.number(ctx); err != nil {
		return "", err
	}
	return d.principal(i)
}
