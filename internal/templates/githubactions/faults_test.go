package githubactions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// rendered is the text of one workflow of the quickstart after a change of it.
func rendered(t *testing.T, name string, change func(kind string, attrs map[string]any)) (string, error) {
	t.Helper()
	c := templatestest.Quickstart(t)
	for _, s := range c.Specs {
		kind, _ := s["kind"].(string)
		change(kind, s)
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Target{}.Render(p)
	for _, f := range files {
		if f.Path == ".github/workflows/"+name+".yml" {
			return string(f.Data), err
		}
	}
	return "", err
}

func TestPatterns(t *testing.T) {
	for pattern, fault := range map[string]string{
		"main": "", "release/**": "", "v[0-9]+.x": "", "feature-*": "", "!main": "only takes away",
		"": "must name at least one branch", "a?+": "cannot follow", "+a": "repeat the character", "[a": "two characters", "[9-0]": "not a range",
		"x/": "no branch ends", "/x": "root",
	} {
		c := templatestest.Quickstart(t)
		for _, s := range c.Specs {
			if s["kind"] == "pipeline" {
				s["triggers"] = map[string]any{"push": map[string]any{"branches": []any{pattern}}}
				if pattern == "" {
					s["triggers"] = map[string]any{"push": map[string]any{"branches": []any{}}}
				}
			}
		}
		p, faults := c.Link()
		err := faults.Err()
		if err == nil {
			_, err = Target{}.Render(p)
		}
		if (err == nil) != (fault == "") || (err != nil && !strings.Contains(err.Error(), fault)) {
			t.Errorf("branch %q: %v, want %q", pattern, err, fault)
		}
	}
}

func TestTooManyInputs(t *testing.T) {
	parameters := map[string]any{}
	for i := range 26 {
		parameters[fmt.Sprintf("p%d", i)] = map[string]any{"type": "string"}
	}
	parameters["learning_rate"] = map[string]any{"type": "number"}
	for manual, want := range map[bool]string{true: `parameters: 27 parameters: a GitHub workflow that is started by hand asks for at most 25`, false: ""} {
		_, err := rendered(t, "train-train", func(kind string, s map[string]any) {
			if kind == "pipeline" {
				s["parameters"] = parameters
				s["triggers"] = map[string]any{"manual": manual}
			}
		})
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("manual = %v: %v, want %q", manual, err, want)
		}
	}
}

func TestNobodyStartsIt(t *testing.T) {
	text, err := rendered(t, "train-train", func(kind string, s map[string]any) {
		if kind == "pipeline" {
			s["triggers"] = map[string]any{"manual": false}
		}
	})
	if err != nil || text != "" {
		t.Errorf("a workflow without a trigger: %v\n%s", err, text)
	}
}

func TestConcurrency(t *testing.T) {
	for value, want := range map[string]string{
		"forbid": "concurrency:\n  group: train-train\n  cancel-in-progress: false\n", "replace": "concurrency:\n  group: train-train\n  cancel-in-progress: true\n", "allow": "",
	} {
		text, err := rendered(t, "train-train", func(kind string, s map[string]any) {
			if kind == "pipeline" {
				s["concurrency"] = value
			}
		})
		if err != nil || (want == "") != !strings.Contains(text, "concurrency:") || !strings.Contains(text, want) {
			t.Errorf("%s: %v\n%s", value, err, text)
		}
	}
}

func TestDirectPromotion(t *testing.T) {
	direct := func(approvals int) func(string, map[string]any) {
		return func(kind string, s map[string]any) {
			switch kind {
			case "registered_model":
				s["promotion"] = map[string]any{"mode": "direct"}
			case "platform":
				s["environments"] = map[string]any{"staging": map[string]any{}, "production": map[string]any{"promote_from": "staging", "approvals": fmt.Sprint(approvals)}}
			}
		}
	}
	text, err := rendered(t, "promote-fraud-detector", direct(1))
	for _, want := range []string{"--approved-by", "git push origin", `if test "$ENVIRONMENT" = production`, "actions: read"} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("lacks %q: %v\n%s", want, err, text)
		}
	}
	if strings.Contains(text, "pull-requests") {
		t.Error("a direct promotion needs no right on pull requests")
	}
	_, err = rendered(t, "promote-fraud-detector", direct(2))
	const want = `registered_model "fraud-detector": promotion.mode: "direct" with 2 approvals for environment "production": an environment of GitHub Actions takes one approval`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
