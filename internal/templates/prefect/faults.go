package prefect

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// faults are the settings of a pipeline that Prefect cannot express.
func faults(pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(pl, at, format, args...))
	}
	t := pl.Triggers
	if !*t.Manual {
		refuse(spec.At("triggers", "manual"), "Prefect cannot keep a person from starting a deployment: leave it true and restrict who reaches the server")
	}
	if t.Data != nil {
		refuse(spec.At("triggers", "data"), "Prefect starts no run here when a dataset changes: use triggers.schedule or push, or orchestrator argo_workflows")
	}
	if t.Drift != nil {
		refuse(spec.At("triggers", "drift"), "Prefect starts no run here when drift is found: use triggers.schedule, or orchestrator argo_workflows")
	}
	if pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "Prefect queues or cancels a new run, it does not replace the one before: use \"forbid\" or \"allow\"")
	}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		at, from := spec.At("parameters").Key(name), pl.Parameters[name]
		if !argumentName(name) {
			refuse(at, "a parameter is an argument of a Python function in Prefect, and %q cannot be one: rename it", name)
		}
		switch {
		case from.Default == nil && t.Schedule != nil:
			refuse(at.Attr("default"), "must be set: the schedule starts runs, and hands over no parameters")
		case from.Default != nil && !fits(from):
			refuse(at.Attr("default"), "%s does not fit into 64 bits, with which Prefect hands numbers over: make it a string", *from.Default)
		}
	}
	return out
}

// argumentName reports whether Prefect takes a name: it may be no word of Python, and
// pydantic 2, which checks the arguments, keeps some for itself.
func argumentName(name string) bool {
	made := ident(name)
	if same, err := encode.PythonIdent(name); err != nil || same != made {
		return false
	}
	for _, taken := range []string{"_", "v__", "model_dump", "model_validate"} {
		if strings.HasPrefix(made, taken) {
			return false
		}
	}
	return made != "model_config"
}

// braces refuses texts that Prefect would read as templates of its own. prefect.yaml
// knows no escape for them.
func braces(p *spec.Project) spec.Faults {
	var out spec.Faults
	check := func(at spec.Path, text, what string) {
		if strings.Contains(text, "{{") {
			out = append(out, spec.Refuse(p.Platform, at, "Prefect would read {{ in %s as a template of its own: leave it out", what))
		}
	}
	check(spec.At("owner"), p.Platform.Owner, "a tag")
	for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
		check(spec.At("tags").Key(key), key+p.Tags[key], "a tag")
	}
	r := p.Repository
	check(spec.At("orchestrator"), r.URL+" "+r.Branch+" "+r.Path, "the repository's address")
	return out
}
