// Package secretstest is the suite that every secret store passes: the life and the faults
// of cloudtest, values that come back as they were written, versions that nobody overwrites
// unseen, and errors that never show a value. It knows no store.
package secretstest

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

// Rig is a store on an empty server. Of the embedded rig the Cloud stays empty.
type Rig struct {
	cloudtest.Rig
	Store secrets.Store
}

// Open makes a fresh rig, whose store talks through wrap(transport), without long pauses
// between its tries.
type Open func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) Rig

// Case is how to try a store.
type Case struct {
	Name string
	// Before is created, and After is what it is updated to: it differs in every setting
	// that an update changes. The suite gives both their values.
	Before, After secrets.Secret
	// Tamper and Foreign are those of a cloudtest.Case.
	Tamper  func(t *testing.T, r Rig, id, setting string)
	Foreign func(t *testing.T, r Rig)
	// Write makes a new version with these values, by the hand of somebody else.
	Write func(t *testing.T, r Rig, id string, values map[string]string)
	// Hidden are further texts that no error may show: tokens, passwords.
	Hidden []string
}

// The values of Before, of After, and of somebody else. Each has quotes, a line break and
// what else is written in another way in JSON, in an address or in a header.
var (
	first  = map[string]string{"username": "tracker-canary-1", "password": "canary-1 \"quoted\" \\ 100% <&> ü\n-----END-----\n", "empty": ""}
	second = map[string]string{"username": "tracker-canary-2", "address": "canary-2 plain"}
	others = map[string]string{"username": "tracker-canary-3", "token": "canary-3 of another"}
)

// Run checks everything. The suite of cloudtest is in it.
func Run(t *testing.T, open Open, c Case) {
	t.Helper()
	c.Before.Values, c.After.Values = secrets.ValuesOf(first), secrets.ValuesOf(second)
	run := func(name string, f func(*testing.T, Open, Case)) {
		t.Run(c.Name+"/"+name, func(t *testing.T) { t.Parallel(); f(t, open, c) })
	}
	run("values come back", roundTrip)
	run("versions", versions)
	run("somebody else writes", conflict)
	run("absent", absent)
	run("deleted", deleted)
	run("taken up", takenUp)
	t.Run(c.Name+"/errors show no value", func(t *testing.T) { silent(t, open, c) })
	cloudtest.Run(t, carry(open), carried(c))
}

// carrier brings a store through cloudtest, which knows clouds only.
type carrier struct {
	cloud.Dialect
	rig Rig
}

func carry(open Open) cloudtest.Open {
	return func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		r := open(t, wrap)
		r.Cloud = cloud.Cloud{Dialect: carrier{rig: r}}
		return r.Rig
	}
}

func rigOf(c cloud.Cloud) Rig { return c.Dialect.(carrier).rig } //nolint:forcetypeassert // carry put it there

func carried(c Case) cloudtest.Case[secrets.Secret] {
	out := cloudtest.Case[secrets.Secret]{
		Name: c.Name, Before: c.Before, After: c.After, With: with,
		Kind:   func(in cloud.Cloud) cloud.Kind[secrets.Secret] { return rigOf(in).Store.Kind },
		Tamper: func(t *testing.T, r cloudtest.Rig, id, setting string) { c.Tamper(t, rigOf(r.Cloud), id, setting) },
	}
	if c.Foreign != nil {
		out.Foreign = func(t *testing.T, r cloudtest.Rig) { c.Foreign(t, rigOf(r.Cloud)) }
	}
	return out
}

func with(s secrets.Secret, id string) secrets.Secret {
	s.On.ID = id
	return s
}

// kept is a secret that was created.
type kept struct {
	Rig
	id string
	s  secrets.Secret
}

func create(t *testing.T, open Open, c Case) kept {
	t.Helper()
	r := open(t, func(next http.RoundTripper) http.RoundTripper { return next })
	id, err := r.Store.Store.Create(t.Context(), c.Before)
	if err != nil || id == "" {
		t.Fatalf("create: id %q, %v", id, err)
	}
	return kept{r, id, with(c.Before, id)}
}

// holds checks the values of a version; "" is the newest.
func (k kept) holds(t *testing.T, version string, want map[string]string) {
	t.Helper()
	got, err := k.Store.Values(t.Context(), k.id, k.s, version)
	if err != nil {
		t.Fatalf("values of version %q: %v", version, err)
	}
	if !maps.Equal(got.Reveal(), want) {
		t.Errorf("version %q holds other values than were written: keys %v, want %d", version, got.Keys(), len(want))
	}
}

func (k kept) version(t *testing.T) string {
	t.Helper()
	v, err := k.Store.Version(t.Context(), k.id, k.s)
	if err != nil || v == "" {
		t.Fatalf("version %q, %v", v, err)
	}
	return v
}

// update writes values on top of the version seen.
func (k kept) update(ctx context.Context, values map[string]string, seen string) error {
	s := k.s
	s.Values, s.Version = secrets.ValuesOf(values), seen
	return k.Store.Store.Update(ctx, k.id, s)
}

func roundTrip(t *testing.T, open Open, c Case) {
	k := create(t, open, c)
	k.holds(t, "", first)
	k.holds(t, k.version(t), first)
	if ref := k.Store.Reference(k.id, k.s); ref == "" || strings.Contains(ref, "canary") {
		t.Errorf("the reference is %q", ref)
	}
}

func versions(t *testing.T, open Open, c Case) {
	k := create(t, open, c)
	v1 := k.version(t)
	if err := k.update(t.Context(), second, v1); err != nil {
		t.Fatalf("a new version: %v", err)
	}
	v2 := k.version(t)
	if v1 == v2 {
		t.Errorf("a new version has the number of the old one, %s", v1)
	}
	k.holds(t, "", second)
	k.holds(t, v1, first)
	if err := k.update(t.Context(), nil, v2); err != nil {
		t.Errorf("an update without values: %v", err)
	}
	if got := k.version(t); got != v2 {
		t.Errorf("an update without values made version %s", got)
	}
	if err := k.update(t.Context(), first, ""); err != nil {
		t.Errorf("on the newest version, whichever it is: %v", err)
	}
	k.holds(t, "", first)
}

func conflict(t *testing.T, open Open, c Case) {
	k := create(t, open, c)
	seen := k.version(t)
	c.Write(t, k.Rig, k.id, others)
	newest := k.version(t)
	if seen == newest {
		t.Fatalf("what somebody else wrote is version %s as well", seen)
	}
	err := k.update(t.Context(), second, seen)
	if !errors.Is(err, cloud.ErrConflict) || !strings.Contains(err.Error(), seen) || !strings.Contains(err.Error(), newest) {
		t.Errorf("values over those of somebody else: %v; want ErrConflict with versions %s and %s", err, seen, newest)
	}
	k.holds(t, "", others)
	if err := k.update(t.Context(), second, newest); err != nil {
		t.Errorf("once the new version was seen: %v", err)
	}
	k.holds(t, "", second)
}

func absent(t *testing.T, open Open, c Case) {
	k := create(t, open, c)
	if err := k.Store.Store.Delete(t.Context(), k.id, k.s); err != nil {
		t.Fatal(err)
	}
	if v, err := k.Store.Version(t.Context(), k.id, k.s); !errors.Is(err, cloud.ErrNotFound) || v != "" {
		t.Errorf("the version of what is gone: %q, %v", v, err)
	}
	if v, err := k.Store.Values(t.Context(), k.id, k.s, ""); !errors.Is(err, cloud.ErrNotFound) || !v.Empty() {
		t.Errorf("the values of what is gone: %v, %v", v, err)
	}
	if err := k.update(t.Context(), second, ""); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("values for what is gone: %v", err)
	}
}

// deleted makes a secret anew that was deleted in whichever way the store has.
func deleted(t *testing.T, open Open, c Case) {
	k := create(t, open, c)
	if err := k.Store.Store.Delete(t.Context(), k.id, k.s); err != nil {
		t.Fatal(err)
	}
	again := c.Before
	again.Values = secrets.ValuesOf(second)
	id, err := k.Store.Store.Create(t.Context(), again)
	if err != nil || id != k.id {
		t.Fatalf("create after delete: id %q, %v", id, err)
	}
	k.holds(t, "", second)
}

// takenUp lets a Create of what is there already fail at each of its requests. It must give
// no id: what comes back with an error is made anew, and nobody asked for the end of what
// was there before.
func takenUp(t *testing.T, open Open, c Case) {
	for at := 0; ; at++ {
		k, l := prepare(t, open, c, "update")
		l.arm(denial, at)
		id, err := k.Store.Store.Create(t.Context(), c.After)
		if l.n <= at {
			if err != nil || id != k.id {
				t.Errorf("without a fault: id %q, %v", id, err)
			}
			return
		}
		if err != nil && id != "" {
			t.Errorf("denied from request %d on: id %q beside %v", at+1, id, err)
		}
	}
}
