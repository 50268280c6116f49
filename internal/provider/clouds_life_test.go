package provider_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
)

// story is the life of one resource on one cloud.
type story struct {
	kind string // of the resource
	// first and second are its bodies: the second differs in an attribute that is updated
	// in place, and shows in a setting.
	first, second, updated, updates string
	before                          string         // other resources that it needs
	known                           map[string]any // attributes that the first plan knows; nil is any value
	set                             map[string]string
	// byHand changes a setting behind the provider's back.
	byHand func(s *site, id string)
	hand   string // that setting
	// fresh are attributes that the previous release did not have.
	fresh []string
	// moves replaces the region; it is a setting of this name.
	fixed string
	// other is a body that only another object can have, where the region is not fixed.
	other string
	// importedFrom stands before the id of an import; the cloud when it is empty.
	importedFrom string
	env          []string
}

const platformOn = `
provider "mlops" {
  %s
}
resource "mlops_platform" "p" {
  name         = "fraud"
  owner        = "risk"
  cloud        = %q
  region       = %q
  cluster      = { name = "ml" }
  environments = { staging = {} }
  %s
}
`

func (s *site) platform(region int) string {
	return fmt.Sprintf(platformOn, s.section, s.cloud, s.regions[region], s.more)
}

func (y story) resource(label, body string) string {
	return fmt.Sprintf("%s\nresource %q %q {\n  platform = mlops_platform.p.spec\n  %s\n}\n", y.before, y.kind, label, body)
}

// lives runs a story: every stage begins and ends with a plan that is empty.
func (y story) lives(t *testing.T, s *site) {
	t.Helper()
	f := newFolder(t, y.env...)
	one := y.kind + ".one"
	want := func(c change, action string) {
		t.Helper()
		if c.action() != action {
			t.Fatalf("the plan is to %s %s, want %s: it changes %v and replaces for %v", c.action(), c.Address, action, c.differs(), c.ChangeOf.Replaced)
		}
	}
	if y.before != "" {
		f.write(s.platform(0) + y.before)
		f.apply()
	}
	empty := s.count()

	f.write(s.platform(0) + y.resource("one", y.first))
	c := f.planned(one)
	want(c, "create")
	for name, value := range y.known {
		got := c.ChangeOf.After[name]
		if value == nil && len(fmt.Sprint(got)) < 3 || c.ChangeOf.Unknown[name] == true {
			t.Errorf("before there is one, %s is %v in the plan", name, got)
		}
		if value != nil && fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("before there is one, %s is %v in the plan, want %v", name, got, value)
		}
	}
	for name, value := range y.set {
		if got := c.settings()[name]; got != value {
			t.Errorf("the plan shows setting %s as %q, want %q; all: %v", name, got, value, c.settings())
		}
	}
	f.applied()
	if s.count() <= empty {
		t.Fatalf("nothing was made")
	}
	id := fmt.Sprint(f.attribute(y.kind, "id"))

	f.write(s.platform(0) + y.resource("one", y.second))
	c = f.planned(one)
	want(c, "update")
	if y.updates != "" && c.settings()[y.updates] == c.before()[y.updates] || !slices.Contains(c.differs(), y.updated) {
		t.Errorf("an update of %s changes %v, and not setting %s: %v", y.updated, c.differs(), y.updates, c.settings())
	}
	f.applied()

	y.byHand(s, id)
	c = f.planned(one)
	want(c, "update")
	if c.settings()[y.hand] == c.before()[y.hand] || c.settings()[y.hand] == "" {
		t.Errorf("%s was changed by hand: refreshing shows %q, and the plan %q", y.hand, c.before()[y.hand], c.settings()[y.hand])
	}
	f.applied()

	f.write(s.platform(0) + y.resource("two", y.second) + fmt.Sprintf("moved {\n  from = %s\n  to   = %s.two\n}\n", one, y.kind))
	c = f.planned(y.kind + ".two")
	want(c, "no-op")
	if c.Previous != one {
		t.Errorf("moved from %q", c.Previous)
	}
	f.applied()

	f.edit(y.kind, func(attributes map[string]any) {
		for _, name := range append(y.fresh, "settings", "timeouts") {
			delete(attributes, name)
		}
	})
	if c = f.planned(y.kind + ".two"); c.action() != "no-op" {
		want(c, "update")
	}
	f.applied()

	f.exits(0, nil, "state", "rm", y.kind+".two")
	f.write(s.platform(0) + y.resource("two", y.second) + fmt.Sprintf("import {\n  to = %s.two\n  id = %q\n}\n", y.kind, cmp.Or(y.importedFrom, s.cloud)+":"+id))
	if c = f.planned(y.kind + ".two"); c.action() != "no-op" {
		want(c, "update")
	}
	f.applied()

	body, region := y.other, 0
	if body == "" {
		body, region = y.second, 1
	}
	f.write(s.platform(region) + y.resource("two", body))
	c = f.planned(y.kind + ".two")
	want(c, "delete then create")
	if !slices.ContainsFunc(c.ChangeOf.Replaced, func(at []any) bool { return fmt.Sprint(at) == "[settings "+y.fixed+"]" }) {
		t.Errorf("the plan replaces for %v, want settings.%s", c.ChangeOf.Replaced, y.fixed)
	}
	f.applied()

	f.exits(0, nil, "destroy", "-auto-approve")
	if s.count() != 0 {
		t.Errorf("%d objects are left", s.count())
	}
}
