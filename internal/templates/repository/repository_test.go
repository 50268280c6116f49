package repository

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{})
}

// render is the quickstart's files after a change.
func render(t *testing.T, change func(*templatestest.Case)) map[string]string {
	t.Helper()
	c := templatestest.Quickstart(t)
	change(c)
	p, faults := c.Link()
	if faults.Err() != nil {
		return nil // refused before it reaches this target
	}
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[f.Path] = string(f.Data)
	}
	return out
}

func platform(c *templatestest.Case, attr string, v any) {
	for _, s := range c.Specs {
		if s["kind"] == "platform" {
			s[attr] = v
		}
	}
}

// TestHostileOwner shows that a text of users changes no other line than its own.
func TestHostileOwner(t *testing.T) {
	plain := render(t, func(*templatestest.Case) {})
	for _, text := range templatestest.HostileTexts {
		files := render(t, func(c *templatestest.Case) { platform(c, "owner", text) })
		if files == nil {
			continue
		}
		if files["Makefile"] != plain["Makefile"] {
			t.Errorf("owner %.40q changes the Makefile", text)
		}
		if got, want := strings.Count(files["README.md"], "\n"), strings.Count(plain["README.md"], "\n"); got != want {
			t.Errorf("owner %.40q: README.md has %d lines, want %d", text, got, want)
		}
		if owners, there := files["CODEOWNERS"]; there && strings.Count(owners, "\n") != 3 {
			t.Errorf("owner %.40q: CODEOWNERS is\n%s", text, owners)
		}
	}
}

func TestCodeOwners(t *testing.T) {
	for _, c := range []struct {
		owner     string
		path      string
		approvers []any
		want      string
	}{
		{"fraud-ml", "", nil, ""},
		{"@acme/fraud-ml", "", nil, "* @acme/fraud-ml\n"},
		{"fraud-ml", "", []any{"@b", "@a"}, "/models/*/production.yaml @a @b\n"},
		{"@acme/fraud-ml", "teams/x", []any{"@a"}, "/teams/x/ @acme/fraud-ml\n/teams/x/models/*/production.yaml @a\n"},
	} {
		files := render(t, func(k *templatestest.Case) {
			k.Repository.Path = c.path
			platform(k, "owner", c.owner)
			platform(k, "environments", map[string]any{"staging": map[string]any{}, "production": map[string]any{"approvers": c.approvers}})
		})
		if got := files["CODEOWNERS"]; !strings.HasSuffix(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%+v:\n%s", c, got)
		}
	}
}

func TestFleet(t *testing.T) {
	files := render(t, func(c *templatestest.Case) {
		for i := range 1000 {
			c.Specs = append(c.Specs, map[string]any{"kind": "endpoint", "name": fmt.Sprintf("e%d", i), "model": "fraud-detector"})
		}
	})
	if readme := files["README.md"]; !strings.Contains(readme, `{{"1001 endpoints of fraud-detector"}}`) || strings.Contains(readme, `"e7"`) {
		t.Error("the picture of a thousand endpoints is not folded")
	}
}
