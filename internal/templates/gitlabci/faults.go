package gitlabci

import (
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// faults lists what GitLab CI cannot express.
func faults(p *spec.Project) spec.Faults {
	out := variableFaults(p)
	for _, pl := range p.Pipelines {
		out = append(out, pipelineFaults(pl)...)
	}
	for _, m := range p.Models {
		for _, name := range p.Destinations(m) {
			if n := p.Platform.Environments[name].Approvals; m.Promotion.Mode == "direct" && n > 1 {
				out = append(out, spec.Refuse(m, spec.At("promotion", "mode"), "\"direct\" with %d approvals for environment %q: a job of GitLab CI knows only who started it; use \"pull_request\", or approvals = 1", n, name))
			}
		}
	}
	if why := unfit(p.Repository.Branch); why != "" {
		out = append(out, spec.Fault{Path: spec.At("branch"), Message: "GitLab CI cannot name the branch in a rule: " + why})
	}
	return out
}

// variableFaults lists parameters that would be one variable of the form.
func variableFaults(p *spec.Project) spec.Faults {
	var out spec.Faults
	seen := map[string]string{}
	for _, pl := range p.Pipelines {
		for _, name := range sorted(pl.Parameters) {
			made := parameterVariable(pl, name)
			if other, twice := seen[made]; twice {
				out = append(out, spec.Refuse(pl, spec.At("parameters").Key(name), "GitLab CI asks for parameters as variables, and this one and %s both become %s: rename one", other, made))
			}
			seen[made] = "parameter " + name + " of pipeline " + pl.Name
		}
	}
	return out
}

func pipelineFaults(pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	t := pl.Triggers
	if pl.Concurrency == "replace" && (*t.Manual || t.Push != nil) {
		out = append(out, spec.Refuse(pl, spec.At("concurrency"), "GitLab CI cannot stop a run for a newer one: use \"forbid\" or \"allow\"; ci = \"github_actions\" can"))
	}
	if t.Push == nil {
		return out
	}
	for i, branch := range t.Push.Branches {
		plain := strings.TrimPrefix(branch, "!")
		if why := unfit(plain); why != "" || plain == "" {
			out = append(out, spec.Refuse(pl, spec.At("triggers", "push", "branches").Index(i), "%q is no pattern that GitLab CI can compare with: %s", branch, why))
		}
	}
	for i, path := range t.Push.Paths {
		if why := unfitPath(path); why != "" {
			out = append(out, spec.Refuse(pl, spec.At("triggers", "push", "paths").Index(i), "%q is no pattern of GitLab CI's rules:changes: %s", path, why))
		}
	}
	return out
}

// unfit says why a branch or pattern cannot stand in a rule.
func unfit(pattern string) string {
	switch {
	case strings.ContainsAny(pattern, "\"\\\n\t"):
		return "rules have no way to write quotes, backslashes and line ends"
	case strings.ContainsAny(pattern, "$"):
		return "$ would be read as a variable"
	case strings.ContainsAny(pattern, "?+[]"):
		return "only * and ** are translated"
	case strings.TrimSpace(pattern) != pattern:
		return "it begins or ends with a space"
	}
	return ""
}

func unfitPath(path string) string {
	switch {
	case path == "":
		return "it is empty"
	case strings.HasPrefix(path, "!"):
		return "it cannot take paths away; name what starts a run"
	case strings.HasPrefix(path, "/") || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../"):
		return "it must start at the repository's root, without / or . in front"
	case strings.ContainsAny(path, "\\\n\t$?+[]{}"):
		return "only * and ** are possible"
	case strings.TrimSpace(path) != path:
		return "it begins or ends with a space"
	}
	return ""
}
