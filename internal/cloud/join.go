package cloud

import (
	"context"
	"errors"
	"slices"
)

// Join keeps an identity in a cloud and in another system beside it, where id is what
// that system calls it. The settings of the second are named "beside/…", so that they
// differ from the cloud's.
func Join(kind, beside Kind[Identity], id string) Kind[Identity] {
	if kind.Plan == nil {
		return kind
	}
	both := joined{kind.Store, beside.Store, id}
	out := Kind[Identity]{Plan: joinedPlan{kind.Plan, beside.Plan}, Store: both}
	if a, ok := kind.Store.(addresser); ok {
		out.Store = addressed{both, a}
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
	return beside(out, also), err
}

func (p joinedPlan) Fixed() []string {
	out := slices.Clone(p[0].Fixed())
	for _, name := range p[1].Fixed() {
		out = append(out, besides+name)
	}
	return out
}

const besides = "beside/"

func beside(out, also Settings) Settings {
	for name, value := range also {
		out[besides+name] = value
	}
	return out
}

// joined is the store of both; in is nil where a cloud keeps no identities.
type joined struct {
	in     Store[Identity]
	beside Store[Identity]
	id     string
}

func (s joined) Create(ctx context.Context, i Identity) (string, error) {
	id := i.On.Platform.Name + "/" + i.Name
	if s.in != nil {
		var err error
		if id, err = s.in.Create(ctx, i); err != nil {
			return id, err
		}
	}
	_, err := s.beside.Create(ctx, i)
	return id, err
}

func (s joined) Read(ctx context.Context, id string, i Identity) (Settings, error) {
	out := Settings{}
	if s.in != nil {
		got, err := s.in.Read(ctx, id, i)
		if err != nil {
			return nil, err
		}
		out = got
	}
	also, err := s.beside.Read(ctx, s.id, i)
	switch {
	case errors.Is(err, ErrNotFound) && s.in != nil:
		return out, nil // its settings are missing: the next update makes them again
	case err != nil:
		return nil, err
	}
	return beside(out, also), nil
}

func (s joined) Update(ctx context.Context, id string, i Identity) error {
	if s.in != nil {
		if err := s.in.Update(ctx, id, i); err != nil {
			return err
		}
	}
	err := s.beside.Update(ctx, s.id, i)
	if errors.Is(err, ErrNotFound) {
		_, err = s.beside.Create(ctx, i)
	}
	return err
}

func (s joined) Delete(ctx context.Context, id string, i Identity) error {
	err := s.beside.Delete(ctx, s.id, i)
	if s.in != nil {
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		err = s.in.Delete(ctx, id, i)
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
