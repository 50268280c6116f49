package githubactions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// maxInputs is how many inputs workflow_dispatch takes.
const maxInputs = 25

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// triggerFaults lists what GitHub cannot express of the pipelines' triggers.
func triggerFaults(p *spec.Project) spec.Faults {
	var faults spec.Faults
	for _, pl := range p.Pipelines {
		t := pl.Triggers
		if t.Manual != nil && *t.Manual && len(pl.Parameters) > maxInputs {
			faults = append(faults, spec.Refuse(pl, spec.At("parameters"), "%d parameters: a GitHub workflow that is started by hand asks for at most %d; set triggers.manual = false, or join parameters", len(pl.Parameters), maxInputs))
		}
		if t.Push == nil {
			continue
		}
		faults = append(faults, patternFaults(pl, spec.At("triggers", "push", "branches"), t.Push.Branches, true)...)
		faults = append(faults, patternFaults(pl, spec.At("triggers", "push", "paths"), t.Push.Paths, false)...)
	}
	return faults
}

func patternFaults(pl *spec.Pipeline, at spec.Path, patterns []string, branch bool) spec.Faults {
	var faults spec.Faults
	for i, pattern := range patterns {
		if why := wrongPattern(pattern, branch); why != "" {
			faults = append(faults, spec.Refuse(pl, at.Index(i), "%q is not a pattern of GitHub Actions: %s", pattern, why))
		}
	}
	if len(patterns) > 0 && strings.HasPrefix(patterns[0], "!") {
		faults = append(faults, spec.Refuse(pl, at.Index(0), "%q only takes away: GitHub Actions needs a pattern that includes something before it", patterns[0]))
	}
	return faults
}

// wrongPattern says why GitHub would refuse a filter pattern, or would never find it
// to match. Source: "Filter pattern cheat sheet".
func wrongPattern(pattern string, branch bool) string {
	plain := strings.TrimPrefix(pattern, "!")
	switch {
	case plain == "":
		return "it is empty"
	case strings.TrimSpace(plain) != plain:
		return "it begins or ends with a space"
	case strings.ContainsAny(plain, "\n\t\\"):
		return "it has a line feed, a tab or a \\"
	case strings.HasPrefix(plain, "/") || strings.HasPrefix(plain, "./") || strings.HasPrefix(plain, "../") || plain == "." || plain == "..":
		return "it must start at the repository's root, without / or . in front"
	case branch && strings.HasSuffix(plain, "/"), branch && strings.HasSuffix(plain, "."):
		return "no branch ends like this"
	case strings.ContainsAny(plain[:1], "?+"):
		return "? and + repeat the character before them"
	}
	for i := 1; i < len(plain); i++ {
		if strings.IndexByte("?+", plain[i]) >= 0 && strings.IndexByte("?+*", plain[i-1]) >= 0 {
			return fmt.Sprintf("%q cannot follow %q", plain[i], plain[i-1])
		}
	}
	return wrongClass(plain)
}

// wrongClass checks what stands in brackets: single characters and ranges that rise.
func wrongClass(plain string) string {
	for {
		_, rest, found := strings.Cut(plain, "[")
		if !found {
			return ""
		}
		class, after, closed := strings.Cut(rest, "]")
		letters := []rune(class)
		if !closed || len(letters) < 2 {
			return "[ ] must hold at least two characters"
		}
		for i, r := range letters {
			if r == '-' && (i == 0 || i == len(letters)-1 || letters[i-1] > letters[i+1]) {
				return "[" + class + "] is not a range"
			}
		}
		plain = after
	}
}

// promotionFaults lists what GitHub's environments cannot express.
func promotionFaults(p *spec.Project) spec.Faults {
	var faults spec.Faults
	for _, m := range p.Models {
		for _, name := range p.Destinations(m) {
			if n := p.Platform.Environments[name].Approvals; m.Promotion.Mode == "direct" && n > 1 {
				faults = append(faults, spec.Refuse(m, spec.At("promotion", "mode"), "\"direct\" with %d approvals for environment %q: an environment of GitHub Actions takes one approval; use \"pull_request\", or approvals = 1", n, name))
			}
		}
	}
	if strings.Contains(p.Repository.Branch, "${{") {
		faults = append(faults, spec.Fault{Path: spec.At("branch"), Message: fmt.Sprintf("%q holds an expression of GitHub Actions: choose another name", p.Repository.Branch)})
	}
	return faults
}
