// Package cloudtest is the suite that every cloud driver passes: the life of an object,
// changes by hand, and faults at every single request.
package cloudtest

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// Rig is a driver on a fake of its cloud, which is empty.
type Rig struct {
	Cloud cloud.Cloud
	// Count is how many objects of any kind the fake holds, leftovers included.
	Count func() int
	// Fake is the fake itself, for a case's own Tamper.
	Fake any
	// Answer is the cloud's own answer for a fault, nil where the cloud has none for
	// that request.
	Answer func(Fault, *http.Request) *http.Response
}

// Open makes a fresh rig. The driver must talk through wrap(transport), without
// long pauses between its tries.
type Open func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) Rig

// Case is one kind of object and how to try it.
type Case[S any] struct {
	Name string
	Kind func(cloud.Cloud) cloud.Kind[S]
	// Before is created, and After is what it is updated to: it differs in every setting
	// that an update changes.
	Before, After S
	// With gives an object its id, as a state does.
	With func(s S, id string) S
	// Tamper changes one setting by hand. It is called for each that an update changes.
	Tamper func(t *testing.T, r Rig, id, setting string)
	// Foreign makes an object of somebody else under the name of Before. nil where the
	// cloud cannot have one.
	Foreign func(t *testing.T, r Rig)
}

// Run checks the life of an object, and every fault at every request of it.
func Run[S any](t *testing.T, open Open, c Case[S]) {
	t.Helper()
	Life(t, open, c)
	t.Run(c.Name+"/faults", func(t *testing.T) { faults(t, open, c) })
}

// Life is Run without faults, for a driver that sends nothing.
func Life[S any](t *testing.T, open Open, c Case[S]) {
	t.Helper()
	t.Run(c.Name+"/life", func(t *testing.T) { t.Parallel(); life(t, open, c) })
	t.Run(c.Name+"/by hand", func(t *testing.T) { t.Parallel(); byHand(t, open, c) })
	if c.Foreign != nil {
		t.Run(c.Name+"/of another", func(t *testing.T) { t.Parallel(); ofAnother(t, open, c) })
	}
}

func plain(next http.RoundTripper) http.RoundTripper { return next }

// tried is an object of a case under way.
type tried[S any] struct {
	Case[S]
	Rig
	kind cloud.Kind[S]
}

func start[S any](t *testing.T, open Open, c Case[S], wrap func(http.RoundTripper) http.RoundTripper) tried[S] {
	t.Helper()
	r := open(t, wrap)
	return tried[S]{c, r, c.Kind(r.Cloud)}
}

func (o tried[S]) create(t *testing.T, s S) string {
	t.Helper()
	id, err := o.kind.Store.Create(t.Context(), s)
	if err != nil || id == "" {
		t.Fatalf("create: id %q, %v", id, err)
	}
	return id
}

// holds checks that the cloud has what s wants.
func (o tried[S]) holds(t *testing.T, id string, s S) {
	t.Helper()
	want, err := o.kind.Plan.Settings(o.With(s, id))
	if err != nil {
		t.Fatalf("settings: %v", err)
	}
	got, err := o.kind.Store.Read(t.Context(), id, o.With(s, id))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	for _, name := range differing(want, got) {
		t.Errorf("setting %s is %q, want %q", name, got[name], want[name])
	}
}

// differing lists the settings that differ, leaving out those nobody can know.
func differing(want, got cloud.Settings) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have, there := got[name]; want[name] != cloud.Later && (!there || have != want[name]) {
			out = append(out, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, there := want[name]; !there {
			out = append(out, name)
		}
	}
	return out
}

func life[S any](t *testing.T, open Open, c Case[S]) {
	o := start(t, open, c, plain)
	store, empty := o.kind.Store, o.Count()
	id := o.create(t, c.Before)
	o.holds(t, id, c.Before)
	full := o.Count()
	if full <= empty {
		t.Fatalf("the fake counts %d objects before and %d after a create", empty, full)
	}
	if again, err := store.Create(t.Context(), c.Before); err != nil || again != id || o.Count() != full {
		t.Errorf("what an interrupted create left is taken up: id %q, %v, %d objects; want %q and %d", again, err, o.Count(), id, full)
	}
	if err := store.Update(t.Context(), id, o.With(c.After, id)); err != nil {
		t.Fatalf("update: %v", err)
	}
	o.holds(t, id, c.After)
	if err := store.Update(t.Context(), id, o.With(c.After, id)); err != nil {
		t.Errorf("update with nothing to do: %v", err)
	}
	if err := store.Delete(t.Context(), id, o.With(c.After, id)); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if got := o.Count(); got != empty {
		t.Errorf("%d objects are left over", got-empty)
	}
	absent(t, o, id)
}

func absent[S any](t *testing.T, o tried[S], id string) {
	t.Helper()
	for name, do := range map[string]func(context.Context) error{
		"read": func(ctx context.Context) error {
			_, err := o.kind.Store.Read(ctx, id, o.With(o.Before, id))
			return err
		},
		"update": func(ctx context.Context) error { return o.kind.Store.Update(ctx, id, o.With(o.Before, id)) },
		"delete": func(ctx context.Context) error { return o.kind.Store.Delete(ctx, id, o.With(o.Before, id)) },
	} {
		if err := do(t.Context()); !errors.Is(err, cloud.ErrNotFound) {
			t.Errorf("%s of what is gone: %v, want ErrNotFound", name, err)
		}
	}
}

// byHand changes each setting behind the driver's back: it must be seen and repaired.
func byHand[S any](t *testing.T, open Open, c Case[S]) {
	o := start(t, open, c, plain)
	id := o.create(t, c.Before)
	want, err := o.kind.Plan.Settings(o.With(c.Before, id))
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range slices.Sorted(maps.Keys(want)) {
		if slices.Contains(o.kind.Plan.Fixed(), setting) {
			continue
		}
		c.Tamper(t, o.Rig, id, setting)
		got, err := o.kind.Store.Read(t.Context(), id, o.With(c.Before, id))
		if err != nil {
			t.Fatalf("%s changed by hand: read: %v", setting, err)
		}
		if seen := differing(want, got); !slices.Contains(seen, setting) {
			t.Errorf("%s was changed by hand, and reading shows changes of %v", setting, seen)
		}
		if err := o.kind.Store.Update(t.Context(), id, o.With(c.Before, id)); err != nil {
			t.Fatalf("%s changed by hand: update: %v", setting, err)
		}
		o.holds(t, id, c.Before)
	}
}

func ofAnother[S any](t *testing.T, open Open, c Case[S]) {
	o := start(t, open, c, plain)
	c.Foreign(t, o.Rig)
	before := o.Count()
	if id, err := o.kind.Store.Create(t.Context(), c.Before); !errors.Is(err, cloud.ErrExists) || id != "" {
		t.Errorf("create over an object of somebody else: id %q, %v; want ErrExists and no id", id, err)
	}
	if o.Count() != before {
		t.Errorf("the refused create left %d objects more", o.Count()-before)
	}
}
