package cloud

import (
	"context"
	"errors"
	"maps"
)

// Join keeps an object in a cloud and in another system beside it, which finds its part
// by the object itself and needs no id. The settings of the second are named "vault/…"
// by it, so that they differ from the cloud's.
func Join(kind Kind[Identity], beside Kind[Identity]) Kind[Identity] {
	if kind.Plan == nil {
		return kind
	}
	out := Kind[Identity]{Plan: joinedPlan{kind.Plan, beside.Plan}, Store: joined{kind.Store, beside.Store}}
	if a, ok := kind.Store.(addresser); ok {
		out.Store = addressed{joined{kind.Store, beside.Store}, a}
	}
	return out
}

type joinedPlan [2]Plan[Identity]

func (p joinedPlan) Settings(i Identity) (Settings, error) {
	out, err := p[0].Settings(i)
	if err != nil {
		return nil, err
	}
	also, err := p[1].Settings(i)
	maps.Copy(out, also)
	return out, err
}

func (p joinedPlan) Fixed() []string { return append(p[0].Fixed(), p[1].Fixed()...) }

// joined is the store of both; the first is nil where a cloud keeps no identities.
type joined [2]Store[Identity]

func (s joined) Create(ctx context.Context, i Identity) (string, error) {
	id := i.On.Platform.Name + "/" + i.Name
	if s[0] != nil {
		var err error
		if id, err = s[0].Create(ctx, i); err != nil {
			return id, err
		}
	}
	_, err := s[1].Create(ctx, i)
	return id, err
}

func (s joined) Read(ctx context.Context, id string, i Identity) (Settings, error) {
	out := Settings{}
	if s[0] != nil {
		got, err := s[0].Read(ctx, id, i)
		if err != nil {
			return nil, err
		}
		out = got
	}
	also, err := s[1].Read(ctx, "", i)
	switch {
	case errors.Is(err, ErrNotFound) && s[0] != nil:
		return out, nil // its settings are missing: the next update makes them again
	case err != nil:
		return nil, err
	}
	maps.Copy(out, also)
	return out, nil
}

func (s joined) Update(ctx context.Context, id string, i Identity) error {
	if s[0] != nil {
		if err := s[0].Update(ctx, id, i); err != nil {
			return err
		}
	}
	err := s[1].Update(ctx, "", i)
	if errors.Is(err, ErrNotFound) {
		_, err = s[1].Create(ctx, i)
	}
	return err
}

func (s joined) Delete(ctx context.Context, id string, i Identity) error {
	err := s[1].Delete(ctx, "", i)
	if s[0] != nil {
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		err = s[0].Delete(ctx, id, i)
	}
	return err
}

// addresser is a store that knows what its cloud calls an identity.
type addresser interface {
	Address(ctx context.Context, id string) (string, error)
}

type addressed struct {
	joined
	addresser
}
